// The lock on what destroys data, and the mark outside the store that tells when it is needed.

#include <algorithm>
#include <charconv>

#include "agent/store/store.hpp"
#include "sys/files.hpp"
#include "sys/random.hpp"

namespace metalwright::store {
namespace {

constexpr sys::FileMode owner_only{.mode = 0600};

template <class T>
T number_or_zero(const std::optional<std::string>& text) {
    T value = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
}

}  // namespace

Result<void> Store::load_lock() {
    const auto id = meta("store_id");
    const auto writes = meta("host_writes");
    const auto marked = meta("host_marked");
    const auto reason = meta("locked_reason");
    const auto since = meta("locked_since");
    for (const auto* value : {&id, &writes, &marked, &reason, &since})
        if (!*value) return std::unexpected(value->error());
    own_.writes = number_or_zero<std::uint64_t>(*writes);
    marked_ = marked->has_value();
    if (*reason) lock_ = Lock{**reason, number_or_zero<std::int64_t>(*since)};
    if (*id) {
        own_.store = **id;
        return {};
    }
    auto drawn = sys::random_uuid();
    if (!drawn) return std::unexpected(drawn.error());
    own_.store = *drawn;
    return set_meta("store_id", own_.store);
}

Result<std::optional<HostMark>> Store::found_mark() {
    const auto text = sys::PosixFiles().read(mark_file_);
    if (!text && text.error().code == Errc::not_found) return std::optional<HostMark>();
    if (!text) return std::unexpected(text.error());
    auto mark = parse_host_mark(*text);
    if (!mark) {
        mark.error().where = mark_file_.native();
        return std::unexpected(mark.error());
    }
    return std::optional(*mark);
}

Result<void> Store::put_mark(const HostMark& mark) {
    const auto put = sys::PosixFiles().put(mark_file_, format_host_mark(mark), owner_only);
    if (!put) return std::unexpected(put.error());
    return {};
}

Result<std::optional<std::string>> Store::doubt(bool user_data_has_run) {
    const std::lock_guard lock(mutex_);
    auto any = db_.prepare("SELECT 1 FROM operation LIMIT 1");
    if (!any) return std::unexpected(any.error());
    const auto row = any->step();
    if (!row) return std::unexpected(row.error());
    return doubt_of({.found = found_mark(),
                     .own = own_,
                     .marked = marked_,
                     .has_operations = *row,
                     .user_data_has_run = user_data_has_run});
}

/// The store first: one that lags behind its mark is taken for an older copy of itself. Does
/// nothing while locked.
Result<void> Store::count_in_store(HostMark& next) {
    if (lock_) return {};
    ++next.writes;
    return set_meta("host_writes", std::to_string(next.writes));
}

Result<void> Store::commit_counted(Transaction& tx) {
    HostMark next = own_;
    if (auto set = count_in_store(next); !set) return set;
    if (auto done = tx.commit(); !done) return done;
    if (next == own_) return {};
    own_ = next;
    return put_mark(own_);
}

std::optional<Lock> Store::locked() {
    const std::lock_guard lock(mutex_);
    return lock_;
}

Result<void> Store::set_lock(const Lock& lock, std::string_view report) {
    const std::lock_guard guard(mutex_);
    lock_ = lock;
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    if (auto set = set_meta("locked_reason", lock.reason); !set) return set;
    if (auto set = set_meta("locked_since", std::to_string(lock.since_ms)); !set) return set;
    if (auto put = put_report(report, false, lock.since_ms); !put) return put;
    return tx->commit();
}

Result<void> Store::unlock(std::string_view report, std::int64_t now_ms) {
    const std::lock_guard guard(mutex_);
    if (!lock_) return {};
    // Beyond whatever the mark said, so that every copy of this store made until now is older.
    HostMark next = own_;
    if (const auto found = found_mark(); found && *found && (*found)->store == own_.store)
        next.writes = std::max(next.writes, (*found)->writes);
    ++next.writes;
    // The mark first: if the power goes in between, the lock is still there.
    if (auto put = put_mark(next); !put) return put;
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    if (auto set = set_meta("host_writes", std::to_string(next.writes)); !set) return set;
    if (auto set = set_meta("host_marked", "1"); !set) return set;
    if (auto set = set_meta("locked_reason", std::nullopt); !set) return set;
    if (auto set = set_meta("locked_since", std::nullopt); !set) return set;
    if (auto put = put_report(report, false, now_ms); !put) return put;
    if (auto done = tx->commit(); !done) return done;
    own_ = next;
    marked_ = true;
    lock_.reset();
    return {};
}

}  // namespace metalwright::store
