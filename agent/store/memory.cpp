// What is ours and what was done once: array identities, addresses, once-per-instance items, the
// run of user data.

#include "agent/store/store.hpp"

namespace metalwright::store {

Result<std::vector<Identity>> Store::identities() {
    const std::lock_guard lock(mutex_);
    auto query = db_.prepare(
        "SELECT name, instance, md_uuid, fs_uuid, complete, members"
        " FROM identity ORDER BY name");
    if (!query) return std::unexpected(query.error());
    std::vector<Identity> identities;
    for (;;) {
        auto row = query->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return identities;
        identities.push_back({query->text(0), query->text(1), query->text(2), query->text(3),
                              query->integer(4) != 0, query->text(5)});
    }
}

Result<void> Store::put_identities(std::span<const Identity> identities) {
    auto write = db_.prepare(
        "INSERT INTO identity (name, instance, md_uuid, fs_uuid, complete, members)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (name) DO UPDATE SET instance = ?2,"
        " md_uuid = ?3, fs_uuid = ?4, complete = ?5, members = ?6");
    if (!write) return std::unexpected(write.error());
    for (const Identity& identity : identities) {
        write->bind(1, identity.name).bind(2, identity.instance).bind(3, identity.md_uuid);
        write->bind(4, identity.fs_uuid).bind(5, std::int64_t{identity.complete});
        if (auto done = write->bind(6, identity.members).run(); !done) return done;
        write->reset();
    }
    return {};
}

Result<void> Store::remember(std::span<const Identity> identities) {
    const std::lock_guard lock(mutex_);
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    if (auto put = put_identities(identities); !put) return put;
    return tx->commit();
}

Result<void> Store::remember_complete(std::span<const Identity> identities) {
    const std::lock_guard lock(mutex_);
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    if (auto put = put_identities(identities); !put) return put;
    return commit_counted(*tx);
}

Result<void> Store::forget(std::span<const std::string> arrays) {
    if (arrays.empty()) return {};
    const std::lock_guard lock(mutex_);
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    for (const char* from :
         {"DELETE FROM identity WHERE name = ?", "DELETE FROM once WHERE instance = ?"}) {
        auto write = db_.prepare(from);
        if (!write) return std::unexpected(write.error());
        for (const std::string& name : arrays) {
            if (auto done = write->bind(1, name).run(); !done) return done;
            write->reset();
        }
    }
    return tx->commit();
}

Result<std::vector<std::pair<std::string, std::string>>> Store::owned() {
    const std::lock_guard lock(mutex_);
    auto query = db_.prepare("SELECT kind, value FROM owned ORDER BY kind, value");
    if (!query) return std::unexpected(query.error());
    std::vector<std::pair<std::string, std::string>> owned;
    for (;;) {
        auto row = query->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return owned;
        owned.emplace_back(query->text(0), query->text(1));
    }
}

Result<void> Store::set_owned(std::span<const std::pair<std::string, std::string>> owned) {
    const std::lock_guard lock(mutex_);
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    if (auto cleared = db_.execute("DELETE FROM owned"); !cleared) return cleared;
    auto write = db_.prepare("INSERT OR IGNORE INTO owned (kind, value) VALUES (?, ?)");
    if (!write) return std::unexpected(write.error());
    for (const auto& [kind, value] : owned) {
        if (auto done = write->bind(1, kind).bind(2, value).run(); !done) return done;
        write->reset();
    }
    return tx->commit();
}

Result<std::string> Store::hold() {
    const std::lock_guard lock(mutex_);
    auto value = meta("hold");
    if (!value) return std::unexpected(value.error());
    return value->value_or(std::string());
}

Result<void> Store::set_hold(std::string_view hold, std::string_view report, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    if (auto set = set_meta("hold", std::string(hold)); !set) return set;
    if (auto put = put_report(report, false, now_ms); !put) return put;
    return tx->commit();
}

Result<std::vector<std::string>> Store::once_done(const std::string& of) {
    const std::lock_guard lock(mutex_);
    auto query = db_.prepare("SELECT item FROM once WHERE instance = ? ORDER BY item");
    if (!query) return std::unexpected(query.error());
    query->bind(1, of);
    std::vector<std::string> items;
    for (;;) {
        auto row = query->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return items;
        items.push_back(query->text(0));
    }
}

Result<void> Store::mark_once(const std::string& of, std::span<const std::string> items,
                              std::int64_t operation, std::int64_t now_ms) {
    if (items.empty()) return {};
    const std::lock_guard lock(mutex_);
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    auto write = db_.prepare(
        "INSERT OR IGNORE INTO once (instance, item, operation, at_ms) VALUES (?, ?, ?, ?)");
    if (!write) return std::unexpected(write.error());
    for (const std::string& item : items) {
        write->bind(1, of).bind(2, item).bind(3, operation).bind(4, now_ms);
        if (auto done = write->run(); !done) return done;
        write->reset();
    }
    return tx->commit();
}

Result<std::optional<ScriptRun>> Store::script(const std::string& instance) {
    const std::lock_guard lock(mutex_);
    return read_script(instance);
}

Result<std::optional<ScriptRun>> Store::read_script(const std::string& instance) {
    auto query = db_.prepare(
        "SELECT instance, operation, state, exit_code, signal, bytes, timeout_s, run_order"
        " FROM script WHERE instance = ?");
    if (!query) return std::unexpected(query.error());
    auto row = query->bind(1, instance).step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::optional<ScriptRun>();
    return std::optional(ScriptRun{query->text(0), query->integer(1), query->text(2),
                                   query->maybe_integer(3), query->maybe_integer(4), query->text(5),
                                   query->integer(6), query->text(7)});
}

Result<void> Store::put_script(const ScriptRun& run, std::int64_t now_ms) {
    auto write = db_.prepare(
        "INSERT INTO script (instance, operation, state, exit_code, signal, bytes, timeout_s,"
        " run_order) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (instance) DO UPDATE SET"
        " state = ?3, exit_code = ?4, signal = ?5, bytes = ?6, run_order = ?8");
    if (!write) return std::unexpected(write.error());
    write->bind(1, run.instance).bind(2, run.operation).bind(3, run.state);
    write->bind_maybe(4, run.exit_code).bind_maybe(5, run.signal).bind_blob(6, run.bytes);
    write->bind(7, run.timeout_s).bind(8, run.run_order);
    if (auto done = write->run(); !done) return done;
    std::string body = R"({"item":"userData","state":")" + run.state + '"';
    if (run.exit_code) body += R"(,"exitCode":)" + std::to_string(*run.exit_code);
    if (run.signal) body += R"(,"signal":)" + std::to_string(*run.signal);
    return put_event(run.operation, "userData", body + "}", now_ms);
}

