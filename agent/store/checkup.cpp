#include "agent/store/checkup.hpp"

#include <sqlite3.h>

#include <charconv>
#include <memory>
#include <string_view>

#include "agent/store/host_mark.hpp"
#include "agent/store/schema.hpp"
#include "sys/files.hpp"

namespace metalwright::store {
namespace {

namespace fs = std::filesystem;

struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

/// SQLite found the file itself to be wrong, not the way to it.
bool is_damage(int code) {
    return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

class ReadOnly {
 public:
    static Result<ReadOnly> open(const fs::path& file, std::string_view how) {
        std::string uri = "file:";
        for (const char c : file.native())
            uri += c == '?' || c == '#' || c == '%' ? "%" + hex(c) : std::string(1, c);
        uri.append("?mode=ro&").append(how);
        sqlite3* raw = nullptr;
        const int code =
            sqlite3_open_v2(uri.c_str(), &raw,
                            SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
        ReadOnly db(raw, file);
        if (code != SQLITE_OK) return std::unexpected(db.error(code));
        sqlite3_busy_timeout(raw, 2000);
        return db;
    }

    /// The first column of the first row; nothing where there is none. A complaint of SQLite about
    /// the file goes to `damage`.
    Result<std::optional<std::string>> first(const char* sql, std::string& damage) {
        sqlite3_stmt* compiled = nullptr;
        int code = sqlite3_prepare_v2(db_.get(), sql, -1, &compiled, nullptr);
        const std::unique_ptr<sqlite3_stmt, Close> statement(compiled);
        if (code == SQLITE_OK) code = sqlite3_step(compiled);
        if (code == SQLITE_DONE) return std::optional<std::string>();
        if (code == SQLITE_ROW) {
            const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(compiled, 0));
            return text == nullptr ? std::optional<std::string>()
                                   : std::optional(std::string(text));
        }
        if (!is_damage(code)) return std::unexpected(error(code));
        if (damage.empty()) damage = sqlite3_errmsg(db_.get());
        return std::optional<std::string>();
    }

 private:
    ReadOnly(sqlite3* db, fs::path file) : db_(db), file_(std::move(file)) {}

    static std::string hex(char c) {
        constexpr std::string_view digits = "0123456789ABCDEF";
        const auto byte = static_cast<unsigned char>(c);
        return {digits[byte >> 4u], digits[byte & 0xfu]};
    }
    Error error(int code) const {
        return {Errc::io,
                std::string("the store cannot be read: ") +
                    (db_ ? sqlite3_errmsg(db_.get()) : sqlite3_errstr(code)),
                file_.native(), db_ ? sqlite3_system_errno(db_.get()) : 0};
    }

    std::unique_ptr<sqlite3, Close> db_;
    fs::path file_;
};

std::int64_t number(const std::optional<std::string>& text) {
    std::int64_t value = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
}

std::uintmax_t size_of(const fs::path& file) {
    std::error_code ignored;
    const std::uintmax_t size = fs::file_size(file, ignored);
    return ignored ? 0 : size;
}

/// How to open it so that nothing of it is written. Source: sqlite.org, "URI filenames", "Read-only
/// WAL-mode databases".
Result<std::string_view> manner(const fs::path& file) {
    // All that was committed is in the one file, and stays there while we read.
    if (size_of(file.native() + "-wal") == 0) return "immutable=1";
    std::error_code ignored;
    if (fs::exists(file.native() + "-shm", ignored)) return "readonly_shm=1";
    return fail(Errc::unsupported,
                "state.db and state.db-wal are there without state.db-shm, as a copy is: only the "
                "daemon's next start puts them together",
                file.native());
}

Result<std::optional<HostMark>> mark_beside(const fs::path& directory) {
    const auto text = sys::PosixFiles().read(fs::absolute(directory / "host-in-use"));
    if (!text && text.error().code == Errc::not_found) return std::optional<HostMark>();
    if (!text) return std::unexpected(text.error());
    auto mark = parse_host_mark(*text);
    if (!mark) return std::unexpected(mark.error());
    return std::optional(std::move(*mark));
}

}  // namespace

Result<Checkup> check_up(const fs::path& directory) {
    const fs::path file = directory / "state.db";
    const auto how = manner(file);
    if (!how) return std::unexpected(how.error());
    auto db = ReadOnly::open(file, *how);
    if (!db) return std::unexpected(db.error());

    Checkup found;
    std::optional<Error> wrong;
    const auto ask = [&](const char* sql) -> std::optional<std::string> {
        if (wrong || !found.damage.empty()) return std::nullopt;
        auto answer = db->first(sql, found.damage);
        if (answer) return *answer;
        wrong = answer.error();
        return std::nullopt;
    };
    const std::int64_t id = number(ask("PRAGMA application_id"));
    found.version = number(ask("PRAGMA user_version"));
    found.newer = found.version > current_version;
    found.ours = !found.damage.empty() || id == application_id;
    if (!found.ours || found.newer) return found;  // whose tables we do not know
    if (const auto said = ask("PRAGMA quick_check(1)"); said && *said != "ok") found.damage = *said;
    found.reports_waiting = number(ask("SELECT COUNT(*) FROM outbox"));
    found.report_bytes = static_cast<std::uint64_t>(
        number(ask("SELECT coalesce(sum(length(body)), 0) FROM outbox")));
    found.locked = ask("SELECT value FROM meta WHERE key = 'locked_reason'");
    HostEvidence evidence{
        .found = mark_beside(directory),
        .own = {.store = ask("SELECT value FROM meta WHERE key = 'store_id'").value_or(""),
                .writes = static_cast<std::uint64_t>(
                    number(ask("SELECT value FROM meta WHERE key = 'host_writes'")))},
        .marked = ask("SELECT 1 FROM meta WHERE key = 'host_marked'").has_value(),
        .has_operations = ask("SELECT 1 FROM operation LIMIT 1").has_value()};
    if (wrong) return std::unexpected(*wrong);
    if (found.damage.empty()) found.doubt = doubt_of(evidence);
    return found;
}

}  // namespace metalwright::store
