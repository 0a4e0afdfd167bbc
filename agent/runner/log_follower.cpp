#include "agent/runner/log_follower.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace metalwright::runner {

LogFollower::LogFollower(const std::filesystem::path& log, int out)
    : file_(::open(log.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)), out_(out) {
    if (!file_) return;
    if (const off_t end = ::lseek(file_.get(), 0, SEEK_END); end > 0) began_at_ = at_ = end;
}

/// One chunk. False when there is nothing new or `out` takes nothing.
bool LogFollower::step(int wait_milliseconds) {
    struct stat status{};
    if (!file_ || ::fstat(file_.get(), &status) != 0) return false;
    at_ = std::min<long long>(at_, status.st_size);  // the script truncated its log
    // At most PIPE_BUF: what poll() promises room for is then written without blocking.
    std::array<char, 4096> chunk;
    const ssize_t n = ::pread(file_.get(), chunk.data(), chunk.size(), at_);
    if (n <= 0) return false;
    pollfd ready{out_, POLLOUT, 0};
    if (::poll(&ready, 1, wait_milliseconds) != 1 || (ready.revents & POLLOUT) == 0) return false;
    const ssize_t written = ::write(out_, chunk.data(), static_cast<std::size_t>(n));
    if (written <= 0) return false;
    at_ += written;
    return true;
}

void LogFollower::pump() {
    constexpr int most_chunks = 256;  // 1 MiB, then look at the script again
    for (int i = 0; i < most_chunks; ++i)
        if (!step(0)) return;
}

void LogFollower::finish(int milliseconds) {
    constexpr int most_chunks = 16384;  // 64 MiB: what the journal does not have, the file has
    for (int i = 0; i < most_chunks; ++i)
        if (!step(milliseconds)) return;
}

std::string LogFollower::last(std::size_t most) const {
    struct stat status{};
    if (!file_ || ::fstat(file_.get(), &status) != 0) return {};
    const long long begin =
        std::max(began_at_, static_cast<long long>(status.st_size) - static_cast<long long>(most));
    if (begin >= status.st_size) return {};
    std::string text(static_cast<std::size_t>(status.st_size - begin), '\0');
    const ssize_t n = ::pread(file_.get(), text.data(), text.size(), begin);
    text.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return text;
}

}  // namespace metalwright::runner