Result<void> Store::set_script(const ScriptRun& run, const OrderedBy& ordered,
                               std::string_view report, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    if (auto put = put_script(run, now_ms); !put) return put;
    if (!report.empty())
        if (auto put = put_report(report, false, now_ms); !put) return put;
    const bool spent = run.bytes.empty() && run.run_order.empty();
    if (spent) {
        // Nor do the documents that ordered it keep it: it runs for no instance again.
        auto forget = db_.prepare(
            "UPDATE source SET document = json_remove(document, ?2) WHERE json_valid(document)"
            " AND coalesce(json_extract(document, ?3), ?1) = ?1");
        if (!forget) return std::unexpected(forget.error());
        forget->bind(1, run.instance).bind(2, ordered.user_data).bind(3, ordered.instance);
        if (auto done = forget->run(); !done) return done;
    }
    if (auto done = tx->commit(); !done) return done;
    // Not from the log of the database either; the next one that ends, or a release, tries again.
    if (spent) [[maybe_unused]]
        const auto tidied = db_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    return {};
}

Result<void> Store::start_script(const ScriptRun& run, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    if (auto put = put_script(run, now_ms); !put) return put;
    return commit_counted(*tx);
}

Result<void> Store::note_output(const ScriptRun& run, std::string_view report,
                                std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    auto tx = Transaction::begin(db_);
    if (!tx) return std::unexpected(tx.error());
    auto write = db_.prepare("UPDATE script SET run_order = ?2 WHERE instance = ?1");
    if (!write) return std::unexpected(write.error());
    if (auto done = write->bind(1, run.instance).bind(2, run.run_order).run(); !done) return done;
    if (auto put = put_report(report, true, now_ms); !put) return put;
    return tx->commit();
}

}  // namespace metalwright::store
