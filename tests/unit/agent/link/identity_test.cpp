// The host's key and certificate: what is asked for, what is taken, and how it is kept.
#include "agent/link/identity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "agent/link/enrolment_file.hpp"
#include "agent/link/signing_request.hpp"
#include "tests/unit/agent/link/test_ca.hpp"
#include "tests/unit/agent/link/threads.hpp"

namespace metalwright::agent::link {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

std::string content(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}
unsigned mode_of(const fs::path& file) {
    struct stat status{};
    return ::lstat(file.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

class IdentityTest : public testing::Test {
 protected:
    PendingRequest request(const std::string& purpose = purpose_of_token("t1")) {
        auto made = make_signing_request("host 7").value();
        return {.purpose = purpose, .key = std::move(made.key), .request = made.request};
    }
    std::string signed_for(const PendingRequest& pending) {
        return ca_.sign(pending.request, "host 7");
    }
    void enrol() {
        const PendingRequest pending = request();
        IdentityRecord record;
        ASSERT_TRUE(files_.keep_pending(pending));
        ASSERT_TRUE(files_.keep_identity(pending, signed_for(pending), record));
    }

    TempDir dir_;
    TestCa ca_{dir_.path()};
    fs::path place_ = dir_.path() / "link";
    IdentityFiles files_{place_, "host 7"};
};

TEST_F(IdentityTest, TheRequestNamesTheHostAndIsSignedByItsKey) {
    const auto made = make_signing_request("host 7").value();
    EXPECT_THAT(std::string(made.key.view()), HasSubstr("-----BEGIN PRIVATE KEY-----"));
    EXPECT_THAT(made.request, Not(HasSubstr("PRIVATE KEY")));
    const std::string chain = ca_.sign(made.request, "host 7");
    ASSERT_FALSE(chain.empty()) << "its signature is not that of its key";
    BIO* in = BIO_new_mem_buf(made.request.data(), static_cast<int>(made.request.size()));
    X509_REQ* read = PEM_read_bio_X509_REQ(in, nullptr, nullptr, nullptr);
    BIO* out = BIO_new(BIO_s_mem());
    X509_REQ_print(out, read);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out, &text);
    const std::string printed(text, static_cast<std::size_t>(size));
    BIO_free(in);
    BIO_free(out);
    X509_REQ_free(read);
    EXPECT_THAT(printed, HasSubstr("Subject: CN=host 7"));
    EXPECT_THAT(printed, HasSubstr("URI:urn:metalwright:host:host%207"));
    EXPECT_THAT(printed, HasSubstr("prime256v1"));
}

TEST_F(IdentityTest, EachRequestHasAKeyOfItsOwn) {
    EXPECT_NE(make_signing_request("h")->key.view(), make_signing_request("h")->key.view());
}

TEST_F(IdentityTest, AnIdLongerThanACommonNameStandsInTheUri) {
    const std::string id(100, 'h');
    const auto made = make_signing_request(id);
    ASSERT_TRUE(made) << describe(made.error());
    const std::string chain = ca_.sign(made->request, "x", "URI:" + host_urn(id));
    EXPECT_TRUE(read_host_certificate(chain, made->key.view(), id));
}

TEST_F(IdentityTest, OnlyACertificateOfOurKeyForThisHostAndForClientsIsTaken) {
    const auto ours = make_signing_request("host 7").value();
    const auto other = make_signing_request("host 7").value();
    const auto read = [&](const std::string& chain) {
        return read_host_certificate(chain, ours.key.view(), "host 7");
    };
    const auto refused = [&](const std::string& chain, const std::string& words) {
        const auto found = read(chain);
        ASSERT_FALSE(found) << words;
        EXPECT_THAT(found.error().message, HasSubstr(words));
    };
    const auto good = read(ca_.sign(ours.request, "host 7"));
    ASSERT_TRUE(good) << describe(good.error());
    EXPECT_EQ(good->subject, "CN = host 7");
    EXPECT_TRUE(read(ca_.sign(ours.request, "x", "URI:" + host_urn("host 7"))));
    refused(ca_.sign(other.request, "host 7"), "is not of this host's key");
    refused(ca_.sign(ours.request, "host 8"), "not for this host (host 7)");
    refused(ca_.sign(ours.request, "host 77", "DNS:host-7"), "not for this host (host 7)");
    refused(ca_.sign(ours.request, "host 7", "", -10, 10, "serverAuth"), "not for TLS clients");
    refused("no certificate", "there is no certificate in it");
    std::string eleven = ca_.sign(ours.request, "host 7");
    for (int i = 0; i < 10; ++i) eleven += content(ca_.file());
    refused(eleven, "more than ten");
}

TEST_F(IdentityTest, AWrongClockIsToldWithBothTimes) {
    const std::chrono::sys_seconds day = std::chrono::sys_days(std::chrono::year(2026) / 6 / 1);
    const HostCertificate own{.valid = {day, day + std::chrono::days(90)}};
    EXPECT_TRUE(check_time(own, day + seconds(1)));
    const auto early = check_time(own, std::chrono::sys_seconds(seconds(20)));
    ASSERT_FALSE(early);
    EXPECT_THAT(early.error().message, HasSubstr("valid from 2026-06-01T00:00:00Z, the host's "
                                                 "clock says 1970-01-01T00:00:20Z"));
    EXPECT_THAT(check_time(own, day + std::chrono::days(90)).error().message,
                HasSubstr("valid until 2026-08-30T00:00:00Z"));
}

TEST_F(IdentityTest, RotationComesAfterTwoThirdsOfALifeAndNotForAllHostsAtOnce) {
    const std::chrono::sys_seconds start = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
    std::set<std::chrono::sys_seconds> times;
    for (int i = 0; i < 100; ++i) {
        const HostCertificate own{.serial = std::to_string(i),
                                  .valid = {start, start + std::chrono::days(90)}};
        const auto at = rotation_of(own);
        EXPECT_EQ(at, rotation_of(own));
        EXPECT_GE(at, start + std::chrono::days(60));
        EXPECT_LT(at, start + std::chrono::days(65));
        times.insert(at);
    }
    EXPECT_GT(times.size(), 90U);
    // What makes no sense is due, and nothing overflows.
    EXPECT_EQ(rotation_of({.valid = {start, start - seconds(5)}}), start);
}

TEST_F(IdentityTest, WhatWasKeptIsThereAgainAndIsOursAlone) {
    enrol();
    const auto found = files_.open();
    ASSERT_TRUE(found) << describe(found.error());
    ASSERT_TRUE(found->certificate);
    EXPECT_EQ(found->certificate->subject, "CN = host 7");
    EXPECT_FALSE(found->pending);
    EXPECT_EQ(found->record.spent, "t1");
    EXPECT_EQ(mode_of(place_), 0700U);
    EXPECT_EQ(mode_of(files_.identity()), 0600U);
    EXPECT_EQ(mode_of(place_ / "record.json"), 0600U);
    EXPECT_TRUE(check_tls({.cert_file = files_.identity()}));
}

TEST_F(IdentityTest, LookingMakesNothing) {
    const auto found = files_.look();
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->certificate);
    EXPECT_FALSE(fs::exists(place_));
}

TEST_F(IdentityTest, APendingRequestIsTheSameAfterARestart) {
    const PendingRequest pending = request();
    ASSERT_TRUE(files_.keep_pending(pending));
    EXPECT_EQ(mode_of(place_ / "pending.pem"), 0600U);
    const auto found = files_.open();
    ASSERT_TRUE(found && found->pending);
    EXPECT_EQ(found->pending->purpose, pending.purpose);
    EXPECT_EQ(found->pending->key.view(), pending.key.view());
    EXPECT_EQ(found->pending->request, pending.request);
}

TEST_F(IdentityTest, ACutOffEndOfAnExchangeIsEndedAtTheNextStart) {
    const PendingRequest pending = request();
    IdentityRecord record{.denied = "t0", .revoked = "AB", .trouble = "x"};
    ASSERT_TRUE(files_.keep_identity(pending, signed_for(pending), record));
    // As a crash leaves it that came before the token was known as spent.
    ASSERT_TRUE(files_.keep_record({.denied = "t0", .revoked = "AB", .trouble = "x"}));
    ASSERT_TRUE(files_.keep_pending(pending));
    const auto found = files_.open();
    ASSERT_TRUE(found && found->certificate);
    EXPECT_FALSE(found->pending);
    EXPECT_EQ(found->record, (IdentityRecord{.spent = "t1"}));
    EXPECT_FALSE(fs::exists(place_ / "pending.pem"));
    EXPECT_EQ(files_.look()->record, found->record) << "and that is durable";
}

TEST_F(IdentityTest, ARequestThatIsUnderWayIsNotTakenForAnEndedOne) {
    enrol();
    ASSERT_TRUE(files_.keep_pending(request(purpose_of_rotation("01"))));
    const auto found = files_.open();
    ASSERT_TRUE(found && found->certificate && found->pending);
    EXPECT_EQ(found->pending->purpose, "rotation of 01");
}

TEST_F(IdentityTest, ATruncatedIdentityIsSetAsideAndTold) {
    enrol();
    const std::string whole = content(files_.identity());
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, whole.size() / 3, whole.size() / 2, whole.size() - 30}) {
        std::ofstream(files_.identity(), std::ios::trunc) << whole.substr(0, size);
        fs::permissions(files_.identity(), fs::perms::owner_read | fs::perms::owner_write);
        const auto found = files_.open();
        ASSERT_TRUE(found) << describe(found.error());
        EXPECT_FALSE(found->certificate) << size;
        ASSERT_TRUE(found->damage) << size;
        EXPECT_THAT(found->damage->message, HasSubstr("put a new one-time token"));
        EXPECT_THAT(found->damage->message, HasSubstr("identity.pem.broken"));
        EXPECT_THAT(found->damage->message, Not(HasSubstr("PRIVATE")));
        EXPECT_FALSE(fs::exists(files_.identity()));
        EXPECT_EQ(content(place_ / "identity.pem.broken"), whole.substr(0, size));
        EXPECT_EQ(found->record.spent, "t1") << "it was used all the same";
        EXPECT_FALSE(files_.open()->damage) << "it is told once";
    }
}

