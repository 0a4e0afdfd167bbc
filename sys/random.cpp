#include "sys/random.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>

#include "core/hex.hpp"

namespace metalwright::sys {
namespace {

using Uuid = std::array<std::byte, 16>;

Result<Uuid> draw_uuid() {
    Uuid uuid{};
    if (Result<void> filled = fill_random(uuid); !filled) return std::unexpected(filled.error());
    uuid[6] = (uuid[6] & std::byte{0x0f}) | std::byte{0x40};
    uuid[8] = (uuid[8] & std::byte{0x3f}) | std::byte{0x80};
    return uuid;
}

/// Hexadecimal, with `separator` before each byte whose index is in `groups`.
std::string spell(const Uuid& uuid, char separator, std::span<const std::size_t> groups) {
    std::string text;
    for (std::size_t i = 0; i < uuid.size(); ++i) {
        for (const std::size_t start : groups)
            if (start == i) text += separator;
        append_hex(text, std::to_integer<unsigned char>(uuid[i]));
    }
    return text;
}

}  // namespace

Result<void> fill_random(std::span<std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::getrandom(bytes.data(), bytes.size(), 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return fail(Errc::io, "the kernel gave no random bytes, check the seccomp filter", {},
                        errno);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

Result<std::string> random_uuid() {
    const Result<Uuid> uuid = draw_uuid();
    if (!uuid) return std::unexpected(uuid.error());
    return spell(*uuid, '-', std::array<std::size_t, 4>{4, 6, 8, 10});
}

Result<std::string> random_md_uuid() {
    const Result<Uuid> uuid = draw_uuid();
    if (!uuid) return std::unexpected(uuid.error());
    return spell(*uuid, ':', std::array<std::size_t, 3>{4, 8, 12});
}

}  // namespace metalwright::sys
