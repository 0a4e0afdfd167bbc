#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/store/database.hpp"
#include "agent/store/host_mark.hpp"
#include "core/plan.hpp"
#include "sys/fd.hpp"

namespace metalwright::store {

/// One source of desired state and the document of it that is in force.
struct Source {
    std::string name;              ///< "link", "file", "admin"
    std::uint64_t generation = 0;  ///< the newest accepted; kept after a release
    std::string digest{};          ///< host-keyed HMAC of the content, hex
    std::string document{};        ///< spec/store_form; empty after a release
    std::int64_t operation = 0;    ///< the last one it began
    std::string last_digest{};     ///< of what began that: the document, or a deed that kept it
};

/// One accepted request. Times are milliseconds since 1970, UTC.
struct Operation {
    std::int64_t id = 0;
    std::string source;
    std::string kind;   ///< apply, release, resetPassword, boot
    std::string state;  ///< queued, applying, cancelling, done, degraded, failed
    std::uint64_t generation = 0;
    std::string instance;
    std::optional<std::string> token{};
    std::string digest{};
    std::string consent{};  ///< wipe consent as JSON text; dead once the operation has finished
    std::int64_t accepted_ms = 0;
    std::optional<std::int64_t> finished_ms{};
    std::int64_t mutations = 0;  ///< netlink changes the kernel was asked for

    bool finished() const { return finished_ms.has_value(); }
};

/// The state of an operation that is to end before its time.
inline constexpr std::string_view cancelling = "cancelling";

/// A call of a vendor's API that changes something: what it was, and how it ended.
struct Call {
    std::int64_t id = 0;
    std::string vendor;
    std::optional<std::string> token{};
    std::string digest{};        ///< host-keyed HMAC of the whole request, hex
    std::string route{};         ///< the vendor's name of the operation
    std::int64_t operation = 0;  ///< what it waits for, or has waited for; 0: nothing
    std::string memo{};          ///< JSON, as the engine has it
    std::string undo{};          ///< what is to be taken back of it, JSON; empty: nothing
    unsigned status = 0;         ///< HTTP; 0: it has not ended
    std::string answer{};        ///< JSON
    std::int64_t at_ms = 0;      ///< when it came last

    bool ended() const { return status != 0; }
};

/// Something that vendors' calls have made and that is in no document.
struct Resource {
    std::string id;
    std::string kind;
    std::string state{};
    std::string body{};  ///< JSON
    std::int64_t operation = 0;
    std::int64_t changed_ms = 0;

    bool operator==(const Resource&) const = default;
};

/// What is written about calls and resources together with something else, or by itself.
struct Ledger {
    std::vector<Call> calls{};  ///< new ones (id 0), or as they are from now on
    std::vector<Resource> put{};
    std::vector<std::string> dropped{};  ///< ids of resources

