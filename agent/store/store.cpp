#include "agent/store/store.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/random.h>

#include <cerrno>
#include <chrono>
#include <cstdio>

#include "agent/store/schema.hpp"
#include "core/hex.hpp"
#include "sys/random.hpp"

namespace metalwright::store {
namespace {

Result<std::string> draw_key() {
    std::string key(32, '\0');
    if (::getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
        return fail(Errc::io, "the kernel gives no random bytes", {}, errno);
    return key;
}

/// All that a store holds from the first on.
Result<std::string> new_store() {
    auto key = draw_key();
    if (!key) return std::unexpected(key.error());
    const auto id = sys::random_uuid();
    if (!id) return std::unexpected(id.error());
    return schema_v1 +
           ("INSERT INTO meta (key, value) VALUES ('host_key', x'" + hex_of(*key) +
            "'), ('store_id', '" + *id + "');") +
           schema_v2 + schema_v3 + "PRAGMA user_version=" + std::to_string(current_version);
}

/// Two daemons would each carry out what the other has accepted. The kernel lets go of this lock
/// with the process, however that ends, and a program that we have started never has it.
Result<sys::Fd> take_alone(const std::filesystem::path& directory) {
    sys::Fd alone(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!alone) return fail(Errc::io, "cannot open the state directory", directory.native(), errno);
    // A program that a daemon was about to start when it was killed holds what that had open, until
    // it has begun: a moment, and no second daemon.
    constexpr int looks = 50, pause_ms = 20;
    int error = EWOULDBLOCK;
    for (int look = 0; error == EWOULDBLOCK && look < looks; ++look) {
        if (look > 0) ::poll(nullptr, 0, pause_ms);
        if (::flock(alone.get(), LOCK_EX | LOCK_NB) == 0) return alone;
        error = errno;
    }
    if (error != EWOULDBLOCK)
        return fail(Errc::io, "cannot lock the state directory", directory.native(), error);
    return fail(Errc::busy,
                "another daemon works on this state directory: stop it, or choose another "
                "--state-dir",
                directory.native(), error);
}

/// Under a name that says when; what belongs to it goes along. Answers the name.
Result<std::filesystem::path> put_aside(const std::filesystem::path& file) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const std::string stem =
        file.native() + ".damaged-" + std::to_string(now.time_since_epoch().count());
    for (const char* part : {"-wal", "-shm", ""}) {
        const std::string from = file.native() + part;
        if (::rename(from.c_str(), (stem + part).c_str()) != 0 && errno != ENOENT)
            return fail(Errc::io, "the store is damaged and cannot be put aside", from, errno);
    }
    return stem;
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& directory,
                                           std::uint64_t outbox_max_bytes) {
    std::error_code ec;
    std::filesystem::create_directories(directory, ec);
    if (ec)
        return fail(Errc::io, "cannot make the state directory", directory.native(), ec.value());
    auto alone = take_alone(directory);
    if (!alone) return std::unexpected(alone.error());
    const std::filesystem::path file = directory / "state.db";
    bool damaged = false;
    auto store = open_file(file, *alone, outbox_max_bytes, damaged);
    if (store || !damaged) return store;
    const std::string why = store.error().message;
    auto kept = put_aside(file);
    if (!kept) return std::unexpected(kept.error());
    store = open_file(file, *alone, outbox_max_bytes, damaged);
    if (store)
        (*store)->set_aside_ = "the store was damaged (" + why + ") and is kept as " +
                               kept->native() + ", a new one was made";
    return store;
}

/// `damaged`: what is there is a store of ours, or has been one, and cannot be worked with.
Result<std::unique_ptr<Store>> Store::open_file(const std::filesystem::path& file, sys::Fd& alone,
                                                std::uint64_t outbox_max_bytes, bool& damaged) {
    const bool made = !std::filesystem::exists(file);
    if (made) {
        auto sql = new_store();
        if (!sql) return std::unexpected(sql.error());
        if (auto done = Database::make(file, *sql); !done) return std::unexpected(done.error());
    }
    auto db = Database::open(file, damaged);
    if (!db) return std::unexpected(db.error());
    std::unique_ptr<Store> store(
        new Store(sys::Fd(), std::move(*db), outbox_max_bytes,
                  std::filesystem::absolute(file.parent_path() / "host-in-use")));
    store->created_ = made;
    Result<void> good = store->db_.check();
    if (good) good = store->migrate();
    damaged = store->db_.damage().found;
    if (!good) return std::unexpected(good.error());
    store->alone_ = std::move(alone);
    return store;
}

Result<void> Store::migrate() {
    auto version = db_.prepare("PRAGMA user_version");
    if (!version) return std::unexpected(version.error());
    if (auto row = version->step(); !row) return std::unexpected(row.error());
    const std::int64_t found = version->integer(0);
    if (found > current_version)
        return fail(Errc::io,
                    "the store was written by a newer metalwright; install that version "
                    "or move state.db away");
    if (found == 0) {
        auto key = draw_key();
        if (!key) return std::unexpected(key.error());
        auto tx = Transaction::begin(db_);
        if (!tx) return std::unexpected(tx.error());
        if (auto made = db_.execute(schema_v1); !made) return made;
        if (auto set = set_meta("host_key", *key); !set) return set;
        if (auto set = db_.execute("PRAGMA user_version=1"); !set) return set;
        if (auto done = tx->commit(); !done) return done;
        created_ = true;
    }
    if (found < 2) {
        auto tx = Transaction::begin(db_);
        if (!tx) return std::unexpected(tx.error());
        if (auto made = db_.execute(schema_v2); !made) return made;
        if (auto set = db_.execute("PRAGMA user_version=2"); !set) return set;
        if (auto done = tx->commit(); !done) return done;
    }
    if (found < 3) {
        auto tx = Transaction::begin(db_);
        if (!tx) return std::unexpected(tx.error());
        if (auto made = db_.execute(schema_v3); !made) return made;
        if (auto set = db_.execute("PRAGMA user_version=3"); !set) return set;
        if (auto done = tx->commit(); !done) return done;
    }
    auto key = meta("host_key");
    if (!key) return std::unexpected(key.error());
    if (!*key || (*key)->size() != 32) return db_.condemn("it has lost its key");
    host_key_ = **key;
    if (auto loaded = load_lock(); !loaded) return loaded;
    return count_outbox();
}

Result<std::optional<std::string>> Store::meta(std::string_view key) {
    auto query = db_.prepare("SELECT value FROM meta WHERE key = ?");
    if (!query) return std::unexpected(query.error());
    auto row = query->bind(1, key).step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::optional<std::string>();
    return query->maybe_text(0);
}

Result<void> Store::set_meta(std::string_view key, const std::optional<std::string>& value) {
    auto write = db_.prepare(
        "INSERT INTO meta (key, value) VALUES (?1, ?2)"
        " ON CONFLICT (key) DO UPDATE SET value = ?2");
    if (!write) return std::unexpected(write.error());
    write->bind(1, key);
    if (value) write->bind_blob(2, *value);
    return write->run();
}

Result<std::optional<std::string>> Store::instance() {
    const std::lock_guard lock(mutex_);
    return meta("instance");
}

Result<std::optional<std::string>> Store::last_released() {
    const std::lock_guard lock(mutex_);
    return meta("last_released");
}

Result<bool> Store::has_run(const std::string& instance) {
    const std::lock_guard lock(mutex_);
    auto value = meta("has_run");
    if (!value) return std::unexpected(value.error());
    return *value == instance;
}

Result<std::vector<Source>> Store::sources() {
    const std::lock_guard lock(mutex_);
    auto query = db_.prepare(
        "SELECT name, generation, digest, document, operation, coalesce((SELECT digest FROM"
        " operation WHERE id = source.operation), digest) FROM source ORDER BY name");
    if (!query) return std::unexpected(query.error());
    std::vector<Source> sources;
    for (;;) {
        auto row = query->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return sources;
        sources.push_back({query->text(0), static_cast<std::uint64_t>(query->integer(1)),
                           query->text(2), query->text(3), query->integer(4), query->text(5)});
    }
}

Result<void> Store::ping() {
    const std::lock_guard lock(mutex_);
    auto query = db_.prepare("SELECT 1");
    if (!query) return std::unexpected(query.error());
    auto row = query->step();
    if (!row) return std::unexpected(row.error());
    return {};
}

}  // namespace metalwright::store
