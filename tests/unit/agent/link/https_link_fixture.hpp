#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "agent/link/https_link.hpp"
#include "tests/fakes/fake_desk.hpp"
#include "tests/unit/agent/link/test_server.hpp"
#include "tests/unit/agent/link/threads.hpp"

namespace metalwright::agent::link {

/// A link between a FakeDesk and servers of the test, with waits of milliseconds.
class HttpsLinkTest : public testing::Test {
 protected:
    ~HttpsLinkTest() override {
        stop();
        threads_.end();
    }

    HttpsOptions options(const std::vector<std::string>& urls) {
        HttpsOptions made;
        for (const std::string& url : urls) made.bases.push_back(parse_base_url(url).value());
        made.host_id = "host 7";
        made.connect_timeout = std::chrono::milliseconds(500);
        made.answer_timeout = std::chrono::milliseconds(5000);
        made.wait = std::chrono::seconds(0);
        made.backoff = {std::chrono::milliseconds(1), std::chrono::milliseconds(8)};
        made.absent_most = std::chrono::milliseconds(8);
        made.denied = std::chrono::milliseconds(1);
        made.pace = std::chrono::milliseconds(1);
        made.seed = 1;
        return made;
    }
    void start(HttpsOptions made) {
        threads_.on_io([&] {
            link_ = std::make_unique<HttpsLink>(threads_.io, threads_.pool, desk_, std::move(made));
            link_->start();
        });
    }
    void stop() {
        threads_.on_io([&] { link_.reset(); });
    }
    bool submitted(std::size_t count) {
        return eventually([&] { return desk_.submissions().size() >= count; });
    }

    TempDir dir_;
    FakeDesk desk_;
    Threads threads_;
    std::unique_ptr<HttpsLink> link_;
};

inline bool is_get(const Seen& seen) {
    return seen.method == "GET";
}

inline std::vector<Seen> gets(const std::vector<Seen>& all) {
    std::vector<Seen> found;
    std::copy_if(all.begin(), all.end(), std::back_inserter(found), is_get);
    return found;
}

}  // namespace metalwright::agent::link
