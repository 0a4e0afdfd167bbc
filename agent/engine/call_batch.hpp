#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/engine/calls.hpp"

namespace metalwright::engine {

using Live = std::shared_ptr<LiveCall>;

/// Calls that are being accepted together.
class Engine::Batch {
 public:
    Batch(Engine& engine, std::unique_ptr<Look> look) : engine_(engine), look_(std::move(look)) {}

    void take(const Live& live);
    /// Makes all of it durable, and answers those who need not wait.
    void commit();
    /// One that has ended, and is told so once what is taken back with this batch is gone.
    void hold(const Live& live, Answer answer) { held_.emplace_back(live, std::move(answer)); }
    Look& look() { return *look_; }
    /// Edits the addresses that are wanted, here; commit() makes it so. What it added, as items.
    std::expected<std::vector<std::string>, Errors> edit(const spec::AddressEdit& edit,
                                                         std::vector<std::string>& drawn,
                                                         bool& changes);
    store::Ledger& ledger() { return ledger_; }

 private:
    /// One that is accepted with the others, and waits for their operation.
    struct Waiting {
        Live live;
        Memo memo;
        store::Call row;
        std::vector<Live> twins{};                ///< that came with the same token a moment later
        std::optional<spec::AddressEdit> edit{};  ///< not yet made
        std::optional<Answer> refused{};          ///< by itself, without the others
    };

    void decide(const Live& live);
    void take(const Live& live, vendor::Order& order, const Json& memo);
    void take(const Live& live, vendor::Reinstall& reinstall, const Json& memo);
    void accept(const Live& live, const agent::Submission& submission, spec::HostSpec spec,
                const Json& memo);
    void take(const Live& live, const vendor::Edit& edit, Json memo);
    void take(const Live& live, const vendor::Ledger& ledger, const Json& memo);
    void make(Waiting& one);
    void make_all();
    void foresee(const spec::AddressEdit& edit);
    void see(const spec::HostSpec& document);
    void fail(const Errors& errors);
    store::Call row_of(const Live& live) const;

    Engine& engine_;
    std::unique_ptr<Look> look_;
    std::optional<spec::HostSpec> document_{};  ///< of the addresses, once it is edited
    store::Ledger ledger_{};
    std::vector<Waiting> edits_{};
    std::vector<std::pair<Live, Answer>> noted_{};  ///< answered once the ledger is durable
    std::vector<std::pair<Live, Answer>> held_{};
};

}  // namespace metalwright::engine