    bool empty() const { return calls.empty() && put.empty() && dropped.empty(); }
};

/// A document that passed every rule, about to become an operation.
struct Candidate {
    std::string source;
    std::string kind;
    std::uint64_t generation = 0;
    std::string instance;
    std::optional<std::string> token{};
    std::string digest;
    std::string document;  ///< empty: the source's document is dropped (release) or kept
    std::string consent{};
    std::optional<std::string> script{};  ///< user data, decoded; kept until it has been launched
    std::int64_t script_timeout_s = 0;
    std::string run_order{};    ///< as ScriptRun's
    std::string order_again{};  ///< the same, for a run that is armed again
    bool rerun_interrupted = false;
    /// What was done once for the instance is forgotten, a run of user data that has ended as well.
    bool anew = false;
    std::string report;        ///< outbox body told with it; empty: none
    bool report_once = false;  ///< it tells what is told nowhere else: never left out
    /// Written with it. An operation of `this_one` becomes the number of this one.
    Ledger ledger{};
    static constexpr std::int64_t this_one = -1;
};

/// What is remembered of an array and its file system from before they are made.
struct Identity {
    std::string name;
    std::string instance;
    std::string md_uuid;
    std::string fs_uuid;
    bool complete = false;
    std::string members{};  ///< serials, one a line
};

/// The one run of user data of an instance.
struct ScriptRun {
    std::string instance;
    std::int64_t operation = 0;
    std::string state;  ///< cloudinit::to_string(ScriptState)
    std::optional<std::int64_t> exit_code{};
    std::optional<std::int64_t> signal{};
    std::string bytes{};  ///< empty once it has ended
    std::int64_t timeout_s = 0;
    std::string run_order{};  ///< how it is gone about, in the engine's words
};

/// How the host stands: what is in force and the operation that tells of it, read as one.
struct Standing {
    std::optional<std::string> instance{};
    std::optional<Operation> operation{};  ///< the oldest unfinished, else the newest
    std::vector<ItemResult> items{};       ///< of the operation
    std::optional<ScriptRun> script{};     ///< of the operation's instance
    std::int64_t reports_waiting = 0;      ///< in the outbox
};

struct Event {
    std::int64_t seq = 0;
    std::int64_t at_ms = 0;
    std::string kind;  ///< intent, outcome, progress, state, userData
    std::string body;  ///< JSON object
};

struct Report {
    std::int64_t seq = 0;
    std::string body;  ///< JSON object without its seq
};

/// What destroys data waits for an operator.
struct Lock {
    std::string reason;         ///< a clause: "the store was made anew, ..."
    std::int64_t since_ms = 0;  ///< milliseconds since 1970, UTC
};

/// How far back the store remembers: the newest so many operations with their items and events, so
/// many by themselves, and so many of those that came with a token, which is not carried out again.
inline constexpr std::int64_t kept_details = 100;
inline constexpr std::int64_t kept_operations = 1'000;
inline constexpr std::int64_t kept_tokens = 10'000;

/// Where a document in force has user data, and the id of its instance: JSON paths of SQLite's.
/// One without an id is of any instance.
struct OrderedBy {
    std::string_view user_data;
    std::string_view instance;
};

/// All durable state of the agent, in one SQLite file. Thread-safe; every call that writes is one
/// transaction that is on the disk when it returns (WAL, synchronous=FULL), but for those that say
/// "soon": they outlive the process, and a loss of power once any other call has returned. No
/// report leaves before it is on the disk. Errors: io; no_space, where the file system is full:
/// nothing is written then, what is there can be read, and the next call may succeed.
class Store {
 public:
    /// `directory`/state.db, made if absent. The directory is this store's alone while it lives.
    /// A file that is damaged is kept beside it under another name, and a new one made: see
    /// set_aside(). Errors: busy (another one has it); no_space; io (another program's file, or a
    /// newer version's).
    static Result<std::unique_ptr<Store>> open(const std::filesystem::path& directory,
                                               std::uint64_t outbox_max_bytes);

    /// 32 random bytes drawn when the store was made: the key of every HMAC here.
    const std::string& host_key() const { return host_key_; }
    /// The file was made by this open(): whatever ran before is not known.
    bool was_created() const { return created_; }
    /// What was damaged and under which name it is kept, as a clause; empty: nothing was.
    const std::string& set_aside() const { return set_aside_; }
    /// Calls `tell` once the file is found to be damaged while it is worked with, on the thread
    /// that has found it: the next open() sets it aside.
    void on_damage(std::function<void()> tell) { db_.on_damage(std::move(tell)); }

    // -- what is in force
    Result<std::optional<std::string>> instance();
    Result<std::vector<Source>> sources();
    Result<std::optional<std::string>> last_released();
    /// The instance in force has reached `running` once: an operation of it finished as done.
    Result<bool> has_run(const std::string& instance);

    Result<Standing> standing();

