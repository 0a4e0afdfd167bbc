#include "agent/store/database.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "agent/store/schema.hpp"
#include "sys/fd.hpp"

namespace metalwright::store {
namespace {

void tell(Damage& damage) {
    if (!std::exchange(damage.found, true) && damage.tell) damage.tell();
}

/// Of the last call. What cannot be kept for want of room can be later; what is damaged stays so.
std::unexpected<Error> sql_error(sqlite3* db, Damage& damage, const std::string& what) {
    const int code = sqlite3_errcode(db);
    const int primary = code & 0xff;
    const int system = sqlite3_system_errno(db);
    if (primary == SQLITE_FULL ||
        (primary == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT)))
        return fail(Errc::no_space,
                    "the store cannot " + what +
                        ": its file system is full; make room there, then send the request again");
    const bool damaged = primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
    Error error{Errc::io, "the store cannot " + what + ": " + sqlite3_errmsg(db), {}, system};
    if (damaged) tell(damage);
    return std::unexpected(std::move(error));
}

/// SQLite takes these only before its first connection.
void spare_memory() {
    // What it sets aside at once for databases that are busy all day (a slab of 20 pages, 48 KiB of
    // small blocks) would be a good part of what the daemon holds at rest.
    [[maybe_unused]] static const bool once = [] {
        sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, 0);
        sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 512, 16);
        return true;
    }();
}

Result<std::int64_t> pragma(Database& db, const char* sql) {
    auto statement = db.prepare(sql);
    if (!statement) return std::unexpected(statement.error());
    const auto row = statement->step();
    if (!row) return std::unexpected(row.error());
    return statement->integer(0);
}

}  // namespace

Statement::~Statement() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

Statement& Statement::bind(int at, std::int64_t value) {
    sqlite3_bind_int64(statement_, at, value);
    return *this;
}