TEST_F(IdentityTest, ATruncatedRequestIsNone) {
    ASSERT_TRUE(files_.keep_pending(request()));
    const std::string whole = content(place_ / "pending.pem");
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{20}, whole.size() / 2, whole.size() - 30}) {
        std::ofstream(place_ / "pending.pem", std::ios::trunc) << whole.substr(0, size);
        const auto found = files_.open();
        ASSERT_TRUE(found);
        EXPECT_FALSE(found->pending) << size;
    }
}

TEST_F(IdentityTest, ARecordThatCannotBeReadIsAnEmptyOne) {
    for (const char* text : {"", "{", "[]", "{\"spent\":1,\"urls\":[2]}"}) {
        ASSERT_TRUE(files_.keep_record({}));
        std::ofstream(place_ / "record.json", std::ios::trunc) << text;
        const auto found = files_.open();
        ASSERT_TRUE(found) << text;
        EXPECT_EQ(found->record, IdentityRecord());
    }
    const IdentityRecord whole{
        .spent = "a", .denied = "b", .revoked = "c", .urls = {"d", "e"}, .trouble = "f"};
    ASSERT_TRUE(files_.keep_record(whole));
    EXPECT_EQ(files_.open()->record, whole);
}

TEST_F(IdentityTest, AKeyThatOthersCouldReadIsNotUsed) {
    enrol();
    fs::permissions(files_.identity(), fs::perms::group_read, fs::perm_options::add);
    const auto found = files_.open();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::refused);
    EXPECT_THAT(found.error().message, HasSubstr("others on this host may have read this key"));
    EXPECT_EQ(found.error().where, files_.identity());
}