    // -- operations
    /// A token names one request, whichever source it comes from.
    Result<std::optional<Operation>> by_token(std::string_view token);
    /// Token, operation, generation, document, instance, user data and report in ONE transaction.
    /// The first document that a store accepts leaves its mark on the host before that.
    Result<std::int64_t> accept(const Candidate& candidate, std::int64_t now_ms);
    Result<std::optional<Operation>> operation(std::int64_t id);
    Result<std::vector<Operation>> operations(std::size_t limit);
    Result<std::vector<Operation>> unfinished();  ///< oldest first
    Result<std::vector<ItemResult>> items(std::int64_t operation);
    /// Soon.
    Result<void> set_state(std::int64_t operation, std::string_view state, std::int64_t now_ms);
    /// From now on its state is `cancelling`, unless it has ended.
    Result<void> cancel(std::int64_t operation, std::int64_t now_ms);
    /// Final state, items, the release of the instance if that is what it was, and the report.
    Result<void> finish(std::int64_t operation, std::string_view state,
                        std::span<const ItemResult> items, std::string_view report,
                        std::int64_t now_ms, const Ledger& ledger = {});
    /// Adds to what the kernel was asked for; an operation may be performed in several goes. Soon.
    Result<void> add_mutations(std::int64_t operation, std::int64_t mutations);

    // -- journal: an intent without outcome is what was in hand when the power went
    Result<std::int64_t> intend(std::int64_t operation, std::string_view body, std::int64_t now_ms);
    /// The same, counted (see below): for what writes to a disk. On an error nothing may be
    /// written.
    Result<std::int64_t> intend_write(std::int64_t operation, std::string_view body,
                                      std::int64_t now_ms);
    /// Soon: after a loss of power what was done is found done, and its intent says by whom.
    Result<void> outcome(std::int64_t operation, std::int64_t intent,
                         std::span<const ItemResult> items, std::string_view body,
                         std::string_view report, std::int64_t now_ms);
    /// The intents of an operation that have no outcome, oldest first.
    Result<std::vector<Event>> open_intents(std::int64_t operation);
    /// Soon.
    Result<void> event(std::int64_t operation, std::string_view kind, std::string_view body,
                       std::int64_t now_ms);
    /// One event of the host and the reports of it, none of which is left out: all or nothing.
    Result<void> event_with_reports(std::string_view kind, std::string_view body,
                                    std::span<const std::string> reports, std::int64_t now_ms);
    Result<std::vector<Event>> events(std::int64_t operation, std::int64_t after,
                                      std::size_t limit);
    /// The number of the newest event of an operation; 0 when it has none.
    Result<std::int64_t> newest_event(std::int64_t operation);

    // -- what is ours
    Result<std::vector<Identity>> identities();
    Result<void> remember(std::span<const Identity> identities);
    /// The same, counted (see below): a copy of the store from before it must never finish them a
    /// second time.
    Result<void> remember_complete(std::span<const Identity> identities);
    /// By name, once nothing is left of them, with what was done to them once.
    Result<void> forget(std::span<const std::string> arrays);
    Result<std::vector<std::pair<std::string, std::string>>> owned();  ///< kind, value
    Result<void> set_owned(std::span<const std::pair<std::string, std::string>> owned);
    /// What was done once, and is never done again, to an instance or to a volume ("volume/<name>",
    /// which no instance is called).
    Result<std::vector<std::string>> once_done(const std::string& of);
    Result<void> mark_once(const std::string& of, std::span<const std::string> items,
                           std::int64_t operation, std::int64_t now_ms);

    // -- calls of vendors' APIs
    Result<std::optional<Call>> call(std::string_view vendor, std::string_view token);
    /// It came once more, at this time; what has become of it meanwhile stays as it is.
    Result<void> came_again(std::int64_t call, std::int64_t at_ms);
    /// Those that have not ended, or of which something is to be taken back still.
    Result<std::vector<Call>> open_calls();
    Result<std::vector<Resource>> resources();
    /// In one transaction. Of calls that have ended the newest hundred thousand are kept.
    Result<void> note(const Ledger& ledger);

    /// An operator's hold, as engine/hold.hpp writes it; empty when there never was one.
    Result<std::string> hold();
    Result<void> set_hold(std::string_view hold, std::string_view report, std::int64_t now_ms);

    // -- user data
    Result<std::optional<ScriptRun>> script(const std::string& instance);
    /// State, exit code and signal of a run, with its event and report. Once neither bytes nor
    /// order of it are left, the documents of its instance lose what `ordered` names, and nothing
    /// of it stays in the database's log.
    Result<void> set_script(const ScriptRun& run, const OrderedBy& ordered, std::string_view report,
                            std::int64_t now_ms);
    /// set_script() of a run that is about to start, counted (see below). On an error it must not
    /// be started.
    Result<void> start_script(const ScriptRun& run, std::int64_t now_ms);
    /// How far its output has been reported, with that report; at the outbox's bound without it.
    Result<void> note_output(const ScriptRun& run, std::string_view report, std::int64_t now_ms);

