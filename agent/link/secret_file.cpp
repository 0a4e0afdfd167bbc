#include "agent/link/secret_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace metalwright::agent::link {
namespace {

constexpr std::size_t longest_token = 4096;

std::unexpected<Error> cannot(const std::filesystem::path& path, int error) {
    const bool absent = error == ENOENT || error == ENOTDIR;
    return fail(absent ? Errc::not_found : Errc::io,
                std::string("cannot read the secret: ") + std::strerror(error) +
                    (absent ? ": put it there, mode 0600" : ""),
                path.native(), error);
}

Result<void> check(const struct stat& file, const std::filesystem::path& path) {
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

bool is_token(char c) {
    return c > ' ' && c < 0x7f;
}

}  // namespace

Result<void> check_secret_file(const std::filesystem::path& path) {
    struct stat file{};
    if (::stat(path.c_str(), &file) != 0) return cannot(path, errno);
    return check(file, path);
}

Result<std::string> read_token(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return cannot(path, errno);
    struct stat file{};
    std::array<char, longest_token + 2> text{};
    ssize_t count = -1;
    int error = 0;
    if (::fstat(fd, &file) == 0) count = ::read(fd, text.data(), text.size());
    if (count < 0) error = errno;
    ::close(fd);
    if (auto fit = check(file, path); !fit && error == 0) return std::unexpected(fit.error());
    if (count < 0) return cannot(path, error);

    std::string token(text.data(), static_cast<std::size_t>(count));
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
    if (token.empty() || token.size() > longest_token ||
        !std::all_of(token.begin(), token.end(), is_token)) {
        return fail(Errc::invalid_spec,
                    "does not hold a token: one line of 1 to 4096 printable characters, no spaces",
                    path.native());
    }
    return token;
}

}  // namespace metalwright::agent::link
