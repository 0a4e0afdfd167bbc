#include "cloudinit/ssh_keygen.hpp"

#include <gtest/gtest.h>

#include "tests/fakes/fake_exec.hpp"

namespace metalwright::cloudinit {
namespace {

Result<std::string> installed(std::string_view name) {
    return "/usr/bin/" + std::string(name);
}

TEST(SshKeygen, SaysWhatOpenSshSays) {
    fakes::FakeExec exec;
    exec.on("ssh-keygen", [](const sys::Command& command) -> Result<sys::Output> {
        if (command.input == "ssh-ed25519 AAAA good\n") return fakes::said("256 SHA256:x good\n");
        return fakes::said("", 255, "(stdin) is not a public key file.");
    });
    EXPECT_TRUE(check_with_openssh("ssh-ed25519 AAAA good", exec, installed));
    const auto refused = check_with_openssh("ssh-ed25519 BBBB", exec, installed);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::invalid_spec);
    EXPECT_NE(refused.error().message.find("is not a public key file"), std::string::npos);
    EXPECT_EQ(exec.lines().front(), "ssh-keygen -l -f -");
}

TEST(SshKeygen, ThatIsNotThereRefusesNothing) {
    fakes::FakeExec exec;
    const auto absent = [](std::string_view) -> Result<std::string> {
        return fail(Errc::not_found, "install it");
    };
    EXPECT_TRUE(check_with_openssh("ssh-ed25519 AAAA", exec, absent));
    EXPECT_TRUE(exec.lines().empty());
}

}  // namespace
}  // namespace metalwright::cloudinit
