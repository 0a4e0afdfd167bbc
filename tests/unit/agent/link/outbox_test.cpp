#include <nlohmann/json.hpp>
#include <random>

#include "tests/unit/agent/link/https_link_fixture.hpp"

namespace metalwright::agent::link {
namespace {

using std::chrono::milliseconds;

using OutboxTest = HttpsLinkTest;

/// A control plane that keeps reports: {"reports":[{"seq":N}...]} -> {"safe":N}.
class Keeper {
 public:
    /// Stores what follows on from what it has; `most` reports at a time. The answer.
    Act store(const Seen& seen, std::size_t most = 1000) {
        const std::lock_guard lock(mutex_);
        const auto json = nlohmann::json::parse(seen.body);
        std::int64_t last = -1;
        for (const auto& report : json.at("reports")) {
            if (most-- == 0) break;
            const auto seq = report.at("seq").get<std::int64_t>();
            EXPECT_TRUE(last < 0 || seq == last + 1) << "out of order within a batch";
            EXPECT_LE(seq, safe_ + 1) << "a report was skipped";
            last = seq;
            safe_ = std::max(safe_, seq);
        }
        return answer(200, R"({"safe":)" + std::to_string(last) + "}");
    }
    std::int64_t safe() const {
        const std::lock_guard lock(mutex_);
        return safe_;
    }

