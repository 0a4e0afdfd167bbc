#include "sys/signatures.hpp"

#include <blkid/blkid.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "sys/end_marks.hpp"
#include "sys/fd.hpp"

namespace metalwright::sys {
namespace {

using Probe = std::unique_ptr<blkid_struct_probe, decltype(&blkid_free_probe)>;

std::optional<std::string> value(blkid_probe probe, const char* name) {
    const char* data = nullptr;
    std::size_t size = 0;
    if (blkid_probe_lookup_value(probe, name, &data, &size) != 0 || data == nullptr) return {};
    return std::string(data);
}

std::uint64_t number(const std::optional<std::string>& text) {
    return text ? std::strtoull(text->c_str(), nullptr, 10) : 0;
}

/// What the probing function that has just hit says. Source: libblkid's tag names, <blkid.h>.
BlockSignature signature(blkid_probe probe) {
    if (std::optional<std::string> type = value(probe, "TYPE"))
        return {*type, number(value(probe, "SBMAGIC_OFFSET")), value(probe, "LABEL").value_or(""),
                value(probe, "UUID").value_or("")};
    return {value(probe, "PTTYPE").value_or("unknown"), number(value(probe, "PTMAGIC_OFFSET")), "",
            value(probe, "PTUUID").value_or("")};
}

/// Has the kernel fetch at once what is going to be looked at, a few bytes here and there: one by
/// one each of some thirty places would be waited for.
void read_ahead(const Fd& file) {
    constexpr off_t kib = 1024, mib = 1024 * kib;
    const auto fetch = [&](off_t offset, off_t bytes) {
        if (offset >= 0) ::posix_fadvise(file.get(), offset, bytes, POSIX_FADV_WILLNEED);
    };
    fetch(0, 512 * kib);
    for (const off_t second_header : {1 * mib, 2 * mib, 4 * mib}) fetch(second_header, 4 * kib);
    fetch(::lseek(file.get(), 0, SEEK_END) - 512 * kib, 512 * kib);
}

/// What libblkid did not find and that is there all the same.
Result<std::vector<BlockSignature>> with_end_marks(std::vector<BlockSignature> found,
                                                   const Fd& file, const std::string& device) {
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    if (size < 0) return fail(Errc::io, "cannot tell its size", device, errno);
    const ReadAt read = [&](std::uint64_t offset, std::size_t bytes) -> Result<std::string> {
        std::string text(bytes, '\0');
        ssize_t got = 0;
        do {
            got = ::pread(file.get(), text.data(), bytes, static_cast<off_t>(offset));
        } while (got < 0 && errno == EINTR);
        if (got < 0) return fail(Errc::io, "cannot read it to look for signatures", device, errno);
        text.resize(static_cast<std::size_t>(got));
        return text;
    };
    Result<std::vector<BlockSignature>> marks = end_marks(static_cast<std::uint64_t>(size), read);
    if (!marks) return marks;
    for (BlockSignature& mark : *marks)
        if (std::ranges::find(found, mark.type, &BlockSignature::type) == found.end())
            found.push_back(std::move(mark));
    return found;
}

}  // namespace

Result<std::vector<BlockSignature>> BlkidSignatures::probe(const std::string& device) {
    const Fd file(::open(device.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) {
        const int error = errno;
        return fail(
            error == ENOENT || error == ENXIO ? Errc::not_found : Errc::io,
            "cannot open it to look for signatures: " + std::generic_category().message(error),
            device, error);
    }
    read_ahead(file);
    errno = 0;
    const Probe probe(blkid_new_probe(), &blkid_free_probe);
    if (!probe || blkid_probe_set_device(probe.get(), file.get(), 0, 0) != 0)
        return fail(Errc::io, "libblkid cannot take this device", device, errno);
    blkid_probe_enable_superblocks(probe.get(), 1);
    blkid_probe_set_superblocks_flags(probe.get(), BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL |
                                                       BLKID_SUBLKS_UUID | BLKID_SUBLKS_MAGIC |
                                                       BLKID_SUBLKS_BADCSUM);
    blkid_probe_enable_partitions(probe.get(), 1);
    // Force: a GPT whose protective MBR was overwritten is a GPT all the same.
    blkid_probe_set_partitions_flags(probe.get(), BLKID_PARTS_MAGIC | BLKID_PARTS_FORCE_GPT);

    std::vector<BlockSignature> found;
    constexpr std::size_t most = 64;  // one per probing function; a bound all the same
    while (found.size() < most) {
        errno = 0;
        const int answer = blkid_do_probe(probe.get());
        if (answer == 1) break;
        if (answer != 0)
            return fail(Errc::io, "cannot read it to look for signatures", device, errno);
        found.push_back(signature(probe.get()));
    }
    return with_end_marks(std::move(found), file, device);
}

}  // namespace metalwright::sys
