#pragma once

#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/desk/desk.hpp"
#include "agent/engine/engine.hpp"
#include "agent/engine/json.hpp"
#include "agent/spec/desired.hpp"
#include "agent/store/store.hpp"
#include "agent/vendor/dialect.hpp"

namespace metalwright::engine {

/// How a call has ended, before it is put into its vendor's frame: what is kept for its repeats.
struct Answer {
    unsigned status = 200;
    bool refused = false;
    Json body;  ///< the reply's body; of a refusal {"code","message"}

    static Answer of(const vendor::Reply& reply) { return {reply.status, false, reply.body}; }
    static Answer of(const vendor::Refusal& refusal) {
        return {refusal.status, true, {{"code", refusal.code}, {"message", refusal.message}}};
    }
    static Answer from_store(const store::Call& call);
    void put_into(store::Call& call) const;
};

/// One call while somebody waits for its answer. Thread-safe.
class LiveCall final : public agent::Desk::VendorCall {
 public:
    LiveCall(agent::VendorRequest asked, vendor::Found where, std::string id)
        : request(std::move(asked)), found(std::move(where)), request_id_(std::move(id)) {}

    std::optional<agent::VendorReply> reply(bool last) override;
    /// Names it among those that wait.
    const std::string& ticket() const { return request_id_; }
    void end(const Answer& answer);
    /// What is said when nobody can wait any longer.
    void meanwhile(const Answer& answer);

    const agent::VendorRequest request;
    const vendor::Found found;
    std::string token{};
    std::string digest{};

 private:
    agent::VendorReply framed(const Answer& answer) const;

    std::string request_id_;
    std::mutex mutex_;
    std::optional<Answer> answer_{};
    std::optional<Answer> meanwhile_{};
};

/// What is kept of a call for when its operation has ended.
struct Memo {
    Json memo;
    std::string instance;
    std::vector<std::string> drawn{};
    std::vector<std::string> added{};  ///< items
    bool all_or_nothing = false;
    std::string ticket{};  ///< whoever waits for this call names it so

    std::string text() const;
    static Memo from(const std::string& text);
};

/// A look at the host for those who decide on calls. Not movable: the parts refer to each other.
struct Look {
    spec::Catalogue catalogue{};
    std::vector<spec::Sourced> documents{};  ///< as they are wanted, with their leases
    spec::HostSpec merged{};
    vendor::Host host{.catalogue = catalogue};

    Look() = default;
    Look(const Look&) = delete;
    Look& operator=(const Look&) = delete;
};

/// Without a file no vendor id is known. Errors name the file: the order is not at fault.
std::expected<spec::Catalogue, Errors> load_catalogue(const std::filesystem::path& file);

/// Whether the vendor refuses it where its token came before with this.
bool is_other(const LiveCall& live, const store::Call& before);

struct Engine::Calls {
    /// Waits for an operation: for the answer of the call with this ticket, or with the answer.
    struct UnderWay {
        std::shared_ptr<LiveCall> live;
        std::string ticket;
        std::optional<Answer> answer;
    };

    // Under the engine's own mutex:
    std::vector<std::shared_ptr<LiveCall>> waiting{};
    bool accepting = false;  ///< somebody takes along what comes to wait
    // Under this one, which is locked behind that of acceptance:
    std::mutex mutex{};
    std::multimap<std::int64_t, UnderWay> under_way{};  ///< by operation
};

vendor::Resource from_store(const store::Resource& row);
store::Resource to_store(const vendor::Resource& resource);
store::Ledger to_store(const vendor::Ledger& ledger);

}  // namespace metalwright::engine
