#include "cloudinit/etc_files.hpp"

#include <gtest/gtest.h>

namespace metalwright::cloudinit {
namespace {

using Keys = std::vector<std::string>;

constexpr std::string_view hash = "$y$j9T$saltsaltsalt$hash";

TEST(Hostname, FollowsTheVendorsForm) {
    for (const std::string_view name : {"node-a", "a", "host-1-10", "db01.rack2.example", "X9"})
        EXPECT_TRUE(check_hostname(name)) << name;
    EXPECT_TRUE(check_hostname(std::string(64, 'a')));
    for (const std::string_view name :
         {"", "-a", "a-", "a..b", ".a", "a.", "a.-b", "a_b", "a b", "a\nb", "h\xc3\xb6st"})
        EXPECT_FALSE(check_hostname(name)) << name;
    EXPECT_FALSE(check_hostname(std::string(65, 'a')));
}

TEST(Shadow, ReplacesRootsHashAndDayAlone) {
    const std::string before =
        "daemon:*:19000:0:99999:7:::\n"
        "root:*:19000:0:99999:7:::\n"
        "rooter:!:19000:0:99999:7:::\n";
    EXPECT_EQ(with_root_password(before, hash, 20778).value(),
              "daemon:*:19000:0:99999:7:::\n"
              "root:$y$j9T$saltsaltsalt$hash:20778:0:99999:7:::\n"
              "rooter:!:19000:0:99999:7:::\n");
}

TEST(Shadow, KeepsALastLineWithoutLineEnd) {
    EXPECT_EQ(with_root_password("root::19000:0:99999:7:::", hash, 20778).value(),
              "root:$y$j9T$saltsaltsalt$hash:20778:0:99999:7:::");
    EXPECT_EQ(with_root_password("root:x", hash, 20778).value(),
              "root:$y$j9T$saltsaltsalt$hash:20778");
}

// Day 0 in shadow(5) means: root must change the password at the next log-in.
TEST(Shadow, AClockNotYetSetDoesNotExpireThePassword) {
    EXPECT_EQ(with_root_password("root:*:19000:0:99999:7:::\n", hash, 0).value(),
              "root:$y$j9T$saltsaltsalt$hash::0:99999:7:::\n");
}

TEST(Shadow, SaysThatRootIsMissing) {
    const auto edited = with_root_password("daemon:*:1::::::\n", hash, 20778);
    ASSERT_FALSE(edited);
    EXPECT_EQ(edited.error().code, Errc::not_found);
    EXPECT_FALSE(root_password(""));
}

TEST(Shadow, RefusesAHashThatWouldAddALine) {
    EXPECT_FALSE(with_root_password("root:*:1::::::\n", "$y$a$b\nevil::1::::::", 20778));
}

TEST(Shadow, TellsRootsPassword) {
    EXPECT_EQ(root_password("a:b:c\nroot:$y$x$y:1:2\n").value(), "$y$x$y");
}

TEST(Hosts, RewritesTheOwnLineAndKeepsTheRest) {
    EXPECT_EQ(with_own_name("127.0.0.1 localhost\n127.0.1.1\tdebian.local debian # installer\n"
                            "::1 ip6-localhost\n",
                            "node-a"),
              "127.0.0.1 localhost\n127.0.1.1\tnode-a # installer\n::1 ip6-localhost\n");
}

TEST(Hosts, GivesANameWithDotsItsShortForm) {
    EXPECT_EQ(with_own_name("127.0.1.1 debian\n", "db1.example.org"),
              "127.0.1.1\tdb1.example.org db1\n");
}

TEST(Hosts, AddsALineOnlyWhenNothingResolvesTheName) {
    EXPECT_EQ(with_own_name("127.0.0.1 localhost", "node-a"),
              "127.0.0.1 localhost\n127.0.1.1\tnode-a\n");
    EXPECT_EQ(with_own_name("10.0.0.5 node-a\n", "node-a"), "10.0.0.5 node-a\n");
    EXPECT_EQ(with_own_name("# 127.0.1.1 node-a\n", "node-a"),
              "# 127.0.1.1 node-a\n127.0.1.1\tnode-a\n");
    EXPECT_EQ(with_own_name("", "node-a"), "127.0.1.1\tnode-a\n");
}

TEST(Hosts, ASecondOwnLineDoesNotBringTheOldNameBack) {
    EXPECT_EQ(with_own_name("127.0.1.1 a\n127.0.1.1 b\n", "node-a"), "127.0.1.1\tnode-a\n");
}

TEST(Hosts, DoingItTwiceChangesNothing) {
    for (const std::string_view hosts : {"", "127.0.1.1 old # c\n127.0.0.1 localhost\n"}) {
        const std::string once = with_own_name(hosts, "db1.example.org");
        EXPECT_EQ(with_own_name(once, "db1.example.org"), once);
    }
    EXPECT_EQ(with_own_name("127.0.1.1    node-a   # mine\n", "node-a"),
              "127.0.1.1    node-a   # mine\n");
}

TEST(AuthorizedKeys, ChecksLines) {
    for (const std::string_view line :
         {"ssh-ed25519 AAAAC3Nza user@host", "ssh-rsa AAAAB3Nza", "ecdsa-sha2-nistp256 AAAAE2",
          "sk-ssh-ed25519@openssh.com AAAAG name with blanks",
          "from=\"10.0.0.0/8\",no-pty ssh-ed25519 AAAAC3Nza"})
        EXPECT_TRUE(check_authorized_key(line)) << line;
    for (const std::string_view line :
         {"", "ssh-ed25519", "# ssh-ed25519 AAAAC3", "AAAAC3Nza", "ssh-ed25519 AAAA\nssh-rsa AAAA",
          "ssh-ed25519 not-base64", "-----BEGIN OPENSSH PRIVATE KEY-----"})
        EXPECT_FALSE(check_authorized_key(line)) << line;
}

TEST(AuthorizedKeys, AppendsWhatIsMissingAndRemovesNothing) {
    const std::string before = "# tenant\nssh-rsa AAAAold me";
    const Keys wanted{"ssh-rsa AAAAold me", "ssh-ed25519 AAAAnew you", "ssh-ed25519 AAAAnew you"};
    const Keys missing = missing_keys(before, wanted);
    EXPECT_EQ(missing, Keys{"ssh-ed25519 AAAAnew you"});
    const std::string after = with_keys(before, missing);
    EXPECT_EQ(after,
              "# tenant\nssh-rsa AAAAold me\n# metalwright: these keys are the order's\n"
              "ssh-ed25519 AAAAnew you\n# metalwright: end\n");
    EXPECT_TRUE(missing_keys(after, wanted).empty());
    EXPECT_EQ(our_keys(after), missing);
}

TEST(AuthorizedKeys, OursAloneAreTakenAway) {
    const std::string theirs = "ssh-rsa AAAAtheirs\n";
    const std::string all = with_keys(theirs, Keys{"ssh-ed25519 AAAAours"}) + "ssh-rsa AAAAlater\n";
    EXPECT_EQ(our_keys(all), Keys{"ssh-ed25519 AAAAours"});
    EXPECT_EQ(without_our_keys(all), theirs + "ssh-rsa AAAAlater\n");
    EXPECT_EQ(without_our_keys(theirs), theirs);
    EXPECT_EQ(with_keys(all, Keys{"ssh-ed25519 AAAAnew"}),
              theirs +
                  "ssh-rsa AAAAlater\n# metalwright: these keys are the order's\n"
                  "ssh-ed25519 AAAAnew\n# metalwright: end\n");
    const std::string cut = "# metalwright: these keys are the order's\nssh-rsa AAAAx\n";
    EXPECT_EQ(without_our_keys(cut), cut) << "without its end a block is nobody's";
}

TEST(AuthorizedKeys, ACommentedOutKeyIsMissing) {
    const Keys wanted{"ssh-rsa AAAAold me"};
    EXPECT_EQ(missing_keys("#ssh-rsa AAAAold me\n", wanted), wanted);
}

}  // namespace
}  // namespace metalwright::cloudinit
