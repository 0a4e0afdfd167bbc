#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/desk/desk.hpp"
#include "agent/engine/hold.hpp"
#include "agent/engine/rooms.hpp"
#include "agent/engine/upkeep.hpp"
#include "agent/spec/desired.hpp"
#include "agent/store/store.hpp"
#include "cloudinit/user_data.hpp"
#include "raid/watch.hpp"
#include "raid/watch_controllers.hpp"

namespace metalwright::vendor {
struct Dialect;
}

namespace metalwright::engine {

struct Answer;
struct Look;
class LiveCall;

struct Options {
    std::string host_id;
    std::filesystem::path catalogue{};  ///< empty: no vendor ids are known
    netcfg::NicSelector nic{};          ///< used where a document names none
    netcfg::Limits limits{};
    netcfg::Guard guard{};
    netcfg::NicSelector wan{};            ///< none named: netcfg::choose_wan()
    std::vector<netcfg::Prefix> pools{};  ///< delegated to this host, for addresses by number
    bool shape_ingress = false;           ///< what comes in is shaped as well
    netcfg::NeighbourFiles neighbours{};
    std::chrono::seconds script_timeout{3600};  ///< used where a document gives none
    cloudinit::UserDataLimits user_data{};
    std::filesystem::path trusted_keys{};  ///< of who may sign a link's documents; empty: nobody's
    bool require_signature = false;        ///< a link's document without one is refused
};

/// Milliseconds since 1970, UTC.
using WallClock = std::function<std::int64_t()>;

/// Desired state in, plans run, outcomes out. One worker thread applies one operation at a time;
/// inside it raid and netcfg work side by side. Everything that must survive is in the store before
/// it is acted on, so after a crash nothing is replayed: the host is observed and planned again.
class Engine final : public agent::Desk {
 public:
    Engine(Options options, store::Store& store, Machine& machine, WallClock clock);
    ~Engine() override;

    /// Locks what destroys data when the store may not know all that was done to this host. Then
    /// takes up what was left unfinished, else verifies what is in force (without ever planning a
    /// write to a disk), then serves operations as they come.
    void start();

    /// Parks the step in hand: no further step is begun. True when the worker has stopped within
    /// `bound`; false when a program is still running (the operation is resumed at the next start).
    bool stop(std::chrono::milliseconds bound);

    // Desk
    std::expected<agent::Accepted, Errors> submit(const agent::Submission& submission) override;
    std::expected<std::string, Errors> plan(const agent::Submission& submission) override;
    std::string status() override;
    std::optional<std::string> status_at_hand() override;
    void link_changed(const agent::LinkStatus& status) override;
    std::string operations(std::size_t limit) override;
    Result<std::string> operation(std::int64_t id) override;
    Result<std::string> cancel(std::int64_t id) override;
    Result<agent::InForce> in_force(const std::string& source) override;
    Result<std::string> leases() override;
    Result<void> ready() override;
    Result<std::string> events(std::int64_t operation, std::int64_t after) override;
    Result<std::string> inventory() override;
    Result<std::string> arm() override;
    Result<std::string> set_hold(std::string_view request) override;
    std::expected<std::string, Errors> addresses() override;
    std::expected<std::string, Errors> edit_addresses(std::string_view request) override;
    std::expected<std::string, Errors> replace_disk(std::string_view request) override;
    std::expected<std::string, Errors> locate_disk(std::string_view request) override;
    Result<std::string> script_log(std::int64_t from) override;
    std::shared_ptr<agent::Desk::VendorCall> call(agent::VendorRequest request) override;
    std::vector<agent::OutboxRow> unsent(std::size_t limit) override;
    Result<void> acknowledge(std::int64_t seq) override;
    std::uint64_t on_change(std::function<void()> changed) override;
    void forget(std::uint64_t subscription) override;

    /// Puts back what is ordered of the network and is not there (any more): for the Keeper, when
    /// the kernel has told of a change. `later` vetoes what is to wait. Waits while an operation is
    /// at work on the network. Does nothing while the network is held or no instance is in force.
    /// What an operation is still to do, and nobody has taken away, is not put back.
    /// `deserted`: see netcfg::Wanted.
    Upkeep put_back(const Veto& later, std::vector<int> deserted = {});
    /// Items of ours are taken away again and again: told once, each in a report of its own.
    void tell_fights(const std::vector<std::string>& items);
    Hold hold();
    /// Looks at the arrays and tells what has become of them since the last look: events, and a
    /// report each of the kind "array". For a Watch.
    void watch_arrays();
    /// The same for hardware RAID, whose tools take seconds: reports of the kind "controller".
    void watch_controllers();

    /// Answers when worker and store answer: for the watchdog.
    Result<void> ping() { return store_.ping(); }

 private:
    friend class OperationJournal;
    struct Work;  // one operation while it is performed

