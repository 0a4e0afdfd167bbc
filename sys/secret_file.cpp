#include "sys/secret_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sys/fd.hpp"

namespace metalwright::sys {
namespace {

/// What a file is read as.
struct Kind {
    const char* what;
    const char* mode;
    Result<void> (*check)(const struct stat& file, const std::filesystem::path& path);
};

std::unexpected<Error> cannot(const Kind& kind, const std::filesystem::path& path, int error) {
    const bool absent = error == ENOENT || error == ENOTDIR;
    return fail(absent ? Errc::not_found : Errc::io,
                std::string("cannot read the ") + kind.what + ": " + std::strerror(error) +
                    (absent ? std::string(": put it there, mode ") + kind.mode : ""),
                path.native(), error);
}

Result<void> check_secret(const struct stat& file, const std::filesystem::path& path) {
    if (!S_ISREG(file.st_mode)) {
        return fail(Errc::io, "a secret must be a regular file", path.native());
    }
    if ((file.st_mode & (S_IROTH | S_IWOTH)) != 0) {
        return fail(Errc::refused,
                    "everybody on this host can read or write this secret: chmod 0600 it, and "
                    "replace the secret",
                    path.native());
    }
    return {};
}

Result<void> check_own(const struct stat& file, const std::filesystem::path& path) {
    if (!S_ISREG(file.st_mode)) return fail(Errc::io, "must be a regular file", path.native());
    const bool ours = file.st_uid == 0 || file.st_uid == ::geteuid();
    if (!ours || (file.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return fail(Errc::refused,
                    "others on this host can write this file: make it root's, mode 0644, and see "
                    "whether it holds what it should",
                    path.native());
    }
    return {};
}

constexpr Kind secret{"secret", "0600", check_secret};
constexpr Kind own{"file", "0644", check_own};

Result<std::string> read_as(const Kind& kind, const std::filesystem::path& path, std::size_t most) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return cannot(kind, path, errno);
    struct stat file{};
    if (::fstat(fd.get(), &file) != 0) return cannot(kind, path, errno);
    if (auto fit = kind.check(file, path); !fit) return std::unexpected(fit.error());
    std::string text(most, '\0');
    std::size_t have = 0;
    while (have < most) {
        const ssize_t count = ::read(fd.get(), text.data() + have, most - have);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return cannot(kind, path, errno);
        if (count == 0) break;
        have += static_cast<std::size_t>(count);
    }
    text.resize(have);
    return text;
}

}  // namespace

Result<void> check_secret_file(const std::filesystem::path& path) {
    struct stat file{};
    if (::stat(path.c_str(), &file) != 0) return cannot(secret, path, errno);
    return check_secret(file, path);
}

Result<std::string> read_secret_file(const std::filesystem::path& path, std::size_t most) {
    return read_as(secret, path, most);
}

Result<std::string> read_own_file(const std::filesystem::path& path, std::size_t most) {
    return read_as(own, path, most);
}

}  // namespace metalwright::sys
