#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"

namespace metalwright::cloudinit {

/// The first line of a script, read: `#!/usr/bin/env python -u` is env, "python", "-u".
struct Shebang {
    std::string program;  ///< absolute path as written
    std::string
        name;  ///< "bash", "python3.11", "perl": its last part, or the one that env looks up
    std::string argument;  ///< all after it, as the kernel would pass it: one word, may be empty

    /// Whether `name` is looked up on the PATH, by env.
    bool through_env() const noexcept;
    bool operator==(const Shebang&) const = default;
};

/// `#!` and the absolute path of an interpreter, or env and the name of one. `env -S ...` is left
/// to env itself, whose name is then "env". Errors: invalid_spec; says what the bytes look like
/// instead (an ELF program, UTF-16, a zip archive), never quotes them.
Result<Shebang> read_shebang(std::string_view script);

}  // namespace metalwright::cloudinit
