#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "raid/storcli/wanted.hpp"

namespace metalwright::raid::storcli {

// Operations in the words of the tools, without the J and nolog that end each. Pure.
// Source: help texts of CLI 007.2707 and 1.03.11; for storcli2 captures and its projects' notes.

using Words = std::vector<std::string>;

/// Whether this is storcli2 or perccli2 (CLI 008 and later).
bool is_storcli2(std::string_view tool_version);

/// "/c0 add vd r10 drives=252:0,252:1 ...". PDperArray is always said where a level has spans.
/// Errors: unsupported (storcli2 has no IO policy), internal (a seat that is none).
Result<Words> create_words(const CreateVolume& op, const Controller& controller);

/// One command for the older tools, one a setting for storcli2, whose `set` takes no more.
/// Errors: unsupported.
Result<std::vector<Words>> cache_words(const CachePolicy& cache, unsigned volume,
                                       const Controller& controller);

Words spare_words(const Seat& drive, unsigned group);
Words global_spare_words(const Seat& drive);
Words no_spare_words(const Seat& drive);
Words offline_words(const Seat& drive);
Words locate_words(const Seat& drive, bool on);
/// Errors: unsupported (not known of storcli2).
Result<Words> boot_words(unsigned volume, const Controller& controller);
Words init_words(unsigned volume, bool full, const Controller& controller);
Words delete_words(unsigned volume, const Controller& controller);

}  // namespace metalwright::raid::storcli
