#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace metalwright::cloudinit {

// The files of /etc that once-items edit: text in, text out. Whatever is not ours stays as it is,
// byte for byte.

/// 1 to 64 characters: segments of letters, digits and '-' joined by '.'; no segment empty or with
/// '-' at an end. Errors: invalid_spec. Source: hostname(7), sethostname(2).
Result<void> check_hostname(std::string_view name);

/// The password field of root in /etc/shadow. Errors: not_found (root has no line).
Result<std::string> root_password(std::string_view shadow);

/// /etc/shadow with root's hash and last-change day replaced. `day` counts from 1970-01-01; below 1
/// (a clock not yet set) the field is left empty, since 0 means "must change it at next log-in".
/// Errors: not_found (no line of root), invalid_spec (`hash` is none). Source: shadow(5).
Result<std::string> with_root_password(std::string_view shadow, std::string_view hash, long day);

/// /etc/hosts in which 127.0.1.1 stands for `name` (and for its first segment when it has dots).
/// An existing 127.0.1.1 line is rewritten, its comment kept; without one, a line is added unless
/// another line already carries the name. Source: hosts(5), Debian's 127.0.1.1 habit.
std::string with_own_name(std::string_view hosts, std::string_view name);

/// One line of authorized_keys: optional options, a known key type, Base64, a comment; no control
/// characters. Errors: invalid_spec. Source: sshd(8).
Result<void> check_authorized_key(std::string_view line);

/// The lines of `wanted` that authorized_keys does not hold, in order, each once.
std::vector<std::string> missing_keys(std::string_view authorized_keys,
                                      std::span<const std::string> wanted);

/// authorized_keys with our block of `lines` at its end, between two comments that say whose they
/// are; a block of ours that was there is replaced, a missing last line end put right.
std::string with_keys(std::string_view authorized_keys, std::span<const std::string> lines);

/// The lines of our block; what stands outside is somebody else's.
std::vector<std::string> our_keys(std::string_view authorized_keys);

/// authorized_keys without our block.
std::string without_our_keys(std::string_view authorized_keys);

/// /etc/shadow in which no password lets root in, its last-change day kept.
/// Errors: not_found (no line of root).
Result<std::string> without_root_password(std::string_view shadow);

}  // namespace metalwright::cloudinit
