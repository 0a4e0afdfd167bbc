#include "cloudinit/script.hpp"

#include <algorithm>
#include <array>

namespace metalwright::cloudinit {
namespace {

constexpr std::string_view accepted =
    "user data must be a script that starts with #!/bin/bash, #!/bin/sh or #!/usr/bin/env python";

constexpr std::string_view blanks = " \t";

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

bool shell(std::string_view name) {
    return name == "bash" || name == "sh";
}

/// python, python3, python3.11
bool python(std::string_view name) {
    if (!name.starts_with("python")) return false;
    name.remove_prefix(6);
    return std::ranges::all_of(name, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

std::string what_it_looks_like(std::string_view bytes) {
    if (bytes.empty()) return "it is empty";
    if (bytes.starts_with("\x1f\x8b")) return "it is compressed with gzip: send the plain script";
    if (bytes.starts_with("\xef\xbb\xbf"))
        return "it starts with a byte order mark: save it as UTF-8 without BOM";
    if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff"))
        return "it is UTF-16: save it as UTF-8";
    if (bytes.starts_with("IyEv")) return "it looks like Base64 twice: encode it once";
    if (bytes.starts_with("#cloud-config")) return "it is cloud-config, which is not run here";
    if (bytes.starts_with("Content-Type:") || bytes.starts_with("MIME-Version:"))
        return "it is a MIME archive, which is not run here";
    if (!bytes.starts_with("#!")) return "its first two bytes are not #!";
    return "its first line names another interpreter";
}

std::unexpected<Error> not_a_script(std::string_view bytes) {
    return fail(Errc::invalid_spec, std::string(accepted) + "; " + what_it_looks_like(bytes));
}

}  // namespace

Result<Shebang> read_shebang(std::string_view script) {
    if (!script.starts_with("#!")) return not_a_script(script);
    std::string_view line = script.substr(2, script.find('\n') - 2);
    if (line.ends_with('\r'))
        return fail(Errc::invalid_spec,
                    "user data has CRLF line ends, so its interpreter would not be found: convert "
                    "it (dos2unix) before encoding");
    Shebang shebang{.program = std::string(take_word(line))};
    constexpr std::array<std::string_view, 2> directories{"/bin/", "/usr/bin/"};
    if (shebang.program == "/usr/bin/env" || shebang.program == "/bin/env") {
        shebang.name = take_word(line);
    } else {
        for (const std::string_view directory : directories)
            if (shebang.program.starts_with(directory))
                shebang.name = shebang.program.substr(directory.size());
    }
    shebang.argument = line;
    if (!shell(shebang.name) && !python(shebang.name)) return not_a_script(script);
    return shebang;
}

Result<std::string> check_user_data(std::string_view decoded, const ScriptLimits& limits) {
    if (decoded.size() > limits.bytes)
        return fail(Errc::invalid_spec, "user data is " + std::to_string(decoded.size()) +
                                            " bytes, at most " + std::to_string(limits.bytes) +
                                            " are allowed before Base64");
    if (Result<Shebang> shebang = read_shebang(decoded); !shebang)
        return std::unexpected(std::move(shebang).error());
    if (const std::size_t nul = decoded.find('\0'); nul != std::string_view::npos)
        return fail(Errc::invalid_spec, "user data has a NUL byte at offset " +
                                            std::to_string(nul) + ", which no script may hold");
    return std::string(decoded);
}

}  // namespace metalwright::cloudinit
