#include "cloudinit/script.hpp"

#include <gtest/gtest.h>

#include <array>

#include "cloudinit/interpreter.hpp"

namespace metalwright::cloudinit {
namespace {

std::string refusal(std::string_view script) {
    const Result<std::string> checked = check_user_data(script);
    return checked ? "accepted" : checked.error().message;
}

TEST(CheckUserData, AcceptsTheFirstLinesThatVendorsDocument) {
    for (const std::string_view line :
         {"#!/bin/bash", "#!/bin/sh", "#!/usr/bin/env python", "#!/usr/bin/env python3",
          "#!/usr/bin/python3", "#!/bin/bash -e", "#! /bin/bash", "#!/usr/bin/env bash"}) {
        const std::string script = std::string(line) + "\necho hello\r\n";
        EXPECT_EQ(check_user_data(script).value_or("refused"), script) << line;
    }
}

TEST(CheckUserData, AFirstLineNeedsNoLineEnd) {
    EXPECT_TRUE(check_user_data("#!/bin/sh"));
}

TEST(CheckUserData, RefusesAnotherInterpreter) {
    for (const std::string_view line : {"#!/bin/bashful", "#!/usr/bin/perl", "#!/usr/bin/env ruby",
                                        "#!/tmp/bash", "#!bash", "#!", "#!/usr/bin/env"})
        EXPECT_NE(refusal(line).find("another interpreter"), std::string::npos) << line;
}

TEST(CheckUserData, SaysWhatTheBytesAreInstead) {
    EXPECT_NE(refusal("").find("empty"), std::string::npos);
    EXPECT_NE(refusal("#cloud-config\n").find("cloud-config"), std::string::npos);
    EXPECT_NE(refusal("IyEvYmluL2Jhc2gK").find("Base64 twice"), std::string::npos);
    EXPECT_NE(refusal("\x1f\x8b\x08").find("gzip"), std::string::npos);
    EXPECT_NE(refusal("\xef\xbb\xbf#!/bin/sh\n").find("byte order mark"), std::string::npos);
    EXPECT_NE(refusal("#!/bin/bash\r\necho\r\n").find("CRLF"), std::string::npos);
    EXPECT_NE(refusal("echo secret").find("not #!"), std::string::npos);
}

TEST(CheckUserData, NeverQuotesTheScript) {
    EXPECT_EQ(refusal("echo secret").find("secret"), std::string::npos);
    EXPECT_EQ(refusal("#!/opt/secret\n").find("secret"), std::string::npos);
}

TEST(CheckUserData, RefusesANulByte) {
    EXPECT_NE(refusal(std::string_view("#!/bin/sh\n\0x", 12)).find("NUL byte at offset 10"),
              std::string::npos);
}

TEST(CheckUserData, SixteenKibibytesAreAllowedAndNotOneMore) {
    std::string script = "#!/bin/sh\n";
    script.resize(16384, '#');
    EXPECT_TRUE(check_user_data(script));
    EXPECT_NE(refusal(script + '#').find("16385 bytes, at most 16384"), std::string::npos);
    EXPECT_TRUE(check_user_data(script + '#', {.bytes = 32768}));
}

TEST(CheckUserData, ReadsTheFirstLineAsTheKernelWould) {
    EXPECT_EQ(read_shebang("#! /bin/bash  -e -x \n").value(),
              (Shebang{"/bin/bash", "bash", "-e -x"}));
    EXPECT_EQ(read_shebang("#!/usr/bin/env python -u\n").value(),
              (Shebang{"/usr/bin/env", "python", "-u"}));
}

/// A host that has these programs.
FindProgram host_with(std::vector<std::string> paths) {
    return [paths](std::string_view name) -> std::optional<std::string> {
        for (const std::string& path : paths)
            if (path == name || path.ends_with('/' + std::string(name))) return path;
        return std::nullopt;
    };
}

using Command = std::vector<std::string>;

TEST(Interpreter, PythonIsPython3WhereOnlyThatExists) {
    const Shebang env{"/usr/bin/env", "python", ""};
    EXPECT_EQ(interpreter_command(env, "/s", host_with({"/usr/bin/python3"})).value(),
              (Command{"/usr/bin/python3", "/s"}));
    EXPECT_EQ(interpreter_command({"/usr/bin/python", "python", "-u"}, "/s",
                                  host_with({"/usr/bin/python3"}))
                  .value(),
              (Command{"/usr/bin/python3", "-u", "/s"}));
}

TEST(Interpreter, PythonIsTakenWhereItExists) {
    EXPECT_EQ(interpreter_command({"/usr/bin/env", "python", ""}, "/s",
                                  host_with({"/usr/bin/python", "/usr/bin/python3"}))
                  .value(),
              (Command{"/usr/bin/python", "/s"}));
}

TEST(Interpreter, PassesTheArgumentOfAFirstLineAsOneWord) {
    EXPECT_EQ(
        interpreter_command({"/bin/bash", "bash", "-e -x"}, "/s", host_with({"/bin/bash"})).value(),
        (Command{"/bin/bash", "-e -x", "/s"}));
}

TEST(Interpreter, SaysWhichOneIsMissing) {
    const auto command = interpreter_command({"/usr/bin/env", "python3.9", ""}, "/s",
                                             host_with({"/usr/bin/python3"}));
    ASSERT_FALSE(command);
    EXPECT_EQ(command.error().code, Errc::not_found);
    EXPECT_NE(command.error().message.find("python3.9"), std::string::npos);
}

}  // namespace
}  // namespace metalwright::cloudinit
