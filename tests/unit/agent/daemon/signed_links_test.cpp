// Both links, as the configuration makes them, in front of the engine: what a control plane, and
// whoever stands between it and the host, can bring about.

#include <fstream>
#include <sstream>

#include "agent/daemon/links.hpp"
#include "tests/unit/agent/document_signer.hpp"
#include "tests/unit/agent/engine/engine_fixture.hpp"
#include "tests/unit/agent/link/test_server.hpp"
#include "tests/unit/agent/link/threads.hpp"

namespace metalwright::daemon {
namespace {

using agent::link::Act;
using agent::link::answer;
using agent::link::eventually;
using agent::link::Seen;
using agent::link::TempDir;
using agent::link::TestServer;
using agent::link::Threads;
using nlohmann::json;
using tests::DocumentSigner;

class SignedLinks : public engine::EngineTest {
 protected:
    SignedLinks() {
        std::ofstream(place_.path() / "keys.json")
            << R"({"keys":[)" + tests::jwk("2026-a", tests::rfc_public) + "]}";
        options_.trusted_keys = place_.path() / "keys.json";
        options_.require_signature = true;
        start();
    }
    ~SignedLinks() override {
        threads_.on_io([&] { links_.reset(); });
        threads_.end();
    }

    void start_links(const Config& config) {
        threads_.on_io([&] {
            auto made = make_links(config, "host-1", threads_.io, threads_.pool, *engine_, {});
            ASSERT_TRUE(made) << describe(made.error());
            links_ = std::move(*made);
            links_->start();
        });
    }
    /// Whether the host has a document of this source in force, as this generation.
    bool in_force(const std::string& source, std::uint64_t generation) {
        const auto document = engine_->in_force(source);
        return document && document->generation == generation;
    }
    /// The host name that was ordered last from this source.
    std::string ordered(const std::string& source) {
        const auto document = engine_->in_force(source);
        return document ? json::parse(document->document).value("hostname", "") : "";
    }

    TempDir place_;
    Threads threads_;
    std::unique_ptr<Links> links_;
};

TEST_F(SignedLinks, AProxyCanNeitherOrderNorRepeatNorCarryOver) {
    const std::string old = engine::document({{"hostname", "old"}});
    const std::string now = engine::document({{"hostname", "now"}});
    const std::string forged = engine::document({{"hostname", "forged"}});
    const DocumentSigner signer;
    struct Answer {
        std::string document;
        std::uint64_t etag;
        std::string signature;
    };
    const std::vector<Answer> answers{
        {forged, 9, ""},                             // its own
        {old, 1, signer.sign(old, "host-1", 1)},     // the control plane's
        {now, 2, signer.sign(now, "host-1", 2)},     // and the next
        {forged, 3, signer.sign(now, "host-1", 2)},  // its own, under that signature
        {old, 4, signer.sign(old, "host-1", 1)},     // the first one as if it were new
        {now, 5, signer.sign(now, "host-2", 5)},     // one for another host
        {forged, 6, ""},                             // with the signature taken off
        {old, 1, signer.sign(old, "host-1", 1)},     // the first one as it was
    };
    std::mutex mutex;
    std::size_t turn = 0;
    std::vector<json> reports;
    TestServer server([&](const Seen& seen) {
        const std::lock_guard lock(mutex);
        if (seen.method == "POST") {
            json batch = json::parse(seen.body)["reports"];
            for (json& report : batch) reports.push_back(report);
            return answer(200, json{{"safe", batch.back()["seq"]}}.dump());
        }
        if (turn == answers.size()) return Act{.hang = true};
        const Answer& now_said = answers[turn++];
        return answer(200, now_said.document,
                      "ETag: \"" + std::to_string(now_said.etag) + "\"\r\n" +
                          (now_said.signature.empty()
                               ? ""
                               : "Metalwright-Signature: " + now_said.signature + "\r\n"));
    });
    Config config;
    config.urls = {server.url()};
    start_links(config);
    const auto refused = [&] {
        const std::lock_guard lock(mutex);
        std::vector<std::string> all;
        for (const json& report : reports)
            if (report["kind"] == "refused")
                all.push_back(std::to_string(report["generation"].get<int>()) + " " +
                              report["errors"][0]["where"].get<std::string>());
        return all;
    };
    ASSERT_TRUE(eventually([&] { return refused().size() >= 6; }));
    EXPECT_EQ(refused(),
              (std::vector<std::string>{"9 signature", "3 signature", "4 signature/generation",
                                        "5 signature/host", "6 signature", "1 /generation"}));
    EXPECT_TRUE(in_force("link", 2));
    EXPECT_EQ(ordered("link"), "now");
}

TEST_F(SignedLinks, ADirectoryTakesWhatIsSignedBesideIt) {
    const auto box = place_.path() / "box";
    std::filesystem::create_directory(box);
    std::filesystem::permissions(box, std::filesystem::perms::owner_all);
    const auto drop = [&](const std::string& name, const std::string& text) {
        std::ofstream(place_.path() / "new") << text;
        std::filesystem::rename(place_.path() / "new", box / name);
    };
    const auto said_of = [&](const std::string& name) {
        std::stringstream text;
        text << std::ifstream(box / (name + ".result")).rdbuf();
        return text.str();
    };
    Config config;
    config.watched_directory = box;
    start_links(config);
    const std::string text = engine::document();
    drop("bare.json", text);
    ASSERT_TRUE(eventually([&] { return said_of("bare.json").contains("is not signed"); }));
    drop("order.json.jws", DocumentSigner().sign(text, "host-1", 3) + "\n");
    drop("order.json", text);
    ASSERT_TRUE(eventually([&] { return said_of("order.json").contains("\"generation\":3"); }));
    EXPECT_TRUE(in_force("file", 3));
}

}  // namespace
}  // namespace metalwright::daemon
