#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cloudinit/script.hpp"
#include "core/error.hpp"

namespace metalwright::cloudinit {

/// The PATH of a script, as of a log-in of root's.
inline constexpr std::string_view script_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Looks up a program: by its name alone on the script's PATH, or whether an absolute path may be
/// executed. nullopt when there is none.
using FindProgram = std::function<std::optional<std::string>(std::string_view)>;

/// FindProgram on this host.
std::optional<std::string> installed_program(std::string_view name);

/// The argument vector that runs `script`: its interpreter is called by path, so a file system
/// mounted noexec or a script file still held open elsewhere cannot stop it. `python` is python3
/// where only that exists. Errors: not_found (no such interpreter on this host).
Result<std::vector<std::string>> interpreter_command(const Shebang& shebang,
                                                     std::string_view script,
                                                     const FindProgram& find);

}  // namespace metalwright::cloudinit
