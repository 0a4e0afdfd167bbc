#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/error.hpp"

namespace metalwright::store {

/// What a store is like, found out without opening it as its daemon does.
struct Checkup {
    std::string damage{};      ///< SQLite's first complaint; empty: its pages are sound
    bool ours = true;          ///< false: another program's database
    std::int64_t version = 0;  ///< of its tables
    bool newer = false;        ///< than this program knows
    std::int64_t reports_waiting = 0;
    std::uint64_t report_bytes = 0;       ///< of those
    std::optional<std::string> locked{};  ///< why what destroys data is locked, if it is
    /// Why the next daemon will lock it: doubt_of(), but for marks of user data.
    std::optional<std::string> doubt{};

    bool operator==(const Checkup&) const = default;
};

/// Reads state.db of this directory from its first page to its last (PRAGMA quick_check) and the
/// marker beside it. Nothing is written, no file is made, the daemon's lock is not asked for: it
/// may be at work meanwhile. Of a store that a crash has left in two files, without the third that
/// tells what is where, only the daemon makes one again.
/// Errors: io (cannot be read), unsupported (those two files).
Result<Checkup> check_up(const std::filesystem::path& directory);

}  // namespace metalwright::store
