#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace metalwright::store {

/// What a store leaves outside itself on the host that it works on, in `host-in-use` beside
/// state.db: whose it is, and how far it has come. A store that was made anew, exchanged or
/// restored from an older copy does not fit it.
struct HostMark {
    std::string store;         ///< the store's random id, drawn when it was made
    std::uint64_t writes = 0;  ///< how often something was let loose on the disks so far

    bool operator==(const HostMark&) const = default;
};

/// A line that says what the file is, then "store ID" and "writes N".
std::string format_host_mark(const HostMark& mark);
/// Lines that begin with # are passed over. Errors: invalid_spec.
Result<HostMark> parse_host_mark(std::string_view text);

/// What is known when a store is opened.
struct HostEvidence {
    Result<std::optional<HostMark>> found{};  ///< the mark on the host; none: there is no such file
    HostMark own{};                           ///< as the store has it
    bool marked = false;                      ///< the store knows that it has left its mark
    bool has_operations = false;              ///< it has accepted something
    bool user_data_has_run = false;           ///< marks of runs of user data are on the host
};

/// Why the store may not know all that was done to this host, as a clause for a sentence; nothing
/// when it does. A store that is ahead of its mark is sound: it counts before it marks.
std::optional<std::string> doubt_of(const HostEvidence& evidence);

}  // namespace metalwright::store
