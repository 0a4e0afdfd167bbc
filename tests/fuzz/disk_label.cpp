// sys::end_marks: whatever a former tenant has left at the ends of a disk of whatever size. What is
// found lies on the disk, and nothing beyond its end is asked for.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>

#include "sys/end_marks.hpp"
#include "tests/fuzz/target.hpp"

namespace metalwright::fuzz {
namespace {

void check(bool promise) {
    if (!promise) std::abort();
}

/// A disk of which the input is the first bytes and, turned to the end, the last ones; zeroes
/// between. The first eight bytes of the input say how large it is, up to 16 MiB.
struct Disk {
    std::uint64_t size = 0;
    std::string ends;

    std::string read(std::uint64_t offset, std::size_t bytes) const {
        check(bytes <= 64U << 20);
        if (offset >= size) return {};
        std::string part(std::min<std::uint64_t>(bytes, size - offset), '\0');
        for (std::size_t i = 0; i < part.size(); ++i) {
            const std::uint64_t at = offset + i;
            const std::uint64_t left = size - at;
            if (at < ends.size())
                part[i] = ends[at];
            else if (left <= ends.size())
                part[i] = ends[ends.size() - left];
        }
        return part;
    }
};

Bytes disk_of(std::uint64_t size, std::size_t at, std::string_view magic) {
    Bytes bytes(8 + std::max<std::size_t>(at + magic.size(), 8192));
    std::memcpy(bytes.data(), &size, sizeof size);
    std::copy(magic.begin(), magic.end(), bytes.begin() + 8 + static_cast<std::ptrdiff_t>(at));
    return bytes;
}

}  // namespace

void run(std::span<const std::uint8_t> input) {
    if (input.size() < 8) return;
    Disk disk;
    std::memcpy(&disk.size, input.data(), sizeof disk.size);
    disk.size %= (std::uint64_t{16} << 20) + 1;
    disk.ends.assign(input.begin() + 8, input.end());
    const auto found = sys::end_marks(
        disk.size, [&](std::uint64_t offset, std::size_t bytes) -> Result<std::string> {
            return disk.read(offset, bytes);
        });
    check(found.has_value());
    std::set<std::string> types;
    for (const sys::BlockSignature& one : *found) {
        check(types.insert(one.type).second);
        check(one.offset < disk.size);
    }
    // Nothing is there, so nothing is found: what would be refused for nothing stays bare for ever.
    if (std::ranges::all_of(disk.ends, [](char c) { return c == '\0'; })) check(found->empty());
}

std::vector<Bytes> seeds() {
    using namespace std::literals;
    return {disk_of(8U << 20, 4096, "\xfc\x4e\x2b\xa9"sv), disk_of(1U << 20, 512, "EFI PART"sv),
            disk_of(65536, 4086, "SWAPSPACE2"sv), disk_of(4096, 0, "LUKS\xba\xbe"sv),
            disk_of(3, 0, ""sv)};
}

}  // namespace metalwright::fuzz
