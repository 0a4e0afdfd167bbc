#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace metalwright::cloudinit {

/// Bounds of one vendor's user data. Default: JD Cloud, 16 KiB before Base64.
struct ScriptLimits {
    std::size_t bytes = 16u << 10;
};

/// The first line of a script, read: `#!/usr/bin/env python -u` is env, "python", "-u".
struct Shebang {
    std::string program;   ///< absolute path as written; "/usr/bin/env" when it goes through env
    std::string name;      ///< "bash", "sh", "python", "python3", "python3.11"
    std::string argument;  ///< all after it, as the kernel would pass it: one word, may be empty

    bool python() const noexcept { return name.starts_with("python"); }
    bool operator==(const Shebang&) const = default;
};

/// `#!/bin/bash`, `#!/bin/sh`, the same under /usr/bin, python under /usr/bin, or any of them
/// through /usr/bin/env. Errors: invalid_spec; says what the bytes look like instead (Base64 twice,
/// gzip, cloud-config, CRLF, a byte order mark), never quotes them.
Result<Shebang> read_shebang(std::string_view script);

/// The decoded user data as it came, when it may run: a known first line, within the limits, no NUL
/// byte. Errors: invalid_spec.
Result<std::string> check_user_data(std::string_view decoded, const ScriptLimits& limits = {});

}  // namespace metalwright::cloudinit
