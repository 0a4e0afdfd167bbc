#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/engine/engine.hpp"
#include "tests/fakes/fake_machine.hpp"

namespace metalwright::engine {

using nlohmann::json;
using namespace std::chrono_literals;

/// A native document; `more` is merged over it.
inline std::string document(const json& more = json::object()) {
    json spec = json::parse(R"({
        "apiVersion": "metalwright/v1", "host": {"id": "host-1"}, "instance": {"id": "i-1"},
        "storage": {"arrays": [{"name": "data", "level": "raid1", "members": {"count": 2}}]},
        "network": {"primary": {"address": "10.0.1.10/24"},
                    "aliases": [{"id": "s", "cidr": "10.0.1.52/32"}]},
        "hostname": "node-a"})");
    spec.merge_patch(more);
    return spec.dump();
}

inline const json with_script{{"userData", {{"base64", "IyEvYmluL2Jhc2gKdHJ1ZQo="}}}};

class EngineTest : public testing::Test {
 protected:
    EngineTest() {
        std::string pattern = testing::TempDir() + "engine-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        start();
    }
    ~EngineTest() override {
        engine_.reset();
        store_.reset();
        std::filesystem::remove_all(directory_);
    }

    /// As after a power cut: the machine keeps what it has, the process is new.
    void start() {
        engine_.reset();
        store_.reset();
        auto store = store::Store::open(directory_, 1 << 20);
        ASSERT_TRUE(store) << describe(store.error());
        store_ = std::move(*store);
        engine_ =
            std::make_unique<Engine>(options_, *store_, machine_, [this] { return now_.load(); });
        engine_->on_change([this] {
            const std::lock_guard lock(mutex_);
            ++changes_;
            wake_.notify_all();
        });
        engine_->start();
    }

    std::int64_t accept(const std::string& text, std::optional<std::uint64_t> generation = {}) {
        const auto accepted = engine_->submit({"admin", text, generation});
        EXPECT_TRUE(accepted) << (accepted ? "" : describe(accepted.error().front()));
        return accepted ? accepted->operation : -1;
    }

    /// Waits for the engine's own news, not for time.
    json wait_until(const std::function<bool(const json&)>& good) {
        const auto end = std::chrono::steady_clock::now() + 30s;
        std::unique_lock lock(mutex_);
        json status;
        bool came = false;
        for (bool news = true; news && !came;) {
            const int seen = changes_;  // what comes while the status is asked for is not missed
            lock.unlock();
            status = json::parse(engine_->status());
            came = good(status);
            lock.lock();
            news = came || wake_.wait_until(lock, end, [&] { return changes_ != seen; });
        }
        EXPECT_TRUE(came) << status.dump(2);
        return status;
    }
    json finished() {
        return wait_until([](const json& s) { return s["state"] != "applying"; });
    }
    json finished(const std::string& text) {
        const std::int64_t id = accept(text);
        return wait_until(
            [id](const json& s) { return s["operation"] == id && s["state"] != "applying"; });
    }
    static std::string outcome(const json& status, const std::string& item) {
        for (const json& one : status["items"])
            if (one["item"] == item) return one["outcome"];
        return "absent";
    }
    std::vector<json> reports(const std::string& kind) {
        std::vector<json> some = reports();
        std::erase_if(some, [&](const json& report) { return report["kind"] != kind; });
        return some;
    }
    std::vector<json> reports() {
        std::vector<json> all;
        for (const agent::OutboxRow& row : engine_->unsent(1000))
            all.push_back(json::parse(row.body));
        return all;
    }

    Options options_{.host_id = "host-1"};
    std::atomic<std::int64_t> now_{1'795'000'000'123};  // the engine's wall clock
    std::filesystem::path directory_;
    fakes::FakeMachine machine_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<Engine> engine_;
    std::mutex mutex_;
    std::condition_variable wake_;
    int changes_ = 0;
};

}  // namespace metalwright::engine
