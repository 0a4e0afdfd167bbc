#include "agent/store/store.hpp"

#include <gtest/gtest.h>

#include <iterator>

#include <atomic>
#include <fstream>
#include <thread>

namespace metalwright::store {
namespace {

class StoreTest : public testing::Test {
 protected:
    StoreTest() {
        std::string pattern = testing::TempDir() + "store-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        open();
    }
    ~StoreTest() override { std::filesystem::remove_all(directory_); }

    void open(std::uint64_t bound = 1 << 20) {
        store_.reset();
        auto opened = Store::open(directory_, bound);
        ASSERT_TRUE(opened) << describe(opened.error());
        store_ = std::move(*opened);
    }
    static Candidate candidate() {
        return {.source = "link",
                .kind = "apply",
                .generation = 3,
                .instance = "i-1",
                .token = "token-1",
                .digest = "d",
                .document = "{\"a\":1}",
                .script = std::string("#!/bin/bash\n\0true", 17),
                .script_timeout_s = 60,
                .report = R"({"kind":"accepted"})"};
    }

    std::filesystem::path directory_;
    std::unique_ptr<Store> store_;
};

constexpr OrderedBy ordered_by{.user_data = "$.script", .instance = "$.id"};

TEST_F(StoreTest, AnAcceptedRequestIsWholeAfterAReopen) {
    const auto id = store_->accept(candidate(), 1000);
    ASSERT_TRUE(id) << describe(id.error());
    const std::string key = store_->host_key();
    open();
    EXPECT_FALSE(store_->was_created());
    EXPECT_EQ(store_->host_key(), key);
    EXPECT_EQ(**store_->instance(), "i-1");
    const auto sources = *store_->sources();
    ASSERT_EQ(sources.size(), 1u);
    EXPECT_EQ(sources[0].generation, 3u);
    EXPECT_EQ(sources[0].document, "{\"a\":1}");
    const auto operation = **store_->by_token("token-1");
    EXPECT_EQ(operation.id, *id);
    EXPECT_EQ(operation.state, "queued");
    EXPECT_FALSE(operation.finished());
    const auto script = **store_->script("i-1");
    EXPECT_EQ(script.state, "pending");
    EXPECT_EQ(script.bytes, *candidate().script);
    ASSERT_EQ(store_->unsent(10)->size(), 1u);
    EXPECT_EQ(store_->events(*id, 0, 10)->size(), 1u);
}

TEST_F(StoreTest, ATokenIsAcceptedOnce) {
    ASSERT_TRUE(store_->accept(candidate(), 1));
    EXPECT_FALSE(store_->accept(candidate(), 2));
    EXPECT_EQ(store_->operations(10)->size(), 1u);
    EXPECT_EQ(store_->unsent(10)->size(), 1u) << "the refused one left a report behind";
    Candidate other_source = candidate();
    other_source.source = "admin";
    EXPECT_FALSE(store_->accept(other_source, 3)) << "a token names one request";
}

TEST_F(StoreTest, ASecondOrderNeverReplacesARunOfUserData) {
    Candidate c = candidate();
    ASSERT_TRUE(store_->accept(c, 1));
    ScriptRun run = **store_->script("i-1");
    run.state = "exited";
    run.exit_code = 0;
    run.bytes.clear();
    ASSERT_TRUE(store_->set_script(run, ordered_by, "", 2));
    c.token = "token-2";
    c.rerun_interrupted = true;
    ASSERT_TRUE(store_->accept(c, 3));
    EXPECT_EQ((*store_->script("i-1"))->state, "exited");

    run.state = "interrupted";
    run.exit_code.reset();
    ASSERT_TRUE(store_->set_script(run, ordered_by, "", 4));
    c.token = "token-3";
    c.rerun_interrupted = false;
    ASSERT_TRUE(store_->accept(c, 5));
    EXPECT_EQ((*store_->script("i-1"))->state, "interrupted");
    c.token = "token-4";
    c.rerun_interrupted = true;
    ASSERT_TRUE(store_->accept(c, 6));
    EXPECT_EQ((*store_->script("i-1"))->state, "pending");
}

TEST_F(StoreTest, OutcomesAndTheirReportAreOneCommit) {
    const auto id = *store_->accept(candidate(), 1);
    const auto intent = store_->intend(id, R"({"steps":[]})", 2);
    ASSERT_TRUE(intent);
    const std::vector<ItemResult> items{
        {"raid/data", Outcome::changed, std::nullopt, std::chrono::milliseconds(1234), "usable"},
        {"alias/10.0.0.9/32", Outcome::failed,
         Error{Errc::kernel_refused, "ipv4: Address already assigned", "eth0", 17}}};
    ASSERT_TRUE(store_->outcome(id, *intent, items, R"({"items":[]})", R"({"kind":"items"})", 3));
    open();
    EXPECT_EQ(*store_->items(id), items);
    const auto unsent = *store_->unsent(10);
    ASSERT_EQ(unsent.size(), 2u);
    EXPECT_EQ(unsent[1].body, R"({"kind":"items"})");
    EXPECT_LT(unsent[0].seq, unsent[1].seq);
}

TEST_F(StoreTest, AFinishedReleaseFreesTheHostButKeepsTheGeneration) {
    const auto id = *store_->accept(candidate(), 1);
    ASSERT_TRUE(store_->finish(id, "done", {}, "", 2));
    EXPECT_EQ(**store_->instance(), "i-1");
    Candidate release = candidate();
    release.kind = "release";
    release.token.reset();
    release.generation = 4;
    release.document = "";
    release.script.reset();
    const auto released = *store_->accept(release, 3);
    EXPECT_TRUE(store_->instance()->has_value()) << "freed before it was done";
    ASSERT_TRUE(store_->finish(released, "done", {}, "", 4));
    EXPECT_FALSE(store_->instance()->has_value());
    EXPECT_EQ(**store_->last_released(), "i-1");
    EXPECT_EQ((*store_->sources())[0].generation, 4u);
    EXPECT_EQ((*store_->sources())[0].document, "");
}

TEST_F(StoreTest, AReleaseLeavesNothingOfTheInstanceInItsFiles) {
    Candidate c = candidate();
    c.document = R"({"passwordHash":"$6$salt$h4sh-of-the-tenant"})";
    c.script = "#!/bin/sh\necho s3cret-of-the-script\n";
    c.run_order = R"({"secrets":["s3cret-of-the-order"]})";
    const auto id = *store_->accept(c, 1);
    ASSERT_TRUE(store_->finish(id, "done", {}, "", 2));
    Candidate deed = candidate();
    deed.kind = "resetPassword";
    deed.token.reset();
    deed.document = "";
    deed.script.reset();
    deed.generation = 4;
    deed.consent = R"({"passwordHash":"$6$salt$other-h4sh"})";
    const auto reset = *store_->accept(deed, 3);
    EXPECT_EQ((*store_->sources())[0].document, c.document) << "a deed leaves the order in force";
    EXPECT_EQ((*store_->sources())[0].generation, 4u);
    ASSERT_TRUE(store_->finish(reset, "done", {}, "", 4));
    Candidate release = deed;
    release.kind = "release";
    release.generation = 5;
    release.consent = "";
    const auto released = *store_->accept(release, 5);
    const auto held = [&] {
        std::string all;
        for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
            std::ifstream file(entry.path(), std::ios::binary);
            all.append(std::istreambuf_iterator<char>(file), {});
        }
        std::string found;
        for (const char* secret : {"$6$salt$h4sh-of-the-tenant", "s3cret-of-the-script",
                                   "s3cret-of-the-order", "$6$salt$other-h4sh"})
            if (all.find(secret) != std::string::npos) found += std::string(secret) + ' ';
        return found;
    };
    EXPECT_NE(held(), "") << "else this test looks in the wrong place";
    ASSERT_TRUE(store_->finish(released, "done", {}, "", 6));
    EXPECT_EQ(held(), "");
    EXPECT_FALSE((*store_->script("i-1")).has_value()) << "it never began, and waits for nobody";
}

TEST_F(StoreTest, ARunThatIsOverIsForgottenInTheDocumentsOfItsInstance) {
    const auto accepts = [&](const char* source, const char* document) {
        Candidate c = candidate();
        c.source = source;
        c.token = source;
        c.document = document;
        ASSERT_TRUE(store_->accept(c, 1));
    };
    accepts("admin", R"({"id":"i-1","script":"s3cret","kept":1})");
    accepts("file", R"({"id":"i-2","script":"another"})");
    accepts("ip", R"({"script":"s3cret"})");
    ScriptRun run = **store_->script("i-1");
    run.state = "exited";
    ASSERT_TRUE(store_->set_script(run, ordered_by, "", 2));
    EXPECT_NE(store_->sources().value().front().document.find("s3cret"), std::string::npos)
        << "its bytes are there still";
    run.bytes.clear();
    run.run_order.clear();
    ASSERT_TRUE(store_->set_script(run, ordered_by, "", 3));
    std::map<std::string, std::string> left;
    const auto sources = store_->sources();
    for (const Source& source : *sources) left[source.name] = source.document;
    EXPECT_EQ(left["admin"], R"({"id":"i-1","kept":1})");
    EXPECT_EQ(left["file"], R"({"id":"i-2","script":"another"})");
    EXPECT_EQ(left["ip"], "{}");
}

TEST_F(StoreTest, AReinstallForgetsWhatWasDoneOnce) {
    Candidate c = candidate();
    const auto id = *store_->accept(c, 1);
    ScriptRun run = **store_->script("i-1");
    run.state = "exited";
    run.exit_code = 0;
    ASSERT_TRUE(store_->set_script(run, ordered_by, "", 2));
    ASSERT_TRUE(store_->mark_once("i-1", std::vector<std::string>{"hostname"}, id, 2));
    ASSERT_TRUE(store_->finish(id, "done", {}, "", 2));
    EXPECT_TRUE(*store_->has_run("i-1"));
    c.token = "token-2";
    c.generation = 4;
    c.anew = true;
    ASSERT_TRUE(store_->accept(c, 3));
    EXPECT_EQ((*store_->script("i-1"))->state, "pending");
    EXPECT_TRUE(store_->once_done("i-1")->empty());
    EXPECT_FALSE(*store_->has_run("i-1"));
}

TEST_F(StoreTest, HowTheHostStandsIsReadAsOneWhileInstancesComeAndGo) {
    std::atomic<bool> over = false;
    std::jthread tenants([&] {
        for (std::uint64_t at = 1; at <= 50; ++at) {
            Candidate order = candidate();
            order.token.reset();
            order.generation = at;
            const ItemResult item{.item = "hostname", .outcome = Outcome::changed};
            store_->finish(*store_->accept(order, 1), "done", {&item, 1}, "", 2).value();
            order.kind = "release";
            order.script.reset();
            store_->finish(*store_->accept(order, 3), "done", {}, "", 4).value();
        }
        over = true;
    });
    while (!over) {
        const auto standing = store_->standing();
        ASSERT_TRUE(standing) << describe(standing.error());
        if (!standing->operation) continue;
        const Operation& operation = *standing->operation;
        const bool released = operation.kind == "release" && operation.finished();
        EXPECT_NE(standing->instance.has_value(), released) << operation.kind << operation.state;
        EXPECT_EQ(standing->items.size(), operation.kind == "apply" && operation.finished());
    }
}

TEST_F(StoreTest, ReportsLeaveInOrderAndOnlyWhenSafe) {
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(store_->report("{\"n\":" + std::to_string(i) + "}", i));
    const auto first = *store_->unsent(2);
    ASSERT_EQ(first.size(), 2u);
    ASSERT_TRUE(store_->acknowledge(first[1].seq));
    open();
    const auto rest = *store_->unsent(10);
    ASSERT_EQ(rest.size(), 3u);
    EXPECT_EQ(rest[0].body, R"({"n":2})");
    EXPECT_GT(rest[0].seq, first[1].seq);
    ASSERT_TRUE(store_->acknowledge(rest.back().seq));
    ASSERT_TRUE(store_->report("{}", 9));
    EXPECT_GT((*store_->unsent(1))[0].seq, rest.back().seq) << "a number was used twice";
}

TEST_F(StoreTest, AtTheBoundStepReportsAreLeftOutButFinalOnesNever) {
    open(100);
    const auto id = *store_->accept(candidate(), 1);
    const std::string long_report = "{\"x\":\"" + std::string(120, 'x') + "\"}";
    ASSERT_TRUE(store_->report(long_report, 2));
    const auto before = store_->unsent(100)->size();
    const auto intent = *store_->intend(id, "{}", 3);
    ASSERT_TRUE(store_->outcome(id, intent, {}, "{}", R"({"kind":"items"})", 4));
    EXPECT_EQ(store_->unsent(100)->size(), before);
    ASSERT_TRUE(store_->finish(id, "done", {}, R"({"kind":"finished"})", 5));
    EXPECT_EQ(store_->unsent(100)->size(), before + 1);
    EXPECT_FALSE(store_->outbox_full());
    ASSERT_TRUE(store_->report(long_report, 6));
    EXPECT_TRUE(store_->outbox_full());
    open(100);
    EXPECT_TRUE(store_->outbox_full()) << "forgotten over a restart";
    ASSERT_TRUE(store_->acknowledge(store_->unsent(100)->back().seq));
    EXPECT_FALSE(store_->outbox_full());
}

TEST_F(StoreTest, WhatIsOursSurvives) {
    ASSERT_TRUE(
        store_->remember(std::vector<Identity>{{"data", "i-1", "m", "f", false, "S0\nS1"}}));
    ASSERT_TRUE(store_->remember(std::vector<Identity>{{"data", "i-1", "m", "f", true, "S0\nS1"}}));
    ASSERT_TRUE(store_->set_owned(std::vector<std::pair<std::string, std::string>>{
        {"address", "10.0.0.5/32"}, {"local", "10.0.1.0/28"}}));
    ASSERT_TRUE(store_->mark_once("i-1", std::vector<std::string>{"hostname", "password"}, 1, 1));
    open();
    ASSERT_EQ(store_->identities()->size(), 1u);
    EXPECT_TRUE((*store_->identities())[0].complete);
    EXPECT_EQ(store_->owned()->size(), 2u);
    EXPECT_EQ(*store_->once_done("i-1"), (std::vector<std::string>{"hostname", "password"}));
    EXPECT_TRUE(store_->once_done("i-2")->empty());
}

TEST_F(StoreTest, TheFileIsReadableByItsOwnerOnly) {
    const auto mode = std::filesystem::status(directory_ / "state.db").permissions();
    EXPECT_EQ(mode & std::filesystem::perms(0077), std::filesystem::perms::none);
}

TEST_F(StoreTest, ADirectoryIsOneStoresAtATime) {
    const auto second = Store::open(directory_, 1 << 20);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::busy);
    EXPECT_EQ(second.error().where, directory_.native());
    open();  // which lets go of the first
    EXPECT_TRUE(store_->ping());
}

TEST_F(StoreTest, ACallThatComesAgainKeepsWhatHasBecomeOfIt) {
    ASSERT_TRUE(
        store_->note({.calls = {{.vendor = "baidu", .token = "t", .memo = "m", .at_ms = 1}}}));
    const Call seen = **store_->call("baidu", "t");
    Call ended = seen;
    ended.status = 200;
    ended.answer = "told";
    ASSERT_TRUE(store_->note({.calls = {ended}}));
    ASSERT_TRUE(store_->came_again(seen.id, 7)) << "by somebody who has seen it under way";
    const Call now = **store_->call("baidu", "t");
    EXPECT_EQ(now.answer, "told");
    EXPECT_TRUE(now.ended());
    EXPECT_EQ(now.at_ms, 7);
}

}  // namespace
}  // namespace metalwright::store
