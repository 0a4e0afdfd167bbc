// The fail_point() of the daemon that the tests kill at every journal boundary, or whose store
// cannot be written from there on.

#include <fcntl.h>
#include <spawn.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>

#include "core/fail_point.hpp"

namespace metalwright {
namespace {

std::atomic<int> store_fails_with{SQLITE_OK};

/// A file of SQLite's, and behind it in memory the one of the VFS that does the work.
struct Disk : sqlite3_file {
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
    static Disk& of(sqlite3_file* file) { return *static_cast<Disk*>(file); }
};

template <class... Arguments>
using Method = int (*sqlite3_io_methods::*)(sqlite3_file*, Arguments...);

/// Hands a call on to the file that does the work.
template <auto method, class... Arguments>
int pass(sqlite3_file* file, Arguments... arguments) {
    sqlite3_file* real = Disk::of(file).real();
    return (real->pMethods->*method)(real, arguments...);
}

/// Something that needs the disk.
template <auto method, int broken, class... Arguments>
int write(sqlite3_file* file, Arguments... arguments) {
    const int fault = store_fails_with;
    if (fault == SQLITE_FULL && broken != SQLITE_IOERR_FSYNC) return SQLITE_FULL;
    if (fault == SQLITE_IOERR) return broken;
    return pass<method, Arguments...>(file, arguments...);
}

using Io = sqlite3_io_methods;

constexpr Io methods{
    .iVersion = 2,
    .xClose = &pass<&Io::xClose>,
    .xRead = &pass<&Io::xRead, void*, int, sqlite3_int64>,
    .xWrite = &write<&Io::xWrite, SQLITE_IOERR_WRITE, const void*, int, sqlite3_int64>,
    .xTruncate = &pass<&Io::xTruncate, sqlite3_int64>,
    .xSync = &write<&Io::xSync, SQLITE_IOERR_FSYNC, int>,
    .xFileSize = &pass<&Io::xFileSize, sqlite3_int64*>,
    .xLock = &pass<&Io::xLock, int>,
    .xUnlock = &pass<&Io::xUnlock, int>,
    .xCheckReservedLock = &pass<&Io::xCheckReservedLock, int*>,
    .xFileControl = &pass<&Io::xFileControl, int, void*>,
    .xSectorSize = &pass<&Io::xSectorSize>,
    .xDeviceCharacteristics = &pass<&Io::xDeviceCharacteristics>,
    .xShmMap = &pass<&Io::xShmMap, int, int, int, void volatile**>,
    .xShmLock = &pass<&Io::xShmLock, int, int, int>,
    .xShmBarrier =
        [](sqlite3_file* file) {
            sqlite3_file* real = Disk::of(file).real();
            real->pMethods->xShmBarrier(real);
        },
    .xShmUnmap = &pass<&Io::xShmUnmap, int>,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* given) {
    auto* below = static_cast<sqlite3_vfs*>(vfs->pAppData);
    sqlite3_file* real = Disk::of(file).real();
    const int code = below->xOpen(below, name, real, flags, given);
    file->pMethods = real->pMethods == nullptr ? nullptr : &methods;
    return code;
}

/// All else is done by the VFS below, which finds its own data where it left them.
[[maybe_unused]] const bool registered = [] {
    static sqlite3_vfs above;
    sqlite3_vfs* below = sqlite3_vfs_find(nullptr);
    above = *below;
    above.zName = "fail-points";
    above.pAppData = below;
    above.szOsFile += static_cast<int>(sizeof(Disk));
    above.xOpen = &open;
    return sqlite3_vfs_register(&above, 1) == SQLITE_OK;
}();

/// systemd ends this process with SIGTERM, and starts the next one, which passes this point: the
/// file is there. The thread that is here goes on while the others hear of it.
void restart() {
    constexpr const char* once = "/run/metalwright/restarted";
    if (::open(once, O_CREAT | O_EXCL | O_CLOEXEC, 0600) < 0) return;  // stays open: it is a test's
    std::array<const char*, 5> words{"systemctl", "--no-block", "restart", "metalwright.service",
                                     nullptr};
    ::pid_t child = 0;
    if (::posix_spawn(&child, "/usr/bin/systemctl", nullptr, nullptr,
                      const_cast<char**>(words.data()), environ) == 0)
        ::waitpid(child, nullptr, 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
}

}  // namespace

void fail_point(std::string_view name) {
    const char* set = std::getenv("METALWRIGHT_FAIL_POINT");
    if (set == nullptr) return;
    const std::string_view wanted(set);
    const std::size_t colon = wanted.find(':');
    if (name != wanted.substr(0, colon)) return;
    std::fprintf(stderr, "at %s\n", set);
    const std::string_view what = colon == wanted.npos ? "kill" : wanted.substr(colon + 1);
    if (what == "enospc") {
        store_fails_with = SQLITE_FULL;
    } else if (what == "eio") {
        store_fails_with = SQLITE_IOERR;
    } else if (what == "term") {
        std::raise(SIGTERM);
        std::this_thread::sleep_for(std::chrono::milliseconds(100));  // until it is heard of
    } else if (what == "restart") {
        restart();
    } else {
        std::raise(what == "abort" ? SIGABRT : SIGKILL);
    }
}

}  // namespace metalwright
