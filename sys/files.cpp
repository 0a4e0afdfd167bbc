#include "sys/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <memory>
#include <system_error>
#include <utility>

#include "sys/fd.hpp"

namespace metalwright::sys {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest = 16u << 20;

std::unexpected<Error> broken(const std::string& what, const fs::path& path, int error) {
    return fail(Errc::io, what + ": " + std::generic_category().message(error), path.string(),
                error);
}

Result<std::string> read_all(const fs::path& real, const fs::path& named) {
    // Not blocking: a FIFO where a file should be must not hang us.
    const Fd file(::open(real.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) {
        const int error = errno;
        if (error == ENOENT || error == ENOTDIR)
            return fail(Errc::not_found, "there is no such file", named.string(), error);
        return broken("cannot open", named, error);
    }
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return broken("cannot read", named, errno);
    if (!S_ISREG(status.st_mode)) return broken("not a regular file", named, EINVAL);
    std::string content;
    std::array<char, 65536> chunk;
    for (;;) {
        const ssize_t n = ::read(file.get(), chunk.data(), chunk.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return broken("cannot read", named, errno);
        if (n == 0) return content;
        content.append(chunk.data(), static_cast<std::size_t>(n));
        if (content.size() > largest) return broken("larger than 16 MiB", named, EFBIG);
        // Less than a page of a file that has a size (sysfs says a page) was the rest of it; a look
        // at the disks reads hundreds. Without a size, as in procfs, only nothing is the end.
        constexpr ssize_t page = 4096;
        if (status.st_size > 0 && n < page) return content;
    }
}

int sync_directory(const fs::path& directory) {
    const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return fd && ::fsync(fd.get()) == 0 ? 0 : errno;
}

/// mkdir -p, of this mode whatever the umask, each new name durable.
int make_directories(const fs::path& directory, unsigned mode) {
    if (::access(directory.c_str(), F_OK) == 0) return 0;
    const fs::path parent = directory.parent_path();
    if (parent != directory)
        if (const int error = make_directories(parent, mode); error != 0) return error;
    if (::mkdir(directory.c_str(), mode) != 0) return errno == EEXIST ? 0 : errno;
    if (::chmod(directory.c_str(), mode) != 0) return errno;
    return sync_directory(parent);
}

int write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const ssize_t n = ::write(fd, content.data(), content.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        content.remove_prefix(static_cast<std::size_t>(n));
    }
    return 0;
}

/// The label that SELinux has given to what is replaced: the rules go by it, and a file that is
/// made anew has that of its directory.
int keep_label(int fd, const fs::path& replaced) {
    constexpr const char* label = "security.selinux";
    std::array<char, 256> value;
    const ssize_t size = ::lgetxattr(replaced.c_str(), label, value.data(), value.size());
    if (size <= 0) return 0;  // there is none, or nothing to replace
    if (::fsetxattr(fd, label, value.data(), static_cast<std::size_t>(size), 0) == 0) return 0;
    return errno == ENOTSUP ? 0 : errno;
}

int fill(int fd, std::string_view content, FileMode mode) {
    if (const int error = write_all(fd, content); error != 0) return error;
    if (::geteuid() == 0 && ::fchown(fd, mode.uid, mode.gid) != 0) return errno;
    if (::fchmod(fd, mode.mode) != 0) return errno;  // after chown, which clears set-id bits
    return !mode.durable || ::fsync(fd) == 0 ? 0 : errno;
}

bool agrees(const fs::path& real, std::string_view content, FileMode mode) {
    struct stat status{};
    if (::lstat(real.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
    if ((status.st_mode & 07777u) != mode.mode) return false;
    if (::geteuid() == 0 && (status.st_uid != mode.uid || status.st_gid != mode.gid)) return false;
    const Result<std::string> there = read_all(real, real);
    return there && *there == content;
}

}  // namespace

std::filesystem::path place_in(const fs::path& root, const fs::path& path, bool follow_last) {
    std::deque<fs::path> rest;
    for (const fs::path& part : path.relative_path())
        if (!part.empty()) rest.push_back(part);
    std::vector<fs::path> names;  // resolved so far, below root
    const auto here = [&] {
        fs::path at = root;
        for (const fs::path& name : names) at /= name;
        return at;
    };
    for (int links = 0; !rest.empty();) {
        const fs::path part = rest.front();
        rest.pop_front();
        if (part == ".") continue;
        if (part == "..") {
            if (!names.empty()) names.pop_back();
            continue;
        }
        names.push_back(part);
        if (rest.empty() && !follow_last) break;
        std::error_code ignored;
        const fs::path target = fs::read_symlink(here(), ignored);
        constexpr int most_links = 40;  // as the kernel: then open() says ELOOP
        if (ignored || ++links > most_links) continue;
        names.pop_back();
        if (target.is_absolute()) names.clear();
        std::deque<fs::path> spliced;
        for (const fs::path& step : target.relative_path())
            if (!step.empty()) spliced.push_back(step);
        rest.insert(rest.begin(), spliced.begin(), spliced.end());
    }
    return here();
}

PosixFiles::PosixFiles(std::filesystem::path root) : root_(std::move(root)) {}

std::filesystem::path PosixFiles::under_root(const std::filesystem::path& path,
                                             bool follow_last) const {
    // Without an image the kernel follows links by itself, and a look at sysfs takes thousands.
    if (root_ == "/") return path.is_absolute() ? path : root_ / path;
    return place_in(root_, path, follow_last);
}

Result<std::string> PosixFiles::read(const std::filesystem::path& path) {
    return read_all(under_root(path), path);
}

Result<Outcome> PosixFiles::put(const std::filesystem::path& path, std::string_view content,
                                FileMode mode) {
    const fs::path real = place_in(root_, path, true);  // what a link points to is replaced
    if (agrees(real, content, mode)) return Outcome::unchanged;
    const fs::path directory = real.parent_path();
    if (const int error = make_directories(directory, mode.parents); error != 0)
        return broken("cannot make its directory", path, error);

    std::string temporary = (directory / ("." + real.filename().string() + ".XXXXXX")).string();
    Fd file(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!file) return broken("cannot create a temporary file beside it", path, errno);
    int error = fill(file.get(), content, mode);
    if (error == 0) error = keep_label(file.get(), real);
    file.close();
    if (error == 0 && ::rename(temporary.c_str(), real.c_str()) != 0) error = errno;
    if (error != 0) {
        ::unlink(temporary.c_str());
        return broken("cannot write", path, error);
    }
    if (!mode.durable) return Outcome::changed;
    if (error = sync_directory(directory); error != 0)
        return broken("written, but not known to be durable", path, error);
    return Outcome::changed;
}

Result<Outcome> PosixFiles::remove(const std::filesystem::path& path) {
    const fs::path real = under_root(path, false);
    if (::unlink(real.c_str()) != 0) {
        const int error = errno;
        if (error == ENOENT || error == ENOTDIR) return Outcome::unchanged;
        return broken("cannot remove", path, error);
    }
    if (const int error = sync_directory(real.parent_path()); error != 0)
        return broken("removed, but not known to be durable", path, error);
    return Outcome::changed;
}

Result<Outcome> PosixFiles::remove_tree(const std::filesystem::path& path) {
    const fs::path real = under_root(path, false);
    std::error_code error;
    // A link in it is removed, never followed.
    const std::uintmax_t gone = fs::remove_all(real, error);
    if (error) return broken("cannot remove", path, error.value());
    if (gone == 0) return Outcome::unchanged;
    if (const int unsure = sync_directory(real.parent_path()); unsure != 0)
        return broken("removed, but not known to be durable", path, unsure);
    return Outcome::changed;
}

Result<void> PosixFiles::set_attribute(const std::filesystem::path& path, std::string_view value) {
    const Fd file(::open(under_root(path).c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) {
        const int error = errno;
        if (error == ENOENT || error == ENOTDIR)
            return fail(Errc::not_found, "the kernel has no such attribute", path.string(), error);
        return fail(Errc::kernel_refused, "cannot open: " + std::generic_category().message(error),
                    path.string(), error);
    }
    // In one go: the kernel takes each write for a whole value.
    const ssize_t n = ::write(file.get(), value.data(), value.size());
    if (n == static_cast<ssize_t>(value.size())) return {};
    const int error = n < 0 ? errno : EIO;
    return fail(
        Errc::kernel_refused,
        "does not take '" + std::string(value) + "': " + std::generic_category().message(error),
        path.string(), error);
}

Result<std::vector<std::string>> PosixFiles::list(const std::filesystem::path& directory) {
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(under_root(directory).c_str()),
                                                   &::closedir);
    std::vector<std::string> names;
    if (!open) {
        const int error = errno;
        if (error == ENOENT || error == ENOTDIR) return names;
        return broken("cannot list", directory, error);
    }
    errno = 0;
    for (const dirent* entry = ::readdir(open.get()); entry != nullptr;
         errno = 0, entry = ::readdir(open.get())) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    if (errno != 0) return broken("cannot list", directory, errno);
    std::ranges::sort(names);
    return names;
}

bool PosixFiles::exists(const std::filesystem::path& path) {
    return ::access(under_root(path).c_str(), F_OK) == 0;
}

Result<std::string> PosixFiles::link_target(const std::filesystem::path& path) {
    const fs::path real = under_root(path, false);
    std::array<char, PATH_MAX> target;
    const ssize_t n = ::readlink(real.c_str(), target.data(), target.size());
    if (n < 0) {
        const int error = errno;
        if (error == ENOENT || error == ENOTDIR)
            return fail(Errc::not_found, "there is no such link", path.string(), error);
        return broken("cannot read the link", path, error);
    }
    return std::string(target.data(), static_cast<std::size_t>(n));
}

}  // namespace metalwright::sys