    // -- the lock on what destroys data (see host_mark.hpp). What is counted makes the store's
    // count of such events rise, and then the host's, both durably: a copy of the store that was
    // made earlier is known for one. Nothing is counted while locked.
    /// Why this store may not know all that was done to this host; nothing when it does.
    Result<std::optional<std::string>> doubt(bool user_data_has_run);
    std::optional<Lock> locked();
    /// Outlives the process, and tells the report. Where it cannot be written, this process is
    /// locked all the same.
    Result<void> set_lock(const Lock& lock, std::string_view report);
    /// From now on this store is the one that knows this host: its mark is left, then the lock
    /// goes, with the report. Does nothing when it is not locked.
    Result<void> unlock(std::string_view report, std::int64_t now_ms);

    // -- outbox
    Result<std::vector<Report>> unsent(std::size_t limit);
    Result<void> acknowledge(std::int64_t seq);
    Result<void> report(std::string_view body, std::int64_t now_ms);
    /// Whether new documents must wait until the control plane has taken reports: the outbox is at
    /// twice its bound. At its bound reports of single steps are left out; final ones never are.
    bool outbox_full();

    /// Rises with every row that is written: what was read at the same count is as it was.
    std::int64_t writes();
    /// The same without waiting; nothing while somebody is at work on the store.
    std::optional<std::int64_t> writes_at_hand();

    /// Answers when the database answers: the liveness check of the watchdog.
    Result<void> ping();

 private:
    Store(sys::Fd alone, Database db, std::uint64_t outbox_max_bytes,
          std::filesystem::path mark_file)
        : alone_(std::move(alone)),
          db_(std::move(db)),
          outbox_max_bytes_(outbox_max_bytes),
          mark_file_(std::move(mark_file)) {}
    static Result<std::unique_ptr<Store>> open_file(const std::filesystem::path& file,
                                                    sys::Fd& alone, std::uint64_t outbox_max_bytes,
                                                    bool& damaged);
    Result<void> migrate();
    Result<void> prune(std::int64_t newest);
    Result<void> put_state(std::int64_t operation, std::string_view state, std::int64_t now_ms);
    Result<void> put_report(std::string_view body, bool droppable, std::int64_t now_ms);
    Result<void> put_event(std::int64_t operation, std::string_view kind, std::string_view body,
                           std::int64_t now_ms);
    Result<void> put_script(const ScriptRun& run, std::int64_t now_ms);
    Result<void> put_call(const Call& call, std::int64_t operation);
    Result<void> catch_up();
    Result<void> put_ledger(const Ledger& ledger, std::int64_t operation);
    Result<void> put_identities(std::span<const Identity> identities);
    Result<void> count_in_store(HostMark& next);
    Result<void> commit_counted(Transaction& tx);
    Result<void> put_items(std::int64_t operation, std::span<const ItemResult> items);
    Result<std::vector<ItemResult>> read_items(std::int64_t operation);
    Result<std::optional<ScriptRun>> read_script(const std::string& instance);
    static Result<std::vector<Event>> read_events(Statement& query);
    Result<std::optional<std::string>> meta(std::string_view key);
    Result<void> set_meta(std::string_view key, const std::optional<std::string>& value);
    Result<void> count_outbox();
    Result<void> load_lock();
    Result<std::optional<HostMark>> found_mark();
    Result<void> put_mark(const HostMark& mark);

    std::mutex mutex_;
    sys::Fd alone_;  // before the database: what is locked is closed first
    Database db_;
    std::uint64_t outbox_max_bytes_;
    std::uint64_t outbox_bytes_ = 0;
    bool behind_ = false;  ///< something is committed that a loss of power would take
    std::string host_key_;
    bool created_ = false;
    std::string set_aside_;
    std::filesystem::path mark_file_;
    HostMark own_;
    bool marked_ = false;
    std::optional<Lock> lock_;
};

}  // namespace metalwright::store
