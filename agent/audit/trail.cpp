#include "agent/audit/trail.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "sys/fd.hpp"

namespace metalwright::agent::audit {
namespace {

constexpr std::size_t tail_bytes = std::size_t{64} << 10;  // many lines, the longest too

std::unexpected<Error> failed(const char* what, const std::filesystem::path& path, int error) {
    return fail(Errc::io, std::string(what) + ": " + std::strerror(error), path.native(), error);
}

/// The end of a file.
std::string tail_of(int fd, std::size_t size, std::size_t most) {
    std::string tail(std::min(size, most), '\0');
    const ssize_t got =
        ::pread(fd, tail.data(), tail.size(), static_cast<off_t>(size - tail.size()));
    tail.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return tail;
}

/// The last whole line in it.
std::optional<Link> last_link(std::string_view tail) {
    while (!tail.empty()) {
        const std::size_t feed = tail.rfind('\n');
        const std::string_view line = feed == std::string_view::npos ? tail : tail.substr(feed + 1);
        if (const auto read = read_line(line)) return read->link;
        if (feed == std::string_view::npos) break;
        tail = tail.substr(0, feed);
    }
    return std::nullopt;
}

}  // namespace

Trail::Trail(TrailOptions options) : options_(std::move(options)) {
    if (!options_.write) options_.write = ::write;
}

void Trail::write(const Deed& deed) {
    const std::lock_guard lock(mutex_);
    const std::int64_t now = options_.clock();
    if (deed.cheap && is_too_many(now)) {
        ++gaps_.left_out;
        return;
    }
    const Result<void> done = append(deed, now);
    if (!done) {
        ++gaps_.missing;
        if (!std::exchange(failing_, true))
            spdlog::error("who asks for what is not written down: {}", describe(done.error()));
        return;
    }
    if (std::exchange(failing_, false))
        spdlog::info("who asks for what is written down again; {} missing", gaps_.missing);
    gaps_ = {};
}

/// Who may nothing could otherwise push out what those who may have done.
bool Trail::is_too_many(std::int64_t now) {
    constexpr std::int64_t hour_ms = 3'600'000;
    if (now - hour_ >= hour_ms || now < hour_) {
        hour_ = now;
        cheap_ = 0;
    }
    return ++cheap_ > options_.cheap_an_hour;
}

/// After a start. A line is the truth about its own chain: if it lies, the check says so.
void Trail::go_on_from(int fd, std::size_t size) {
    std::optional<Link> link = last_link(tail_of(fd, size, tail_bytes));
    if (!link && size == 0) {
        const sys::Fd former(::open((options_.directory / former_name).c_str(),
                                    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
        struct stat found{};
        if (former && ::fstat(former.get(), &found) == 0)
            link = last_link(
                tail_of(former.get(), static_cast<std::size_t>(found.st_size), tail_bytes));
    }
    if (link) last_ = *link;
    knows_ = true;
}

Result<void> Trail::append(const Deed& deed, std::int64_t now) {
    const std::filesystem::path path = options_.directory / file_name;
    const auto open = [&] {
        return sys::Fd(::open(
            path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
    };
    // Anew each time: nobody can take the file from under us unnoticed.
    sys::Fd file = open();
    if (!file) return failed("cannot be opened", path, errno);
    struct stat found{};
    if (::fstat(file.get(), &found) != 0) return failed("cannot be looked at", path, errno);
    if (!S_ISREG(found.st_mode)) return failed("is no ordinary file", path, EINVAL);
    if ((found.st_mode & 07777) != 0600) (void)::fchmod(file.get(), 0600);
    auto size = static_cast<std::size_t>(found.st_size);
    if (!knows_) go_on_from(file.get(), size);
    if (size >= options_.most_bytes) {
        if (::rename(path.c_str(), (options_.directory / former_name).c_str()) != 0)
            return failed("cannot make room for the next one", path, errno);
        file = open();
        if (!file) return failed("cannot be opened", path, errno);
        size = 0;
    }
    Gaps gaps = gaps_;
    gaps.torn = size > 0 && tail_of(file.get(), size, 1) != "\n";
    const Line line = make_line(deed, now, gaps, last_, size == 0);
    const std::string text = (gaps.torn ? "\n" : "") + line.text;
    const ssize_t written = options_.write(file.get(), text.data(), text.size());
    if (written < 0) return failed("cannot be written", path, errno);
    if (static_cast<std::size_t>(written) != text.size())
        return failed("cannot be written whole", path, ENOSPC);
    last_ = line.link;
    return {};
}

}  // namespace metalwright::agent::audit
