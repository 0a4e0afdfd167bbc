#include "cloudinit/interpreter.hpp"

namespace metalwright::cloudinit {

Result<std::vector<std::string>> interpreter_command(const Shebang& shebang,
                                                     std::string_view script,
                                                     const FindProgram& find) {
    const bool through_env = shebang.program.ends_with("/env");
    std::optional<std::string> program = find(through_env ? shebang.name : shebang.program);
    if (!program && shebang.name == "python") program = find("python3");
    if (!program)
        return fail(Errc::not_found,
                    "the script's interpreter, " + shebang.name +
                        ", is not on this host: install it in the image",
                    shebang.name);
    std::vector<std::string> command{*std::move(program)};
    if (!shebang.argument.empty()) command.push_back(shebang.argument);
    command.emplace_back(script);
    return command;
}

}  // namespace metalwright::cloudinit
