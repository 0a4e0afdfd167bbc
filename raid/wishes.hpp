#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "raid/model.hpp"

namespace metalwright::raid {

/// The least that may be used of each member.
inline constexpr std::uint64_t least_member_bytes = std::uint64_t{1} << 20;

/// The first thing that makes this wish impossible, whoever read the document it comes from; empty
/// when it can be planned. Errors: invalid_spec.
std::optional<Error> fault(const WantedArray& wanted);

/// Raid devices wanted, without spares; empty when the rule takes every disk that qualifies and
/// nobody knows yet how many those were.
std::optional<unsigned> devices_wanted(const WantedArray& wanted);

/// Whether the disks it was once planned over still make the array that is wanted now. False also
/// when nobody remembers any.
bool known_members_fit(const WantedArray& wanted);

/// The superblock version of a new array.
std::string metadata_of(const WantedArray& wanted);

/// The same of the file system that is wanted on what is called `name`.
std::optional<Error> fault(const WantedFilesystem& wanted, const std::string& name);

/// The label for mkfs: the wish, else `name` cut to what the file system can hold.
std::string label_of(const std::string& name, const WantedFilesystem& wanted);

}  // namespace metalwright::raid
