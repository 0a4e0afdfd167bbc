// Operations, their items, the journal and its events.

#include "agent/store/store.hpp"
#include "core/fail_point.hpp"

namespace metalwright::store {
namespace {

constexpr const char* columns =
    "id, source, kind, state, generation, instance, token, digest, consent, accepted_ms,"
    " finished_ms, mutations";

Operation read_operation(const Statement& row) {
    return {row.integer(0),
            row.text(1),
            row.text(2),
            row.text(3),
            static_cast<std::uint64_t>(row.integer(4)),
            row.text(5),
            row.maybe_text(6),
            row.text(7),
            row.text(8),
            row.integer(9),
            row.maybe_integer(10),
            row.integer(11)};
}

Result<std::vector<Operation>> read_operations(Statement& query) {
    std::vector<Operation> operations;
    for (;;) {
        auto row = query.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return operations;
        operations.push_back(read_operation(query));
    }
}

Result<std::optional<Operation>> read_one(Statement& query) {
    auto row = query.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::optional<Operation>();
    return std::optional(read_operation(query));
}

}  // namespace

Result<std::optional<Operation>> Store::by_token(std::string_view token) {
    const std::lock_guard lock(mutex_);
    auto query = db_.prepare(std::string("SELECT ") + columns + " FROM operation WHERE token = ?");
    if (!query) return std::unexpected(query.error());
    return read_one(query->bind(1, token));
}

Result<std::optional<Operation>> Store::operation(std::int64_t id) {
    const std::lock_guard lock(mutex_);
    auto query = db_.prepare(std::string("SELECT ") + columns + " FROM operation WHERE id = ?");
    if (!query) return std::unexpected(query.error());
    return read_one(query->bind(1, id));
}

Result<std::vector<Operation>> Store::operations(std::size_t limit) {
    const std::lock_guard lock(mutex_);
    auto query =
        db_.prepare(std::string("SELECT ") + columns + " FROM operation ORDER BY id DESC LIMIT ?");
    if (!query) return std::unexpected(query.error());
    return read_operations(query->bind(1, static_cast<std::int64_t>(limit)));
}

Result<std::vector<Operation>> Store::unfinished() {
    const std::lock_guard lock(mutex_);
    auto query = db_.prepare(std::string("SELECT ") + columns +
                             " FROM operation WHERE finished_ms IS NULL ORDER BY id");
    if (!query) return std::unexpected(query.error());
    return read_operations(*query);
}

Result<std::int64_t> Store::accept(const Candidate& c, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    // While locked, what lies there is the evidence.
    const bool first = c.kind != "boot" && !marked_ && !lock_;
    if (first)
        if (auto put = put_mark(own_); !put) return std::unexpected(put.error());
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    if (first)
        if (auto set = set_meta("host_marked", "1"); !set) return std::unexpected(set.error());

    auto insert = db_.prepare(
        "INSERT INTO operation (source, kind, state, generation, instance, token, digest, consent,"
        " accepted_ms) VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?)");
    if (!insert) return std::unexpected(insert.error());
    insert->bind(1, c.source).bind(2, c.kind).bind(3, static_cast<std::int64_t>(c.generation));
    insert->bind(4, c.instance).bind_maybe(5, c.token).bind(6, c.digest).bind(7, c.consent);
    if (auto done = insert->bind(8, now_ms).run(); !done) return std::unexpected(done.error());
    const std::int64_t id = db_.last_insert_id();

    if (c.kind != "boot") {
        auto source = db_.prepare(
            "INSERT INTO source (name, generation, digest, document, operation)"
            " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO UPDATE SET generation = ?2,"
            " digest = iif(?6, digest, ?3), document = iif(?6, document, ?4), operation = ?5");
        if (!source) return std::unexpected(source.error());
        const bool keeps = c.kind == "resetPassword";
        source->bind(1, c.source).bind(2, static_cast<std::int64_t>(c.generation));
        source->bind(3, c.digest).bind(4, c.document).bind(5, id).bind(6, std::int64_t{keeps});
        if (auto done = source->run(); !done) return std::unexpected(done.error());
    }
    if (c.kind == "apply") {
        if (auto set = set_meta("instance", c.instance); !set) return std::unexpected(set.error());
    }
    if (c.anew) {
        if (auto set = set_meta("has_run", std::nullopt); !set) return std::unexpected(set.error());
        for (const char* what :
             {"DELETE FROM once WHERE instance = ?", "DELETE FROM script WHERE instance = ?"}) {
            auto forget = db_.prepare(what);
            if (!forget) return std::unexpected(forget.error());
            if (auto done = forget->bind(1, c.instance).run(); !done)
                return std::unexpected(done.error());
        }
    }
    if (c.script) {
        // A run that exists is never replaced: at most one run per instance, ever. Only one that
        // was interrupted may be armed again, and only when the document asks for it.
        auto script = db_.prepare(
            "INSERT INTO script (instance, operation, state, bytes, timeout_s, run_order)"
            " VALUES (?1, ?2, 'pending', ?3, ?4, ?6) ON CONFLICT (instance) DO UPDATE SET"
            " state = 'pending', operation = ?2, bytes = ?3, timeout_s = ?4, exit_code = NULL,"
            " signal = NULL, run_order = ?7 WHERE ?5 AND state = 'interrupted'");
        if (!script) return std::unexpected(script.error());
        script->bind(1, c.instance).bind(2, id).bind_blob(3, *c.script);
        script->bind(4, c.script_timeout_s).bind(5, std::int64_t{c.rerun_interrupted});
        script->bind(6, c.run_order).bind(7, c.order_again);
        if (auto done = script->run(); !done) return std::unexpected(done.error());
    }
    if (auto put = put_event(id, "state", R"({"state":"queued"})", now_ms); !put)
        return std::unexpected(put.error());
    if (!c.report.empty())
        if (auto put = put_report(c.report, !c.report_once, now_ms); !put)
            return std::unexpected(put.error());
    if (auto put = put_ledger(c.ledger, id); !put) return std::unexpected(put.error());
    fail_point("accept.before-commit");
    if (auto done = tx->commit(); !done) return std::unexpected(done.error());
    marked_ = marked_ || first;
    return id;
}

Result<Standing> Store::standing() {
    const std::lock_guard lock(mutex_);
    Standing standing;
    auto instance = meta("instance");
    if (!instance) return std::unexpected(instance.error());
    standing.instance = std::move(*instance);
    auto outbox = db_.prepare("SELECT count(*) FROM outbox");
    if (!outbox) return std::unexpected(outbox.error());
    if (auto row = outbox->step(); !row) return std::unexpected(row.error());
    standing.reports_waiting = outbox->integer(0);
    for (const char* which : {" WHERE finished_ms IS NULL ORDER BY id", " ORDER BY id DESC"}) {
        auto query =
            db_.prepare(std::string("SELECT ") + columns + " FROM operation" + which + " LIMIT 1");
        if (!query) return std::unexpected(query.error());
        auto operation = read_one(*query);
        if (!operation) return std::unexpected(operation.error());
        standing.operation = std::move(*operation);
        if (standing.operation) break;
    }
    if (!standing.operation) return standing;
    auto items = read_items(standing.operation->id);
    if (!items) return std::unexpected(items.error());
    standing.items = std::move(*items);
    auto script = read_script(standing.operation->instance);
    if (!script) return std::unexpected(script.error());
    standing.script = std::move(*script);
    return standing;
}

Result<std::vector<ItemResult>> Store::items(std::int64_t operation) {
    const std::lock_guard lock(mutex_);
    return read_items(operation);
}

Result<std::vector<ItemResult>> Store::read_items(std::int64_t operation) {
    auto query = db_.prepare(
        "SELECT item, outcome, error_code, error_message, error_where, error_sys, took_ms, note"
        " FROM item WHERE operation = ? ORDER BY ordinal, item");
    if (!query) return std::unexpected(query.error());
    query->bind(1, operation);
    std::vector<ItemResult> items;
    for (;;) {
        auto row = query->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return items;
        ItemResult& item = items.emplace_back();
        item.item = query->text(0);
        item.outcome = outcome_from(query->text(1));
        if (!query->is_null(2))
            item.error = Error{errc_from(query->text(2)), query->text(3), query->text(4),
                               static_cast<int>(query->integer(5))};
        item.took = std::chrono::milliseconds(query->integer(6));
        item.note = query->text(7);
    }
}

Result<void> Store::put_items(std::int64_t operation, std::span<const ItemResult> items) {
    auto write = db_.prepare(
        "INSERT INTO item (operation, ordinal, item, outcome, error_code, error_message,"
        " error_where, error_sys, took_ms, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
        " ON CONFLICT (operation, item) DO UPDATE SET ordinal = ?2, outcome = ?4, error_code = ?5,"
        " error_message = ?6, error_where = ?7, error_sys = ?8, took_ms = ?9, note = ?10");
    if (!write) return std::unexpected(write.error());
    for (std::size_t i = 0; i < items.size(); ++i) {
        const ItemResult& item = items[i];
        write->bind(1, operation).bind(2, static_cast<std::int64_t>(i));
        write->bind(3, item.item).bind(4, to_string(item.outcome));
        if (item.error) {
            write->bind(5, to_string(item.error->code)).bind(6, item.error->message);
            write->bind(7, item.error->where).bind(8, std::int64_t{item.error->sys});
        } else {
            for (int at = 5; at <= 8; ++at) write->bind_maybe(at, std::optional<std::int64_t>());
        }
        write->bind(9, std::int64_t{item.took.count()}).bind(10, item.note);
        if (auto done = write->run(); !done) return done;
        write->reset();
    }
    return {};
}

Result<void> Store::put_event(std::int64_t operation, std::string_view kind, std::string_view body,
                              std::int64_t now_ms) {
    auto write =
        db_.prepare("INSERT INTO event (operation, at_ms, kind, body) VALUES (?, ?, ?, ?)");
    if (!write) return std::unexpected(write.error());
    return write->bind(1, operation).bind(2, now_ms).bind(3, kind).bind(4, body).run();
}

Result<void> Store::event(std::int64_t operation, std::string_view kind, std::string_view body,
                          std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    const Soon soon(db_);
    behind_ = true;
    return put_event(operation, kind, body, now_ms);
}

Result<void> Store::event_with_reports(std::string_view kind, std::string_view body,
                                       std::span<const std::string> reports, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    if (auto put = put_event(0, kind, body, now_ms); !put) return put;
    for (const std::string& report : reports)
        if (auto put = put_report(report, false, now_ms); !put) return put;
    return tx->commit();
}

Result<void> Store::set_state(std::int64_t operation, std::string_view state, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    const Soon soon(db_);
    behind_ = true;
    return put_state(operation, state, now_ms);
}

Result<void> Store::cancel(std::int64_t operation, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    return put_state(operation, cancelling, now_ms);
}

Result<void> Store::put_state(std::int64_t operation, std::string_view state, std::int64_t now_ms) {
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    // What has ended, and what is to end, stays so.
    auto write = db_.prepare(
        "UPDATE operation SET state = ?1 WHERE id = ?2 AND finished_ms IS NULL AND state <> ?3");
    if (!write) return std::unexpected(write.error());
    if (auto done = write->bind(1, state).bind(2, operation).bind(3, cancelling).run(); !done)
        return done;
    const std::string body = R"({"state":")" + std::string(state) + R"("})";
    if (auto put = put_event(operation, "state", body, now_ms); !put) return put;
    return tx->commit();
}

Result<void> Store::finish(std::int64_t operation, std::string_view state,
                           std::span<const ItemResult> items, std::string_view report,
                           std::int64_t now_ms, const Ledger& ledger) {
    const std::lock_guard lock(mutex_);
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    if (auto put = put_ledger(ledger, operation); !put) return put;
    std::string kind, instance;
    {
        auto query = db_.prepare("SELECT kind, instance FROM operation WHERE id = ?");
        if (!query) return std::unexpected(query.error());
        if (auto row = query->bind(1, operation).step(); !row) return std::unexpected(row.error());
        kind = query->text(0);
        instance = query->text(1);
    }
    const bool released = kind == "release" && state == "done";
    if (released) {
        if (auto set = set_meta("last_released", instance); !set) return set;
        if (auto set = set_meta("instance", std::nullopt); !set) return set;
        if (auto cut = db_.execute("UPDATE source SET document = '', digest = ''"); !cut)
            return cut;
        // User data that never began waits for nobody; of what has run, that it has run stays.
        for (const char* what :
             {"DELETE FROM script WHERE instance = ? AND state = 'pending'",
              "UPDATE script SET bytes = '', run_order = '' WHERE instance = ?"}) {
            auto forget = db_.prepare(what);
            if (!forget) return std::unexpected(forget.error());
            if (auto done = forget->bind(1, instance).run(); !done) return done;
        }
    }
    if (state == "done" && kind != "release")
        if (auto set = set_meta("has_run", instance); !set) return set;
    auto write =
        db_.prepare("UPDATE operation SET state = ?, finished_ms = ?, consent = '' WHERE id = ?");
    if (!write) return std::unexpected(write.error());
    write->bind(1, state).bind(2, now_ms).bind(3, operation);
    if (auto done = write->run(); !done) return done;
    if (auto put = put_items(operation, items); !put) return put;
    const std::string body = R"({"state":")" + std::string(state) + R"("})";
    if (auto put = put_event(operation, "state", body, now_ms); !put) return put;
    if (!report.empty())
        if (auto put = put_report(report, false, now_ms); !put) return put;
    if (auto pruned = prune(operation); !pruned) return pruned;
    if (auto done = tx->commit(); !done) return done;
    behind_ = false;
    if (!released) return {};
    // What was the instance's goes from the log of the database as well; the next release tries
    // again.
    [[maybe_unused]] const Result<void> tidied = db_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    return {};
}

/// What is not needed for ever goes, so that the file stays as large as it is after a while: an
/// operation may tell of a thousand items, and a host may live for years.
Result<void> Store::prune(std::int64_t newest) {
    const auto forget = [&](const char* what, std::int64_t up_to) -> Result<void> {
        auto cut = db_.prepare(what);
        if (!cut) return std::unexpected(cut.error());
        return cut->bind(1, up_to).run();
    };
    constexpr std::int64_t kept_events = 20'000;
    auto last = db_.prepare("SELECT coalesce(max(seq), 0) FROM event");
    if (!last) return std::unexpected(last.error());
    if (auto row = last->step(); !row) return std::unexpected(row.error());
    if (auto done = forget("DELETE FROM event WHERE seq <= ?", last->integer(0) - kept_events);
        !done)
        return done;
    for (const char* details :
         {"DELETE FROM item WHERE operation <= ?",
          "DELETE FROM event WHERE operation BETWEEN 1 AND ? AND kind <> 'state'"})
        if (auto done = forget(details, newest - kept_details); !done) return done;
    constexpr std::int64_t at_once = 64;  // it has to look at all that are kept for their tokens
    if (newest % at_once != 0) return {};
    for (const auto& [of, kept] :
         {std::pair{"token IS NULL", kept_operations}, std::pair{"TRUE", kept_tokens}}) {
        const std::string cut =
            std::string("DELETE FROM operation WHERE id <= ? AND finished_ms IS NOT NULL AND ") +
            of + " AND id NOT IN (SELECT operation FROM source UNION SELECT operation FROM script)";
        if (auto done = forget(cut.c_str(), newest - kept); !done) return done;
    }
    return {};
}

Result<void> Store::add_mutations(std::int64_t operation, std::int64_t mutations) {
    const std::lock_guard lock(mutex_);
    const Soon soon(db_);
    behind_ = true;
    auto write = db_.prepare("UPDATE operation SET mutations = mutations + ? WHERE id = ?");
    if (!write) return std::unexpected(write.error());
    return write->bind(1, mutations).bind(2, operation).run();
}

Result<std::int64_t> Store::intend(std::int64_t operation, std::string_view body,
                                   std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    // One statement is a transaction by itself.
    if (auto put = put_event(operation, "intent", body, now_ms); !put)
        return std::unexpected(put.error());
    return db_.last_insert_id();
}

Result<std::int64_t> Store::intend_write(std::int64_t operation, std::string_view body,
                                         std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    if (auto put = put_event(operation, "intent", body, now_ms); !put)
        return std::unexpected(put.error());
    const std::int64_t intent = db_.last_insert_id();
    if (auto done = commit_counted(*tx); !done) return std::unexpected(done.error());
    return intent;
}

Result<void> Store::outcome(std::int64_t operation, std::int64_t intent,
                            std::span<const ItemResult> items, std::string_view body,
                            std::string_view report, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    const Soon soon(db_);
    behind_ = true;
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    auto settle = db_.prepare("UPDATE event SET settled = 1 WHERE seq = ?");
    if (!settle) return std::unexpected(settle.error());
    if (auto done = settle->bind(1, intent).run(); !done) return done;
    if (auto put = put_items(operation, items); !put) return put;
    if (auto put = put_event(operation, "outcome", body, now_ms); !put) return put;
    if (!report.empty())
        if (auto put = put_report(report, true, now_ms); !put) return put;
    return tx->commit();
}

Result<std::vector<Event>> Store::events(std::int64_t operation, std::int64_t after,
                                         std::size_t limit) {
    const std::lock_guard lock(mutex_);
    auto query = db_.prepare(
        "SELECT seq, at_ms, kind, body FROM event"
        " WHERE operation = ? AND seq > ? ORDER BY seq LIMIT ?");
    if (!query) return std::unexpected(query.error());
    query->bind(1, operation).bind(2, after).bind(3, static_cast<std::int64_t>(limit));
    return read_events(*query);
}

Result<std::int64_t> Store::newest_event(std::int64_t operation) {
    const std::lock_guard lock(mutex_);
    auto query = db_.prepare("SELECT coalesce(max(seq), 0) FROM event WHERE operation = ?");
    if (!query) return std::unexpected(query.error());
    query->bind(1, operation);
    if (auto row = query->step(); !row) return std::unexpected(row.error());
    return query->integer(0);
}

Result<std::vector<Event>> Store::open_intents(std::int64_t operation) {
    const std::lock_guard lock(mutex_);
    auto query = db_.prepare(
        "SELECT seq, at_ms, kind, body FROM event"
        " WHERE operation = ? AND kind = 'intent' AND settled IS NULL ORDER BY seq");
    if (!query) return std::unexpected(query.error());
    query->bind(1, operation);
    return read_events(*query);
}

Result<std::vector<Event>> Store::read_events(Statement& query) {
    std::vector<Event> events;
    for (;;) {
        auto row = query.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return events;
        events.push_back({query.integer(0), query.integer(1), query.text(2), query.text(3)});
    }
}

}  // namespace metalwright::store