 private:
    mutable std::mutex mutex_{};
    std::int64_t safe_ = 0;
};

Act without_spec(const Seen& seen, const std::function<Act()>& post) {
    return is_get(seen) ? Act{.hang = true} : post();
}

TEST_F(OutboxTest, ReportsAreSentInBatchesAndForgottenOnceSafe) {
    for (int i = 0; i < 5; ++i) desk_.add_report("r" + std::to_string(i));
    Keeper keeper;
    TestServer server(
        [&](const Seen& seen) { return without_spec(seen, [&] { return keeper.store(seen); }); });
    auto made = options({server.url()});
    made.batch = 3;
    start(made);
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
    EXPECT_EQ(desk_.acknowledged(), (std::vector<std::int64_t>{3, 5}));
    const auto seen = server.seen();
    const auto post = std::find_if(seen.begin(), seen.end(),
                                   [](const Seen& one) { return one.method == "POST"; });
    ASSERT_NE(post, seen.end());
    EXPECT_EQ(post->target, "/v1/hosts/host%207/reports");
    EXPECT_EQ(post->body,
              R"({"reports":[{"seq":1,"what":"r0"},{"seq":2,"what":"r1"},{"seq":3,"what":"r2"}]})");
}

TEST_F(OutboxTest, ANewReportWakesTheOutbox) {
    Keeper keeper;
    TestServer server(
        [&](const Seen& seen) { return without_spec(seen, [&] { return keeper.store(seen); }); });
    start(options({server.url()}));
    ASSERT_TRUE(server.wait_for(1));
    for (std::int64_t seq = 1; seq <= 20; ++seq) {
        ASSERT_EQ(desk_.add_report(), seq);
        ASSERT_TRUE(eventually([&] { return keeper.safe() == seq; }));
    }
}

TEST_F(OutboxTest, APartOfABatchMayBeSafe) {
    for (int i = 0; i < 7; ++i) desk_.add_report();
    Keeper keeper;
    TestServer server([&](const Seen& seen) {
        return without_spec(seen, [&] { return keeper.store(seen, 2); });
    });
    start(options({server.url()}));
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
    EXPECT_EQ(desk_.acknowledged(), (std::vector<std::int64_t>{2, 4, 6, 7}));
}

TEST_F(OutboxTest, ASafeNumberThatWasNotSentForgetsNothing) {
    for (int i = 0; i < 3; ++i) desk_.add_report();
    std::atomic<int> turn = 0;
    Keeper keeper;
    const std::vector<Act> bad{answer(200, R"({"safe":4})"),
                               answer(200, R"({"safe":0})"),
                               answer(200, R"({"safe":-1})"),
                               answer(200, R"({"safe":"3"})"),
                               answer(200, R"({"safe":2.5})"),
                               answer(200, "[]"),
                               answer(200, "<html>"),
                               answer(200),
                               answer(404, R"({"safe":3})"),
                               answer(201, R"({"safe":3})"),
                               answer(200, R"({"safe":99999999999999999999})")};
    TestServer server([&](const Seen& seen) {
        return without_spec(seen, [&] {
            const auto now = static_cast<std::size_t>(turn++);
            EXPECT_TRUE(desk_.acknowledged().empty());
            return now < bad.size() ? bad[now] : keeper.store(seen);
        });
    });
    start(options({server.url()}));
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
    EXPECT_EQ(desk_.acknowledged(), (std::vector<std::int64_t>{3}));
}

TEST_F(OutboxTest, ATooLargeBatchIsHalved) {
    for (int i = 0; i < 40; ++i) desk_.add_report();
    Keeper keeper;
    TestServer server([&](const Seen& seen) {
        return without_spec(
            seen, [&] { return seen.body.size() > 200 ? answer(413) : keeper.store(seen); });
    });
    start(options({server.url()}));
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
    EXPECT_EQ(keeper.safe(), 40);
}

TEST_F(OutboxTest, ABatchHasABoundInBytes) {
    for (int i = 0; i < 3; ++i) desk_.add_report(std::string(1000, 'x'));
    Keeper keeper;
    TestServer server([&](const Seen& seen) {
        return without_spec(seen, [&] {
            EXPECT_LT(seen.body.size(), 1200u);
            return keeper.store(seen);
        });
    });
    auto made = options({server.url()});
    made.batch_bytes = 1200;
    start(made);
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
}

TEST_F(OutboxTest, WhatCannotBeForgottenIsSentAgain) {
    desk_.add_report();
    desk_.fail_acknowledge(Error{Errc::io, "no space left on device", "state.db"});
    Keeper keeper;
    TestServer server(
        [&](const Seen& seen) { return without_spec(seen, [&] { return keeper.store(seen); }); });
    start(options({server.url()}));
    ASSERT_TRUE(eventually([&] { return link_->status().report_error.has_value(); }));
    EXPECT_EQ(link_->status().report_error->where, "state.db");
    desk_.fail_acknowledge(std::nullopt);
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
    ASSERT_TRUE(eventually([&] { return !link_->status().report_error; }));
}

TEST_F(OutboxTest, OnlyTheReportingLinkTouchesTheOutbox) {
    desk_.add_report();
    TestServer server([](const Seen& seen) {
        return seen.header("if-none-match").empty() ? answer(200, "{}", "ETag: \"1\"\r\n")
                                                    : Act{.hang = true};
    });
    auto made = options({server.url()});
    made.reports = false;
    start(made);
    ASSERT_TRUE(server.wait_for(2));
    EXPECT_EQ(desk_.outbox_size(), 1u);
    EXPECT_EQ(gets(server.seen()).size(), server.seen().size());
}

/// Random failures before and after the reports are stored, over two base URLs that share a store:
/// none is lost, none overtakes another. The seed is printed by the parameter.
class OutboxCampaign : public OutboxTest, public testing::WithParamInterface<unsigned> {};

TEST_P(OutboxCampaign, LosesNothingAndKeepsTheOrder) {
    constexpr std::int64_t count = 150;
    Keeper keeper;
    std::mutex mutex;
    std::mt19937 random(GetParam());
    const auto decide = [&](const Seen& seen) {
        if (is_get(seen)) return Act{.hang = true};
        unsigned chance = 0;
        std::size_t most = 0;
        {
            const std::lock_guard lock(mutex);
            chance = static_cast<unsigned>(random() % 12);
            most = 1 + random() % 6;
        }
        switch (chance) {
            case 0: return answer(503);
            case 1: return Act{.bytes = "", .close = true};  // before storing
            case 2: (void)keeper.store(seen); return Act{.bytes = "", .close = true};  // after it
            case 3: (void)keeper.store(seen); return answer(500);
            case 4: return answer(200, "{}");
            case 5: return Act{.bytes = "garbage\r\n\r\n", .close = true};
            case 6: return Act{.hang = true};
            case 7: {
                Act cut = keeper.store(seen);
                cut.bytes.resize(cut.bytes.size() - 3);
                cut.close = true;
                return cut;
            }
            default: return keeper.store(seen, most);
        }
    };
    TestServer first(decide);
    TestServer second(decide);
    auto made = options({first.url(), second.url()});
    made.batch = 10;
    made.answer_timeout = milliseconds(30);
    made.backoff = {milliseconds(1), milliseconds(3)};
    made.seed = GetParam();
    start(made);
    for (std::int64_t i = 0; i < count; ++i) desk_.add_report();
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }))
        << desk_.outbox_size() << " left";
    EXPECT_EQ(keeper.safe(), count);
    const auto acknowledged = desk_.acknowledged();
    EXPECT_TRUE(std::is_sorted(acknowledged.begin(), acknowledged.end()));
}

INSTANTIATE_TEST_SUITE_P(Seeds, OutboxCampaign, testing::Range(1u, 9u));

}  // namespace
}  // namespace metalwright::agent::link
