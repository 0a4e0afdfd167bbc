// Durable commits a second: the agent's journal, one bare SQLite insert of the same bytes, and the
// same bytes appended to a preallocated file, in turns on one file system.

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "agent/store/store.hpp"

namespace {

using namespace metalwright;

constexpr std::size_t record_bytes = 300;  // one step with its item, as the engine writes it
constexpr std::int64_t now_ms = 1'700'000'000'000;

[[noreturn]] void die(const std::string& why) {
    std::fprintf(stderr, "journal_bench: %s\n", why.c_str());
    std::exit(1);
}

int number(std::string_view word) {
    int value = 0;
    const char* const last = word.data() + word.size();
    if (std::from_chars(word.data(), last, value).ptr != last || value < 1)
        die(std::string(word) + " is no number of rounds or commits");
    return value;
}

std::string record() {
    std::string text = R"({"item":"/storage/arrays/data","step":"create array","detail":")";
    text.append(record_bytes - text.size() - 2, 'x');
    return text + "\"}";
}

/// How long commits took, called some at a time.
class Stopwatch {
 public:
    void time(int count, const std::function<void()>& commit) {
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < count; ++i) commit();
        took_ += std::chrono::steady_clock::now() - begin;
        commits_ += count;
    }
    double rate() const { return commits_ / took_.count(); }

 private:
    std::chrono::duration<double> took_{};
    int commits_ = 0;
};

// Short turns, for a disk's speed changes from one second to the next; whole rounds are compared,
// so that each has its share of checkpoints.
constexpr int turn = 10;

struct CloseDatabase {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};

class Bare {
 public:
    explicit Bare(const std::filesystem::path& file) {
        sqlite3* raw = nullptr;
        if (sqlite3_open(file.c_str(), &raw) != SQLITE_OK) die("cannot open a bare database");
        db_.reset(raw);
        for (const char* sql :
             {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
              "CREATE TABLE event (seq INTEGER PRIMARY KEY AUTOINCREMENT, operation INTEGER,"
              " at_ms INTEGER, kind TEXT, body TEXT)"})
            if (sqlite3_exec(raw, sql, nullptr, nullptr, nullptr) != SQLITE_OK) die(sql);
        const char* insert =
            "INSERT INTO event (operation, at_ms, kind, body) VALUES (1, ?, 'intent', ?)";
        if (sqlite3_prepare_v2(raw, insert, -1, &insert_, nullptr) != SQLITE_OK) die(insert);
    }
    Bare(const Bare&) = delete;
    Bare& operator=(const Bare&) = delete;
    ~Bare() { sqlite3_finalize(insert_); }

    void commit(const std::string& body) {
        sqlite3_bind_int64(insert_, 1, now_ms);
        sqlite3_bind_text(insert_, 2, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
        if (sqlite3_step(insert_) != SQLITE_DONE) die("bare insert failed");
        sqlite3_reset(insert_);
    }

 private:
    std::unique_ptr<sqlite3, CloseDatabase> db_;
    sqlite3_stmt* insert_ = nullptr;
};

class Preallocated {
 public:
    Preallocated(const std::filesystem::path& file, off_t size)
        : fd_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        // Written, not only allocated: extents that turn from unwritten to written cost a journal
        // commit.
        const std::string zeros(1 << 16, '\0');
        if (fd_ < 0) die("cannot open a bare file");
        for (off_t at = 0; at < size; at += static_cast<off_t>(zeros.size()))
            if (::pwrite(fd_, zeros.data(), zeros.size(), at) < 0) die("cannot fill a bare file");
        ::fsync(fd_);
    }
    Preallocated(const Preallocated&) = delete;
    Preallocated& operator=(const Preallocated&) = delete;
    ~Preallocated() { ::close(fd_); }

    void commit(const std::string& body) {
        if (::pwrite(fd_, body.data(), body.size(), at_) < 0 || ::fdatasync(fd_) < 0)
            die("bare write failed");
        at_ += static_cast<off_t>(body.size());
    }

 private:
    int fd_;
    off_t at_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fputs("usage: journal_bench EMPTY_DIRECTORY ROUNDS COMMITS\n", stderr);
        return 2;
    }
    const std::filesystem::path directory = argv[1];
    const int rounds = number(argv[2]);
    const int commits = number(argv[3]);
    const std::string body = record();

    std::filesystem::create_directories(directory / "store");
    auto opened = store::Store::open(directory / "store", 64ULL << 20);
    if (!opened) die(describe(opened.error()));
    store::Store& journal = **opened;
    const auto operation = journal.accept({.source = "admin",
                                           .kind = "apply",
                                           .generation = 1,
                                           .instance = "i-1",
                                           .digest = "d",
                                           .document = "{}",
                                           .report = {}},
                                          now_ms);
    if (!operation) die(describe(operation.error()));
    Bare bare(directory / "bare.db");
    Preallocated file(directory / "bare.file",
                      static_cast<off_t>(rounds + 1) * commits * static_cast<off_t>(record_bytes));

    for (int round = 0; round <= rounds; ++round) {
        Stopwatch ours, peer, floor;
        for (int left = commits; left > 0; left -= turn) {
            const int count = std::min(left, turn);
            ours.time(count, [&] {
                if (auto done = journal.intend(*operation, body, now_ms); !done)
                    die(describe(done.error()));
            });
            peer.time(count, [&] { bare.commit(body); });
            floor.time(count, [&] { file.commit(body); });
        }
        if (round > 0)
            std::printf("%.1f %.1f %.1f\n", ours.rate(), peer.rate(),
                        floor.rate());  // the first one warms up
    }
    return 0;
}
