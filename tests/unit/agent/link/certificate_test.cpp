#include "agent/link/certificate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/agent/link/test_ca.hpp"
#include "tests/unit/agent/link/threads.hpp"

namespace metalwright::agent::link {
namespace {

using std::chrono::seconds;

TEST(Certificate, TellsWhenItMayBeUsed) {
    const TempDir dir;
    const TestCa ca(dir.path());
    const Identity host = ca.issue("host", "DNS:h", -7200, 3600);
    const auto now = std::chrono::floor<seconds>(std::chrono::system_clock::now());
    const auto read = read_validities(host.cert_file);
    ASSERT_TRUE(read) << describe(read.error());
    ASSERT_EQ(read->size(), 1u);
    EXPECT_LE(abs(read->front().from - (now - seconds(7200))), seconds(60));
    EXPECT_LE(abs(read->front().to - (now + seconds(3600))), seconds(60));
}

TEST(Certificate, AllOfAChainAreRead) {
    const TempDir dir;
    const TestCa ca(dir.path());
    const Identity host = ca.issue("host", "DNS:h", -7200, 3600);
    std::ofstream(dir.path() / "chain.pem")
        << std::ifstream(host.cert_file).rdbuf() << std::ifstream(ca.file()).rdbuf();
    const auto read = read_validities(dir.path() / "chain.pem");
    ASSERT_TRUE(read) << describe(read.error());
    EXPECT_EQ(read->size(), 2u);
}

TEST(Certificate, WhatHoldsNoneIsTold) {
    const TempDir dir;
    EXPECT_EQ(read_validities(dir.path() / "none.pem").error().code, Errc::not_found);
    std::ofstream(dir.path() / "text.pem") << "no certificate\n";
    EXPECT_EQ(read_validities(dir.path() / "text.pem").error().code, Errc::invalid_spec);
}

TEST(Certificate, AKeyOfAnotherOneIsFoundBeforeTheLinkConnects) {
    const TempDir dir;
    const TestCa ca(dir.path());
    const Identity host = ca.issue("host", "DNS:h"), other = ca.issue("other", "DNS:o");
    const auto checked = [&](const Identity& key) {
        return check_tls({ca.file(), host.cert_file, key.key_file});
    };
    EXPECT_TRUE(checked(host)) << describe(checked(host).error());
    EXPECT_FALSE(checked(other));
}

}  // namespace
}  // namespace metalwright::agent::link