TEST_F(IdentityTest, NoSymbolicLinkIsFollowedInTheDirectoryNorToIt) {
    enrol();
    const fs::path elsewhere = dir_.path() / "elsewhere";
    for (const char* name : {"identity.pem", "pending.pem", "authority.pem", "record.json"}) {
        SCOPED_TRACE(name);
        fs::remove(place_ / name);
        std::ofstream(elsewhere) << "theirs\n";
        fs::create_symlink(elsewhere, place_ / name);
        const auto found = files_.open();
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().code, Errc::refused);
        EXPECT_THAT(found.error().message, HasSubstr("symbolic link"));
        // A write replaces the link, and leaves what it pointed to.
        ASSERT_TRUE(files_.keep_record({}));
        ASSERT_TRUE(files_.keep_authorities("a"));
        ASSERT_TRUE(files_.keep_pending(request()));
        EXPECT_EQ(content(elsewhere), "theirs\n");
        fs::remove(place_ / name);
    }
    // The name that grows, too.
    fs::create_symlink(elsewhere, place_ / ".record.json.new");
    ASSERT_TRUE(files_.keep_record({}));
    EXPECT_EQ(content(elsewhere), "theirs\n");
    fs::rename(place_, dir_.path() / "moved");
    fs::create_directory_symlink(dir_.path() / "moved", place_);
    EXPECT_THAT(files_.open().error().message, HasSubstr("not a symbolic link"));
    EXPECT_FALSE(files_.keep_record({}));
}

