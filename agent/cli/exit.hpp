#pragma once

#include <expected>

#include "core/error.hpp"

namespace metalwright::agent::cli {

/// What the program ends with; documented in metalwright(1), EXIT STATUS.
enum class Exit : int {
    done = 0,
    failed = 1,          ///< the work, or a part of it, failed
    wrong_document = 2,  ///< the document is wrong, contradicts what is in force, or cannot be read
    unreachable = 3,     ///< the daemon is not there, or does not let us in, or does not answer
    waited = 4,          ///< --timeout has passed; the work goes on
    usage = 64,          ///< the command line is wrong (EX_USAGE of sysexits.h)
};

/// Why a command has nothing to show.
struct Refusal {
    Exit exit = Exit::failed;
    Errors errors;
};

template <class T>
using Attempt = std::expected<T, Refusal>;

}  // namespace metalwright::agent::cli
