#include "cloudinit/interpreter.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace metalwright::cloudinit {

std::optional<std::string> installed_program(std::string_view name) {
    const auto runnable = [](const std::string& path) {
        struct stat status{};
        return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
               ::access(path.c_str(), X_OK) == 0;
    };
    if (name.starts_with('/'))
        return runnable(std::string(name)) ? std::optional(std::string(name)) : std::nullopt;
    for (std::string_view rest = script_path; !rest.empty();) {
        const std::string_view directory = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(directory.size() + 1, rest.size()));
        if (std::string path = std::string(directory) + '/' + std::string(name); runnable(path))
            return path;
    }
    return std::nullopt;
}

Result<std::vector<std::string>> interpreter_command(const Shebang& shebang,
                                                     std::string_view script,
                                                     const FindProgram& find) {
    const bool looked_up = shebang.through_env() && shebang.name != "env";
    std::optional<std::string> program = find(looked_up ? shebang.name : shebang.program);
    if (!program && shebang.name == "python") program = find("python3");
    if (!program)
        return fail(Errc::not_found,
                    "the script's interpreter, " + (looked_up ? shebang.name : shebang.program) +
                        ", is not on this host: install it in the image",
                    shebang.name);
    std::vector<std::string> command{*std::move(program)};
    if (!shebang.argument.empty()) command.push_back(shebang.argument);
    command.emplace_back(script);
    return command;
}

}  // namespace metalwright::cloudinit
