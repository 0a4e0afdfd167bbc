#include "agent/link/own_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace metalwright::agent::link {
namespace {

constexpr std::size_t most = std::size_t{256} << 10;

Result<void> check(const struct stat& file, const std::filesystem::path& path, bool any_owner) {
    if (!S_ISDIR(file.st_mode)) return fail(Errc::refused, "must be a directory", path.native());
    if ((file.st_uid != ::geteuid() && !any_owner) || (file.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fail(Errc::refused,
                    "others than the daemon's user own or may change this directory, which holds "
                    "the host's key: chown and chmod 0700 it, and see what is in it",
                    path.native());
    return {};
}

/// All of it, or errno.
int write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const ssize_t count = ::write(fd, content.data(), content.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        content.remove_prefix(static_cast<std::size_t>(count));
    }
    return ::fsync(fd) == 0 ? 0 : errno;
}

}  // namespace

Result<OwnDirectory> OwnDirectory::open(const std::filesystem::path& path, bool make) {
    if (make && ::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(Errc::io, std::string("cannot make the directory: ") + std::strerror(errno),
                    path.native(), errno);
    sys::Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat file{};
    if (!fd || ::fstat(fd.get(), &file) != 0) {
        const int error = errno;
        if (error == ELOOP || error == ENOTDIR)
            return fail(Errc::refused,
                        "must be a directory, not a symbolic link or a file: it holds the host's "
                        "key; remove it, and it is made anew",
                        path.native(), error);
        return fail(error == ENOENT ? Errc::not_found : Errc::io,
                    std::string("cannot open the directory: ") + std::strerror(error),
                    path.native(), error);
    }
    if (auto fine = check(file, path, !make && ::geteuid() == 0); !fine)
        return std::unexpected(fine.error());
    return OwnDirectory(path, std::move(fd), file.st_uid);
}

std::unexpected<Error> OwnDirectory::failed(const char* what, const char* name, int error) const {
    return fail(error == ENOSPC || error == EDQUOT ? Errc::no_space : Errc::io,
                std::string(what) + ": " + std::strerror(error), (path_ / name).native(), error);
}

Result<std::optional<std::string>> OwnDirectory::read(const char* name, bool secret) const {
    const sys::Fd fd(::openat(fd_.get(), name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    struct stat file{};
    if (!fd && errno == ENOENT) return std::optional<std::string>();
    if (!fd && errno == ELOOP)
        return fail(Errc::refused, "is a symbolic link, which is not followed: remove it",
                    (path_ / name).native(), ELOOP);
    if (!fd || ::fstat(fd.get(), &file) != 0) return failed("cannot be read", name, errno);
    if (!S_ISREG(file.st_mode) || file.st_size > static_cast<off_t>(most))
        return fail(Errc::refused, "is no file of ours: remove it", (path_ / name).native());
    if (secret && (file.st_uid != owner_ || (file.st_mode & 0077U) != 0))
        return fail(Errc::refused,
                    "others on this host may have read this key: remove the file, and have the "
                    "certificate revoked and the host enrolled anew",
                    (path_ / name).native());
    std::string text(static_cast<std::size_t>(file.st_size), '\0');
    std::size_t have = 0;
    while (have < text.size()) {
        const ssize_t count = ::read(fd.get(), text.data() + have, text.size() - have);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed("cannot be read", name, errno);
        if (count == 0) break;
        have += static_cast<std::size_t>(count);
    }
    text.resize(have);
    return std::optional(std::move(text));
}

Result<void> OwnDirectory::write(const char* name, std::string_view content, unsigned mode) const {
    const std::string growing = std::string(".") + name + ".new";
    (void)::unlinkat(fd_.get(), growing.c_str(), 0);  // of a daemon that was killed
    const sys::Fd fd(::openat(fd_.get(), growing.c_str(),
                              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return failed("cannot be written", name, errno);
    int error = ::fchmod(fd.get(), mode) == 0 ? 0 : errno;
    if (error == 0) error = write_all(fd.get(), content);
    if (error == 0 && ::renameat(fd_.get(), growing.c_str(), fd_.get(), name) != 0) error = errno;
    if (error != 0) {
        (void)::unlinkat(fd_.get(), growing.c_str(), 0);
        return failed("cannot be written", name, error);
    }
    return sync();
}

Result<void> OwnDirectory::remove(const char* name) const {
    if (::unlinkat(fd_.get(), name, 0) != 0) {
        if (errno == ENOENT) return {};
        return failed("cannot be removed", name, errno);
    }
    return sync();
}

Result<void> OwnDirectory::rename(const char* from, const char* to) const {
    if (::renameat(fd_.get(), from, fd_.get(), to) != 0)
        return failed("cannot be renamed", from, errno);
    return sync();
}

Result<void> OwnDirectory::sync() const {
    if (::fsync(fd_.get()) != 0) return failed("the directory cannot be synced", "", errno);
    return {};
}

}  // namespace metalwright::agent::link