Statement& Statement::bind(int at, std::string_view value) {
    sqlite3_bind_text64(statement_, at, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return *this;
}

Statement& Statement::bind_maybe(int at, const std::optional<std::string>& value) {
    if (value) return bind(at, std::string_view(*value));
    sqlite3_bind_null(statement_, at);
    return *this;
}

Statement& Statement::bind_maybe(int at, const std::optional<std::int64_t>& value) {
    if (value) return bind(at, *value);
    sqlite3_bind_null(statement_, at);
    return *this;
}

Statement& Statement::bind_blob(int at, std::string_view bytes) {
    sqlite3_bind_blob64(statement_, at, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
    return *this;
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return sql_error(db_, *damage_, "be read or written");
}

Result<void> Statement::run() {
    const auto row = step();
    if (!row) return std::unexpected(row.error());
    return {};
}

void Statement::reset() {
    sqlite3_reset(statement_);
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

std::string Statement::text(int column) const {
    const void* bytes = sqlite3_column_blob(statement_, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), size);
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::optional<std::int64_t> Statement::maybe_integer(int column) const {
    if (is_null(column)) return std::nullopt;
    return integer(column);
}

std::optional<std::string> Statement::maybe_text(int column) const {
    if (is_null(column)) return std::nullopt;
    return text(column);
}

void Database::Close::operator()(sqlite3* db) const {
    sqlite3_close_v2(db);
}

Result<Database> Database::connect(const std::filesystem::path& file) {
    spare_memory();
    const mode_t before = ::umask(0077);  // the -wal and -shm files inherit it
    sqlite3* raw = nullptr;
    const int code =
        sqlite3_open_v2(file.c_str(), &raw,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    ::umask(before);
    Database db(raw, file);
    if (code != SQLITE_OK)
        return fail(
            Errc::io,
            "cannot open the store: " + std::string(raw ? sqlite3_errmsg(raw) : "no memory") +
                "; check that the directory exists and is writable by root",
            file.native(), raw ? sqlite3_system_errno(raw) : 0);
    sqlite3_extended_result_codes(raw, 1);
    sqlite3_busy_timeout(raw, 5000);
    return db;
}

Result<void> Database::make(const std::filesystem::path& file, const std::string& statements) {
    const std::filesystem::path growing = file.native() + ".new";
    std::error_code ignored;
    std::filesystem::remove(growing, ignored);
    {
        auto db = connect(growing);
        if (!db) return std::unexpected(db.error());
        const std::string all =
            "PRAGMA synchronous=OFF; PRAGMA journal_mode=WAL; PRAGMA application_id=" +
            std::to_string(application_id) + "; BEGIN; " + statements + "; COMMIT;";
        if (auto made = db->execute(all.c_str()); !made) return made;
    }
    const auto sync = [](const std::filesystem::path& path) {
        const sys::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        return fd && ::fsync(fd.get()) == 0;
    };
    if (!sync(growing) || ::rename(growing.c_str(), file.c_str()) != 0 ||
        !sync(std::filesystem::absolute(file).parent_path()))
        return fail(Errc::io, "cannot make the store", file.native(), errno);
    return {};
}

Result<Database> Database::open(const std::filesystem::path& file, bool& damaged) {
    std::error_code absent;
    const auto size = std::filesystem::file_size(file, absent);
    const bool existed = !absent;
    auto connected = connect(file);
    if (!connected) return connected;
    Database db = std::move(*connected);
    auto id = pragma(db, "PRAGMA application_id");
    if (!id && id.error().code == Errc::no_space) {
        // Its index of the log is a file of 32 KiB beside it, for which there is no room: in a
        // process that has the store to itself it may lie in memory, for as long as that lives.
        connected = connect(file);
        if (!connected) return connected;
        db = std::move(*connected);
        if (auto own = db.execute("PRAGMA locking_mode=EXCLUSIVE"); !own)
            return std::unexpected(own.error());
        id = pragma(db, "PRAGMA application_id");
    }
    if (!id) {
        damaged = db.damage().found;
        Error error = id.error();
        error.where = file.native();
        return std::unexpected(std::move(error));
    }
    if (existed && size == 0) {  // ours are never seen before they are whole
        damaged = true;
        return db.condemn("it is empty");
    }
    if (existed && *id != application_id)
        return fail(Errc::io, "this is another program's database; name another --state-dir",
                    file.native());
    // A checkpoint costs two more syncs: not oftener than SQLite does by itself.
    const std::string setup =
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-256; PRAGMA wal_autocheckpoint=1000;"
        // What is deleted is gone from the file too: passwords, scripts.
        " PRAGMA secure_delete=ON;" +
        (*id == 0 ? "PRAGMA application_id=" + std::to_string(application_id) + ";"
                  : std::string());
    if (auto ok = db.execute(setup.c_str()); !ok) return std::unexpected(ok.error());
    return db;
}

void Database::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

Result<Statement> Database::prepare(const std::string& sql) {
    auto& kept = statements_[sql];
    if (!kept) {
        sqlite3_stmt* compiled = nullptr;
        if (sqlite3_prepare_v2(db_.get(), sql.data(), static_cast<int>(sql.size()), &compiled,
                               nullptr) != SQLITE_OK) {
            // Our own statements are right: somebody has been at the tables.
            if (sqlite3_errcode(db_.get()) == SQLITE_ERROR) tell(*damage_);
            return sql_error(db_.get(), *damage_, "be asked (" + sql + ")");
        }
        kept.reset(compiled);
    }
    return Statement(db_.get(), kept.get(), *damage_);
}

Result<void> Database::execute(const char* sql) {
    if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        return sql_error(db_.get(), *damage_, "be written");
    return {};
}

Result<void> Database::check() {
    auto query = prepare("PRAGMA quick_check(1)");
    if (!query) return std::unexpected(query.error());
    const auto row = query->step();
    if (!row) return std::unexpected(row.error());
    const std::string said = query->text(0);
    if (said == "ok") return {};
    return condemn("it is not whole: " + said);
}

std::unexpected<Error> Database::condemn(std::string_view why) {
    damage_->found = true;
    return fail(Errc::io, std::string(why));
}

// What is committed under NORMAL is in the log's pages of the kernel: any descriptor syncs them.
Result<void> Database::sync_log() {
    const sys::Fd log(::open(log_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!log && errno == ENOENT) return {};  // all of it is in the database, which is synced first
    if (!log || ::fdatasync(log.get()) != 0)
        return fail(Errc::io, "the store cannot be made safe", log_.native(), errno);
    return {};
}

std::int64_t Database::writes() const {
    return sqlite3_total_changes(db_.get());
}

std::int64_t Database::last_insert_id() const {
    return sqlite3_last_insert_rowid(db_.get());
}

// SQLite, "PRAGMA synchronous": in WAL mode NORMAL does not sync the log with a commit; the next
// commit under FULL syncs all of it.
Soon::Soon(Database& db) : db_(db) {
    (void)db_.execute("PRAGMA synchronous=NORMAL");
}

Soon::~Soon() {
    (void)db_.execute("PRAGMA synchronous=FULL");
}

Result<Transaction> Transaction::begin(Database& db) {
    auto begin = db.prepare("BEGIN IMMEDIATE");
    if (!begin) return std::unexpected(begin.error());
    if (auto begun = begin->run(); !begun) return std::unexpected(begun.error());
    return Transaction(db);
}

Transaction::~Transaction() {
    // A failed COMMIT leaves the transaction open: roll back whatever has not been committed.
    if (db_ != nullptr) (void)db_->execute("ROLLBACK");
}

Result<void> Transaction::commit() {
    auto commit = db_->prepare("COMMIT");
    if (!commit) return std::unexpected(commit.error());
    if (auto done = commit->run(); !done) return done;
    db_ = nullptr;
    return {};
}

}  // namespace metalwright::store
