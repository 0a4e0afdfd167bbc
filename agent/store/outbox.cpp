// Reports on their way out: in order, until the control plane says they are safe.

#include "agent/store/store.hpp"

namespace metalwright::store {

/// A report that has left must not be lost here: another would come with its number.
Result<void> Store::catch_up() {
    if (!behind_) return {};
    if (auto done = db_.sync_log(); !done) return done;
    behind_ = false;
    return {};
}

Result<std::vector<Report>> Store::unsent(std::size_t limit) {
    const std::lock_guard lock(mutex_);
    if (auto safe = catch_up(); !safe) return std::unexpected(safe.error());
    auto query = db_.prepare("SELECT seq, body FROM outbox ORDER BY seq LIMIT ?");
    if (!query) return std::unexpected(query.error());
    query->bind(1, static_cast<std::int64_t>(limit));
    std::vector<Report> reports;
    for (;;) {
        auto row = query->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return reports;
        reports.push_back({query->integer(0), query->text(1)});
    }
}

Result<void> Store::acknowledge(std::int64_t seq) {
    const std::lock_guard lock(mutex_);
    auto cut = db_.prepare("DELETE FROM outbox WHERE seq <= ?");
    if (!cut) return std::unexpected(cut.error());
    if (auto done = cut->bind(1, seq).run(); !done) return done;
    return count_outbox();
}

Result<void> Store::report(std::string_view body, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    return put_report(body, false, now_ms);
}

bool Store::outbox_full() {
    const std::lock_guard lock(mutex_);
    return outbox_bytes_ >= 2 * outbox_max_bytes_;
}

Result<void> Store::count_outbox() {
    auto query = db_.prepare("SELECT coalesce(sum(length(body)), 0) FROM outbox");
    if (!query) return std::unexpected(query.error());
    auto row = query->step();
    if (!row) return std::unexpected(row.error());
    outbox_bytes_ = static_cast<std::uint64_t>(query->integer(0));
    return {};
}

Result<void> Store::put_report(std::string_view body, bool droppable, std::int64_t now_ms) {
    if (droppable && outbox_bytes_ >= outbox_max_bytes_) return {};
    auto write = db_.prepare("INSERT INTO outbox (at_ms, body) VALUES (?, ?)");
    if (!write) return std::unexpected(write.error());
    if (auto done = write->bind(1, now_ms).bind(2, body).run(); !done) return done;
    outbox_bytes_ += body.size();  // a rolled back insert only makes the bound a little tighter
    return {};
}

}  // namespace metalwright::store