    void serve();
    void lock_when_in_doubt();
    void take_up_unfinished();
    void perform(const store::Operation& operation);
    void perform_release(const store::Operation& operation);
    std::vector<ItemResult> release_script(const store::Operation& operation);
    std::vector<ItemResult> release_network(const store::Operation& operation);
    std::vector<ItemResult> release_first_boot(const store::Operation& operation);
    std::vector<ItemResult> release_storage(const store::Operation& operation);
    Result<raid::Wanted> arrays_to_remove();
    void take_back_groups(const store::Operation& operation);
    void run_rooms(Work& work);
    Result<void> name_arrays(Work& work, raid::Wanted& wanted, StorageRun& room);
    std::vector<store::Identity> completed(const raid::Wanted& wanted,
                                           const std::vector<ItemResult>& items,
                                           const std::string& instance);
    void run_first_boot(Work& work);
    void run_script(Work& work);
    void watch_script();
    void script_has_ended(const std::string& instance, cloudinit::ScriptStatus status);
    Result<void> let_go(store::ScriptRun& run, const std::optional<store::Lock>& lock);
    bool begin_again(store::ScriptRun run, const cloudinit::ScriptStatus& status);
    void stream_output(const store::ScriptRun& run, bool to_the_end);
    bool settle_script(store::ScriptRun run, const cloudinit::ScriptStatus& status);
    void finish(const store::Operation& operation, std::vector<ItemResult> items);
    void take_up_later(const store::Operation& operation, const Error& why);
    Result<std::vector<spec::Sourced>> documents();
    std::expected<spec::HostSpec, Errors> desired();
    std::expected<spec::HostSpec, Errors> desired_with(const std::string& source,
                                                       const spec::HostSpec& document);
    std::expected<std::string, Errors> plan_document(const std::string& source,
                                                     const spec::HostSpec& document);
    std::expected<void, Errors> lease(const std::string& source, spec::HostSpec& document);
    Result<raid::Wanted> storage_wanted(const spec::HostSpec& spec,
                                        const store::Operation& operation);
    netcfg::Wanted network_wanted(const spec::HostSpec& spec) const;
    Result<netcfg::Owned> network_owned();
    void refuse_upwards(const agent::Submission& submission, const Errors& errors);
    std::expected<spec::HostSpec, Errors> read(const agent::Submission& submission);
    std::expected<void, Errors> fits_this_host(const spec::HostSpec& spec);
    Result<spec::HostSpec> ordered_by(const std::string& source);
    Result<void> nothing_under_way();
    /// What is to be written with an operation, once it is known for which instance.
    using WithIt = std::function<store::Ledger(const std::string& instance)>;
    std::expected<agent::Accepted, Errors> take_in(const agent::Submission& submission,
                                                   spec::HostSpec spec, const WithIt& with = {});

    class Batch;
    void accept_calls();
    bool is_known_still(const vendor::Dialect& dialect, const store::Call& call) const;
    void repeat(const std::shared_ptr<LiveCall>& live, const store::Call& known);
    std::expected<std::unique_ptr<Look>, Errors> look();
    static void fill_addresses(Look& look);
    store::Ledger ended_calls(std::int64_t operation, const std::vector<ItemResult>& items);
    void answer_calls(std::int64_t operation, const store::Ledger& ended);
    void take_back_calls(std::vector<std::pair<std::shared_ptr<LiveCall>, Answer>> held);
    void look_after_resources();
    void settle_resources();
    std::string status_now();
    void changed();
    bool stopping() const { return stopping_.load(); }
    bool is_held(const store::Operation& operation);
    std::optional<Error> cancelled(std::int64_t operation) const;
    void tell(const Upkeep& upkeep, const std::string& instance);
    void tell(const raid::Turn& turn);
    void tell(const raid::ControllerTurn& turn);

    Options options_;
    store::Store& store_;
    Machine& machine_;
    WallClock clock_;

    std::mutex network_mutex_;  // one room at work on the network at a time; of what follows
    std::int64_t network_operation_ = 0;            // the newest that has been at work on it
    std::optional<netcfg::Wanted> network_wanted_;  // by that one; nothing: it was a release
    std::atomic<std::int64_t> restored_{0};
    std::mutex arrays_mutex_;
    std::vector<raid::Array> arrays_seen_;  // at the last glance
    raid::Controllers controllers_seen_;    // at the last look
    std::mutex accept_mutex_;               // one document is decided on at a time
    std::mutex mutex_;                      // of what follows
    std::condition_variable wake_;
    std::deque<std::int64_t> queue_;
    std::atomic<std::int64_t> cancelled_{0};  // the operation at work, once it is to end
    std::atomic<bool> stopping_{false};
    bool stopped_ = false;
    bool waits_for_store_ = false;                 // the first of the queue could not be finished
    std::optional<std::string> watched_instance_;  // worker only: its script is running
    std::chrono::steady_clock::time_point next_output_{};  // worker only: when it is looked at
    std::mutex status_mutex_;
    std::string status_text_;
    using Counts = std::array<std::int64_t, 4>;
    Counts status_counts_{-1};            // as they were when it was made
    std::atomic<std::int64_t> looks_{0};  // at arrays and controllers
    std::mutex links_mutex_;
    std::map<std::string, agent::LinkStatus> links_;  // by name
    std::atomic<std::int64_t> links_told_{0};
    std::map<std::uint64_t, std::function<void()>> subscribers_;
    std::uint64_t next_subscription_ = 1;
    struct Calls;  // of vendors, while somebody waits for them
    std::unique_ptr<Calls> calls_;
    bool resources_changed_ = false;       // the worker looks after them
    std::int64_t next_settlement_ms_ = 0;  // worker only: when it does so anyway; 0: never
    std::thread worker_;
};

}  // namespace metalwright::engine
