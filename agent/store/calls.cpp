// Calls of vendors' APIs, and what they have made that is in no document.

#include "agent/store/store.hpp"

namespace metalwright::store {
namespace {

constexpr auto columns =
    "id, vendor, token, digest, route, operation, memo, undo, status, answer, at_ms";

Result<std::vector<Call>> read_calls(Statement& query) {
    std::vector<Call> calls;
    for (;;) {
        auto row = query.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return calls;
        calls.push_back({.id = query.integer(0),
                         .vendor = query.text(1),
                         .token = query.maybe_text(2),
                         .digest = query.text(3),
                         .route = query.text(4),
                         .operation = query.integer(5),
                         .memo = query.text(6),
                         .undo = query.text(7),
                         .status = static_cast<unsigned>(query.integer(8)),
                         .answer = query.text(9),
                         .at_ms = query.integer(10)});
    }
}

}  // namespace

Result<std::optional<Call>> Store::call(std::string_view vendor, std::string_view token) {
    const std::lock_guard lock(mutex_);
    auto query =
        db_.prepare(std::string("SELECT ") + columns + " FROM call WHERE vendor = ? AND token = ?");
    if (!query) return std::unexpected(query.error());
    auto found = read_calls(query->bind(1, vendor).bind(2, token));
    if (!found) return std::unexpected(found.error());
    if (found->empty()) return std::optional<Call>();
    return std::optional(std::move(found->front()));
}

Result<void> Store::came_again(std::int64_t call, std::int64_t at_ms) {
    const std::lock_guard lock(mutex_);
    auto write = db_.prepare("UPDATE call SET at_ms = ? WHERE id = ?");
    if (!write) return std::unexpected(write.error());
    return write->bind(1, at_ms).bind(2, call).run();
}

Result<std::vector<Call>> Store::open_calls() {
    const std::lock_guard lock(mutex_);
    auto query = db_.prepare(std::string("SELECT ") + columns +
                             " FROM call WHERE status = 0 OR undo <> '' ORDER BY id");
    if (!query) return std::unexpected(query.error());
    return read_calls(*query);
}

Result<std::vector<Resource>> Store::resources() {
    const std::lock_guard lock(mutex_);
    auto query = db_.prepare(
        "SELECT id, kind, state, body, operation, changed_ms FROM resource ORDER BY id");
    if (!query) return std::unexpected(query.error());
    std::vector<Resource> resources;
    for (;;) {
        auto row = query->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return resources;
        resources.push_back({query->text(0), query->text(1), query->text(2), query->text(3),
                             query->integer(4), query->integer(5)});
    }
}

Result<void> Store::put_call(const Call& call, std::int64_t operation) {
    // One without a token is nobody's to ask for again, once it has ended.
    const bool over = call.ended() && call.undo.empty() && !call.token;
    if (over && call.id == 0) return {};
    if (over) {
        auto forget = db_.prepare("DELETE FROM call WHERE id = ?");
        if (!forget) return std::unexpected(forget.error());
        return forget->bind(1, call.id).run();
    }
    auto write = db_.prepare(
        "INSERT INTO call (id, vendor, token, digest, route, operation, memo, undo, status, answer,"
        " at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
        " ON CONFLICT DO UPDATE SET digest = ?4, route = ?5, operation = ?6, memo = ?7, undo = ?8,"
        " status = ?9, answer = ?10, at_ms = ?11");
    if (!write) return std::unexpected(write.error());
    write->bind_maybe(1, call.id == 0 ? std::nullopt : std::optional(call.id));
    write->bind(2, call.vendor).bind_maybe(3, call.token).bind(4, call.digest).bind(5, call.route);
    write->bind(6, call.operation == Candidate::this_one ? operation : call.operation);
    write->bind(7, call.memo).bind(8, call.undo).bind(9, std::int64_t{call.status});
    return write->bind(10, call.answer).bind(11, call.at_ms).run();
}

/// Inside a transaction.
Result<void> Store::put_ledger(const Ledger& ledger, std::int64_t operation) {
    for (const Call& call : ledger.calls)
        if (auto put = put_call(call, operation); !put) return put;
    if (!ledger.calls.empty()) {
        auto prune = db_.prepare(
            "DELETE FROM call WHERE id < (SELECT max(id) FROM call) - 100000 AND status <> 0 AND"
            " undo = ''");
        if (!prune) return std::unexpected(prune.error());
        if (auto done = prune->run(); !done) return done;
    }
    for (const Resource& one : ledger.put) {
        auto write = db_.prepare(
            "INSERT OR REPLACE INTO resource (id, kind, state, body, operation, changed_ms)"
            " VALUES (?, ?, ?, ?, ?, ?)");
        if (!write) return std::unexpected(write.error());
        write->bind(1, one.id).bind(2, one.kind).bind(3, one.state).bind(4, one.body);
        write->bind(5, one.operation == Candidate::this_one ? operation : one.operation);
        if (auto done = write->bind(6, one.changed_ms).run(); !done) return done;
    }
    for (const std::string& id : ledger.dropped) {
        auto forget = db_.prepare("DELETE FROM resource WHERE id = ?");
        if (!forget) return std::unexpected(forget.error());
        if (auto done = forget->bind(1, id).run(); !done) return done;
    }
    return {};
}

std::int64_t Store::writes() {
    const std::lock_guard lock(mutex_);
    return db_.writes();
}

std::optional<std::int64_t> Store::writes_at_hand() {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return std::nullopt;
    return db_.writes();
}

Result<void> Store::note(const Ledger& ledger) {
    if (ledger.empty()) return {};
    const std::lock_guard lock(mutex_);
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    if (auto put = put_ledger(ledger, 0); !put) return put;
    return tx->commit();
}

}  // namespace metalwright::store
