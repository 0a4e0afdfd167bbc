#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace metalwright::store {

/// Whether the file has been found to be damaged; told once, by whoever comes upon it.
struct Damage {
    bool found = false;
    std::function<void()> tell{};
};

/// One prepared statement, the database's own, ready for its next user when it goes out of scope;
/// one use at a time. Columns count from 0, parameters from 1.
class Statement {
 public:
    Statement(sqlite3* db, sqlite3_stmt* statement, Damage& damage)
        : db_(db), statement_(statement), damage_(&damage) {}
    Statement(Statement&& other) noexcept
        : db_(other.db_),
          statement_(std::exchange(other.statement_, nullptr)),
          damage_(other.damage_) {}
    Statement& operator=(Statement&&) = delete;
    ~Statement();

    Statement& bind(int at, std::int64_t value);
    Statement& bind(int at, std::string_view value);
    Statement& bind_maybe(int at, const std::optional<std::string>& value);
    Statement& bind_maybe(int at, const std::optional<std::int64_t>& value);
    Statement& bind_blob(int at, std::string_view bytes);

    /// True when a row is there, false when there is none (any more). Errors: io; no_space, where
    /// the file system is full.
    Result<bool> step();
    /// For statements without rows. Errors: io.
    Result<void> run();
    /// Ready to be bound and run again.
    void reset();

    std::int64_t integer(int column) const;
    std::string text(int column) const;
    bool is_null(int column) const;
    std::optional<std::int64_t> maybe_integer(int column) const;
    std::optional<std::string> maybe_text(int column) const;

 private:
    sqlite3* db_;
    sqlite3_stmt* statement_;
    Damage* damage_;
};

/// One SQLite connection: WAL, synchronous=FULL, foreign keys on. Not thread-safe by itself.
class Database {
 public:
    /// Opens the file, or makes an empty one (mode 0600). Errors: no_space; io: a file that is not
    /// ours is refused with what to do; `damaged` where it was ours and is no database any more.
    static Result<Database> open(const std::filesystem::path& file, bool& damaged);
    /// Makes a file of these statements, whole and durable or not at all: in another one beside it,
    /// which nobody has to keep safe while it grows. Errors: io.
    static Result<void> make(const std::filesystem::path& file, const std::string& statements);
    Database(Database&&) noexcept = default;
    Database& operator=(Database&&) noexcept = default;

    /// Compiled once for each text. Errors: io (our own SQL is wrong, or the file is damaged).
    Result<Statement> prepare(const std::string& sql);
    /// One or more statements without rows. Errors: io.
    Result<void> execute(const char* sql);
    std::int64_t last_insert_id() const;
    /// Rises with every row that this connection writes.
    std::int64_t writes() const;
    /// Makes durable what was committed Soon, on a full disk too. Errors: io.
    Result<void> sync_log();
    /// Whether it is a database, and whole. Errors: io.
    Result<void> check();
    const Damage& damage() const { return *damage_; }
    /// It can be read, and is damaged all the same: why, as a clause.
    std::unexpected<Error> condemn(std::string_view why);
    /// Calls `tell` once the file is found to be damaged, on the thread that has found it.
    void on_damage(std::function<void()> tell) { damage_->tell = std::move(tell); }

 private:
    struct Close {
        void operator()(sqlite3* db) const;
    };
    Database(sqlite3* db, const std::filesystem::path& file)
        : damage_(std::make_unique<Damage>()), log_(file.native() + "-wal"), db_(db) {}
    static Result<Database> connect(const std::filesystem::path& file);
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    std::unique_ptr<Damage> damage_;
    std::filesystem::path log_;
    std::unique_ptr<sqlite3, Close> db_;
    std::unordered_map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

/// What is committed while it lives outlives this process, and a loss of power only once something
/// has been committed after it: for what is done anew, or told again, when it is lost.
class Soon {
 public:
    explicit Soon(Database& db);
    Soon(const Soon&) = delete;
    Soon& operator=(const Soon&) = delete;
    ~Soon();

 private:
    Database& db_;
};

/// BEGIN IMMEDIATE; rolled back unless commit() was called.
class Transaction {
 public:
    static Result<Transaction> begin(Database& db);
    Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    Result<void> commit();

 private:
    explicit Transaction(Database& db) : db_(&db) {}
    Database* db_;
};

}  // namespace metalwright::store