TEST_F(IdentityTest, ADirectoryThatOthersMayChangeIsNotTrusted) {
    enrol();
    fs::permissions(place_, fs::perms::group_write, fs::perm_options::add);
    EXPECT_EQ(files_.open().error().code, Errc::refused);
    EXPECT_FALSE(files_.keep_record({}));
}

TEST_F(IdentityTest, ADirectoryThatCannotBeMadeIsToldByItsName) {
    const IdentityFiles nowhere(dir_.path() / "no" / "link", "h");
    IdentityFiles files = nowhere;
    const auto found = files.open();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().where, dir_.path() / "no" / "link");
}

class EnrolmentFileTest : public testing::Test {
 protected:
    Result<Bootstrap> read(const std::string& text, fs::perms mode = fs::perms::owner_read) {
        const fs::path file = dir_.path() / "enrolment";
        fs::remove(file);
        std::ofstream(file) << text;
        fs::permissions(file, mode);
        return read_enrolment_file(file);
    }
    TempDir dir_;
};

TEST_F(EnrolmentFileTest, IsOneLineOrABootstrapFile) {
    EXPECT_EQ(read("t0ken\n")->token.view(), "t0ken");
    EXPECT_EQ(read(R"({"token":"t1"})")->token.view(), "t1");
    const TestCa ca(dir_.path());
    const std::string pem = content(ca.file());
    std::string escaped = pem;
    for (std::size_t at = 0; (at = escaped.find('\n', at)) != std::string::npos; at += 2)
        escaped.replace(at, 1, "\\n");
    const auto whole =
        read(R"({"token":"t2","ca":")" + escaped + R"(","urls":["https://a","https://b"]})");
    ASSERT_TRUE(whole) << describe(whole.error());
    EXPECT_EQ(whole->authority, pem);
    EXPECT_EQ(whole->urls, (std::vector<std::string>{"https://a", "https://b"}));
}

TEST_F(EnrolmentFileTest, WhatItHoldsIsInNoError) {
    for (const char* text :
         {"", "two s3cret", "s3cret\nsecond", "{s3cret", R"({"token":"s3 cret"})",
          R"({"token":"s3cret","other":1})", R"({"token":1})", R"({"ca":"s3cret"})",
          R"({"token":"s3cret","ca":"s3cret"})", R"({"token":"s3cret","urls":"https://s3cret"})"}) {
        const auto bad = read(text);
        ASSERT_FALSE(bad) << text;
        EXPECT_EQ(bad.error().code, Errc::invalid_spec) << text;
        EXPECT_THAT(describe(bad.error()), Not(HasSubstr("cret"))) << text;
    }
    EXPECT_EQ(read("t\n", fs::perms::owner_read | fs::perms::others_read).error().code,
              Errc::refused);
}

}  // namespace
}  // namespace metalwright::agent::link
