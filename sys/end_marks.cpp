#include "sys/end_marks.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace metalwright::sys {
namespace {

using namespace std::literals;

constexpr std::uint64_t kib = 1024;

/// Bytes that stand at one offset from the start, or from the end where `from_end`.
struct Mark {
    std::string_view type;
    std::string_view magic;
    std::uint64_t offset;
    bool from_end = false;
};

constexpr std::string_view luks2_second = "SKUL\xba\xbe"sv;
constexpr std::string_view bcache_magic =
    "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"sv;
constexpr std::string_view md_magic = "\xfc\x4e\x2b\xa9"sv;

constexpr std::array marks{
    Mark{"linux_raid_member", md_magic, 0},
    Mark{"linux_raid_member", md_magic, 4 * kib},
    Mark{"LVM2_member", "LABELONE"sv, 0},
    Mark{"LVM2_member", "LABELONE"sv, 512},
    Mark{"LVM2_member", "LABELONE"sv, 1024},
    Mark{"LVM2_member", "LABELONE"sv, 1536},
    Mark{"crypto_LUKS", "LUKS\xba\xbe"sv, 0},
    Mark{"crypto_LUKS", luks2_second, 16 * kib},
    Mark{"crypto_LUKS", luks2_second, 32 * kib},
    Mark{"crypto_LUKS", luks2_second, 64 * kib},
    Mark{"crypto_LUKS", luks2_second, 128 * kib},
    Mark{"crypto_LUKS", luks2_second, 256 * kib},
    Mark{"crypto_LUKS", luks2_second, 512 * kib},
    Mark{"crypto_LUKS", luks2_second, 1024 * kib},
    Mark{"crypto_LUKS", luks2_second, 2048 * kib},
    Mark{"crypto_LUKS", luks2_second, 4096 * kib},
    Mark{"swap", "SWAPSPACE2"sv, 4 * kib - 10},
    Mark{"swap", "SWAPSPACE2"sv, 16 * kib - 10},
    Mark{"swap", "SWAPSPACE2"sv, 64 * kib - 10},
    Mark{"bcache", bcache_magic, 4 * kib + 24},
    Mark{"gpt", "EFI PART"sv, 512},
    Mark{"gpt", "EFI PART"sv, 4 * kib},
    Mark{"gpt", "EFI PART"sv, 512, true},
    Mark{"gpt", "EFI PART"sv, 4 * kib, true},
    Mark{"isw_raid_member", "Intel Raid ISM Cfg Sig. "sv, 1024, true},
    Mark{"isw_raid_member", "Intel Raid ISM Cfg Sig. "sv, 8 * kib, true},
    Mark{"ddf_raid_member", "\xde\x11\xde\x11"sv, 512, true},
    Mark{"ddf_raid_member", "\xde\x11\xde\x11"sv, 4 * kib, true},
};

constexpr std::uint64_t label_bytes = 256 * kib;
constexpr std::uint64_t uberblocks_at = 128 * kib;

/// The offset of the first uberblock in this label; none when it holds none. Either byte order: the
/// pool may come from anywhere.
Result<std::optional<std::uint64_t>> uberblock(std::uint64_t label, const ReadAt& read) {
    constexpr std::array magics{"\x0c\xb1\xba\x00\x00\x00\x00\x00"sv,
                                "\x00\x00\x00\x00\x00\xba\xb1\x0c"sv};
    const Result<std::string> ring = read(label + uberblocks_at, label_bytes - uberblocks_at);
    if (!ring) return std::unexpected(ring.error());
    for (std::size_t slot = 0; slot + kib <= ring->size(); slot += kib)
        for (const std::string_view magic : magics)
            if (std::string_view(*ring).substr(slot, magic.size()) == magic)
                return std::optional(label + uberblocks_at + slot);
    return std::optional<std::uint64_t>();
}

}  // namespace

Result<std::vector<BlockSignature>> end_marks(std::uint64_t size, const ReadAt& read) {
    std::vector<BlockSignature> found;
    const auto known = [&](std::string_view type) {
        return std::ranges::find(found, type, &BlockSignature::type) != found.end();
    };
    std::vector<Mark> all(marks.begin(), marks.end());
    // md counts from the last 4 KiB, or 64 KiB for 0.90, that lies whole in the device.
    if (size >= 16 * kib) {
        all.push_back({"linux_raid_member", md_magic, (size - 8 * kib) / (4 * kib) * (4 * kib)});
        all.push_back({"linux_raid_member", md_magic, (size - 8 * kib) / 512 * 512});
    }
    if (size >= 128 * kib)
        for (const std::string_view magic : {md_magic, "\xa9\x2b\x4e\xfc"sv})
            all.push_back({"linux_raid_member", magic, size / (64 * kib) * (64 * kib) - 64 * kib});
    for (const Mark& mark : all) {
        if (known(mark.type) || (mark.from_end && mark.offset > size)) continue;
        const std::uint64_t at = mark.from_end ? size - mark.offset : mark.offset;
        if (at + mark.magic.size() > size) continue;
        const Result<std::string> there = read(at, mark.magic.size());
        if (!there) return std::unexpected(there.error());
        if (*there == mark.magic) found.push_back({std::string(mark.type), at});
    }
    if (size < 4 * label_bytes) return found;
    const std::uint64_t end = size / label_bytes * label_bytes;
    for (const std::uint64_t label :
         {std::uint64_t{0}, label_bytes, end - 2 * label_bytes, end - label_bytes}) {
        const Result<std::optional<std::uint64_t>> at = uberblock(label, read);
        if (!at) return std::unexpected(at.error());
        if (!*at) continue;
        found.push_back({"zfs_member", **at});
        break;
    }
    return found;
}

}  // namespace metalwright::sys
