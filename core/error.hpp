#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace metalwright {

/// What kind of failure this is. Each has one HTTP status (agent/api/status.cpp) and one retry
/// rule (retryable()). Wire form: to_string().
enum class Errc {
    invalid_spec,  ///< the caller's document is wrong; `where` is a JSON pointer
    conflict,      ///< same generation or token, other content; another instance is in force
    refused,       ///< a safety rule forbids it: a disk that is not blank, a range that is not ours
    not_found,     ///< a named disk, link, program or operation is absent
    unsupported,   ///< nothing here can do this
    busy,          ///< in use by somebody else, for now
    timed_out,     ///< a command or an answer did not come in time
    command_failed,  ///< a program ran and exited non-zero, or was killed
    kernel_refused,  ///< netlink answered with an errno
    unavailable,     ///< the control plane or a service cannot be reached, for now
    io,              ///< a file could not be read or written
    no_space,        ///< there is no room to keep what is to be done: nothing of it was done
    internal,        ///< our own bug
};

std::string_view to_string(Errc code) noexcept;
/// The reverse of to_string(); internal for an unknown word.
Errc errc_from(std::string_view word) noexcept;
/// Whether the same request may succeed later without anybody changing anything.
bool retryable(Errc code) noexcept;

/// One failure, with enough in it to act on without reading the log.
struct Error {
    Errc code = Errc::internal;
    std::string message;  ///< one sentence, no trailing period: what is wrong, and the next step
    std::string where{};  ///< JSON pointer, disk serial, NIC, path; empty if it concerns everything
    int sys = 0;          ///< errno (kernel_refused, io) or exit status (command_failed); else 0

    bool operator==(const Error&) const = default;
};

/// Every error of a document, told at once, in the document's order.
using Errors = std::vector<Error>;

template <class T>
using Result = std::expected<T, Error>;

/// `return fail(Errc::not_found, "no disk with serial S1", "/storage/arrays/0/members");`
inline std::unexpected<Error> fail(Errc code, std::string message, std::string where = {},
                                   int sys = 0) {
    return std::unexpected(Error{code, std::move(message), std::move(where), sys});
}

/// The error as one line for people: "where: message (errno 16)".
std::string describe(const Error& error);

}  // namespace metalwright
