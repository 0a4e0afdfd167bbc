#include "cloudinit/script.hpp"

#include <algorithm>

namespace metalwright::cloudinit {
namespace {

constexpr std::string_view blanks = " \t";

/// Of a first line that the kernel reads: BINPRM_BUF_SIZE.
constexpr std::size_t longest_line = 255;

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Cuts the first word off `line`.
std::string_view take_word(std::string_view& line) {
    line = trimmed(line);
    const std::string_view word = line.substr(0, line.find_first_of(blanks));
    line = trimmed(line.substr(word.size()));
    return word;
}

std::string what_it_looks_like(std::string_view bytes) {
    if (bytes.find_first_not_of(" \t\r\n") == std::string_view::npos) return "it is empty";
    if (bytes.starts_with("\x7f"
                          "ELF"))
        return "it is a compiled program (ELF): have a script fetch and start it";
    if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff"))
        return "it is UTF-16: save it as UTF-8";
    if (bytes.starts_with("PK\x03\x04")) return "it is a zip archive: send the script itself";
    if (bytes.starts_with("\xfd"
                          "7zXZ") ||
        bytes.starts_with("BZh"))
        return "it is compressed, and not with gzip: send it plain or with gzip";
    const std::size_t first = bytes.find_first_not_of(" \t\r\n");
    if (bytes.substr(first).starts_with("#!"))
        return "its #! stands at byte " + std::to_string(first) + ", not at the very start";
    return "its first two bytes are not #!";
}

std::unexpected<Error> not_a_script(const std::string& why) {
    return fail(Errc::invalid_spec,
                "user data must be a script that starts with #! and its interpreter, such as "
                "#!/bin/bash or #!/usr/bin/env python, a MIME message of such scripts, or a "
                "document of cloud-init; " +
                    why);
}

}  // namespace

bool Shebang::through_env() const noexcept {
    return program == "/usr/bin/env" || program == "/bin/env";
}

Result<Shebang> read_shebang(std::string_view script) {
    if (!script.starts_with("#!")) return not_a_script(what_it_looks_like(script));
    std::string_view line = script.substr(2, script.find('\n') - 2);
    if (line.ends_with('\r'))
        return not_a_script("its lines end with CRLF, so its interpreter would not be found");
    if (line.size() > longest_line)
        return not_a_script("its first line is longer than the " + std::to_string(longest_line) +
                            " bytes that a kernel reads");
    if (std::ranges::any_of(line, [](char c) {
            return static_cast<unsigned char>(c) < 0x20 && blanks.find(c) == std::string_view::npos;
        }))
        return not_a_script("its first line holds control characters");
    Shebang shebang{.program = std::string(take_word(line))};
    if (shebang.program.empty()) return not_a_script("its first line names no interpreter");
    if (!shebang.program.starts_with('/') || shebang.program.ends_with('/'))
        return not_a_script("its first line names an interpreter without its absolute path");
    if (shebang.through_env() && !line.starts_with('-')) {
        shebang.name = take_word(line);
        if (shebang.name.empty()) return not_a_script("its first line gives env no name");
    } else {
        shebang.name = shebang.program.substr(shebang.program.rfind('/') + 1);
    }
    shebang.argument = line;
    return shebang;
}

}  // namespace metalwright::cloudinit
