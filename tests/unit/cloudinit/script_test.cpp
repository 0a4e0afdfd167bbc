#include "cloudinit/script.hpp"

#include <gtest/gtest.h>

#include "cloudinit/interpreter.hpp"

namespace metalwright::cloudinit {
namespace {

TEST(Shebang, IsReadAsTheKernelWould) {
    EXPECT_EQ(read_shebang("#! /bin/bash  -e -x \n").value(),
              (Shebang{"/bin/bash", "bash", "-e -x"}));
    EXPECT_EQ(read_shebang("#!/usr/bin/env python -u\n").value(),
              (Shebang{"/usr/bin/env", "python", "-u"}));
    EXPECT_EQ(read_shebang("#!/opt/run\n").value(), (Shebang{"/opt/run", "run", ""}));
    EXPECT_EQ(read_shebang("#!/usr/bin/env -S bash -e\n").value(),
              (Shebang{"/usr/bin/env", "env", "-S bash -e"}));
}

TEST(Shebang, OfCrlfIsNone) {
    const auto shebang = read_shebang("#!/bin/bash\r\n");
    ASSERT_FALSE(shebang);
    EXPECT_NE(shebang.error().message.find("CRLF"), std::string::npos);
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

TEST(Interpreter, EnvWithOptionsIsEnvsOwnBusiness) {
    EXPECT_EQ(interpreter_command({"/usr/bin/env", "env", "-S bash -e"}, "/s",
                                  host_with({"/usr/bin/env"}))
                  .value(),
              (Command{"/usr/bin/env", "-S bash -e", "/s"}));
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
