#include "sys/eraser.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "sys/fd.hpp"

namespace metalwright::sys {
namespace {

std::unexpected<Error> failed(const std::string& device, const std::string& what, int error) {
    const Errc code = error == EBUSY                      ? Errc::busy
                      : error == ENOENT || error == ENXIO ? Errc::not_found
                                                          : Errc::io;
    return fail(code, what + ": " + std::generic_category().message(error), device, error);
}

Result<Fd> open_alone(const std::string& device, int mode) {
    Fd file(::open(device.c_str(), mode | O_EXCL | O_CLOEXEC | O_NONBLOCK));
    if (!file) return failed(device, "cannot have it alone", errno);
    return file;
}

Result<void> zero(const Fd& file, const std::string& device, std::uint64_t from,
                  std::uint64_t bytes) {
    const std::vector<char> zeros(std::size_t{1} << 20);
    while (bytes > 0) {
        const ssize_t written =
            ::pwrite(file.get(), zeros.data(), std::min<std::uint64_t>(bytes, zeros.size()),
                     static_cast<off_t>(from));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return failed(device, "cannot write zeros to it", errno);
        from += static_cast<std::uint64_t>(written);
        bytes -= static_cast<std::uint64_t>(written);
    }
    return {};
}

}  // namespace

// Read-only: udev takes the end of a writer for a change, and while it looks at the device it
// misses what the next program (mkfs) leaves there.
Result<void> BlockEraser::claim(const std::string& device) {
    const Result<Fd> file = open_alone(device, O_RDONLY);
    if (!file) return std::unexpected(file.error());
    return {};
}

Result<void> BlockEraser::zero_ends(const std::string& device, std::uint64_t bytes) {
    const Result<Fd> file = open_alone(device, O_RDWR);
    if (!file) return std::unexpected(file.error());
    const off_t end = ::lseek(file->get(), 0, SEEK_END);
    if (end < 0) return failed(device, "cannot tell its size", errno);
    const auto size = static_cast<std::uint64_t>(end);
    const std::uint64_t front = std::min(bytes, size), back = std::min(bytes, size - front);
    if (Result<void> done = zero(*file, device, 0, front); !done) return done;
    if (Result<void> done = zero(*file, device, size - back, back); !done) return done;
    if (::fsync(file->get()) != 0) return failed(device, "cannot make zeros durable", errno);
    return {};
}

}  // namespace metalwright::sys
