// What the configuration, the enrolment file and a former enrolment make of a link.
#include "agent/daemon/links.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "agent/link/identity.hpp"
#include "agent/link/signing_request.hpp"
#include "tests/fakes/fake_desk.hpp"
#include "tests/unit/agent/link/threads.hpp"

namespace metalwright::daemon {
namespace {

using testing::HasSubstr;

class EnrolledLinks : public testing::Test {
 protected:
    EnrolledLinks() {
        config_.state_dir = dir_.path();
        config_.enrolment_file = dir_.path() / "enrolment";
    }
    ~EnrolledLinks() override { threads_.end(); }

    void hand_over(const std::string& text) {
        std::ofstream(config_.enrolment_file) << text;
        std::filesystem::permissions(config_.enrolment_file, std::filesystem::perms::owner_read);
    }
    /// What make_links() says; empty: it makes them.
    std::string error() {
        const auto made = make_links(config_, "h", threads_.io, threads_.pool, desk_, /*told=*/{});
        return made ? "" : describe(made.error());
    }

    agent::link::TempDir dir_;
    Config config_;
    agent::FakeDesk desk_;
    agent::link::Threads threads_;
};

TEST_F(EnrolledLinks, SomewhereAUrlHasToBe) {
    EXPECT_THAT(error(), HasSubstr("no URL of the control plane is known: name [link.https] urls"));
    hand_over("bare-token");
    EXPECT_THAT(error(), HasSubstr("no URL of the control plane is known"));
    config_.urls = {"https://cp.example"};
    EXPECT_EQ(error(), "");
}

TEST_F(EnrolledLinks, TheBootstrapFilesUrlsCountUntilItsTokenIsUsed) {
    hand_over(R"({"token":"t1","urls":["ftp://new"]})");
    EXPECT_THAT(error(), HasSubstr("ftp://new"));
    agent::link::IdentityFiles files(identity_directory(config_), "h");
    ASSERT_TRUE(files.keep_record({.urls = {"ftp://stored"}}));
    EXPECT_THAT(error(), HasSubstr("ftp://new")) << "it is another one";
    ASSERT_TRUE(
        files.keep_record({.spent = agent::link::fingerprint("t1"), .urls = {"ftp://stored"}}));
    EXPECT_THAT(error(), HasSubstr("ftp://stored"));
    std::filesystem::remove(config_.enrolment_file);
    EXPECT_THAT(error(), HasSubstr("ftp://stored"));
    config_.urls = {"ftp://configured"};
    EXPECT_THAT(error(), HasSubstr("ftp://configured"));
}

}  // namespace
}  // namespace metalwright::daemon
