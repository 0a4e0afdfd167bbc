#include "sys/remembered_signatures.hpp"

#include <sstream>

namespace metalwright::sys {

RememberedSignatures::Count RememberedSignatures::count(const std::string& device) {
    constexpr std::string_view nodes = "/dev/";
    if (!device.starts_with(nodes)) return {};
    const std::string name = device.substr(nodes.size());
    std::filesystem::path at = sys_ / "class/block" / name;
    if (files_.exists(at / "partition")) {
        // Writes through the whole disk count there alone: "../../devices/.../block/sda/sda1".
        const Result<std::string> target = files_.link_target(at);
        if (!target) return {};
        at = (at.parent_path() / *target).lexically_normal().parent_path();
    }
    const Result<std::string> number = files_.read(at / "diskseq");
    const Result<std::string> counting = files_.read(at / "queue/iostats");
    const Result<std::string> stat = files_.read(at / "stat");
    if (!number || !stat || !counting || !counting->starts_with('1')) return {};
    // Source: Documentation/block/stat.rst of Linux.
    std::vector<std::string> fields;
    std::istringstream words(*stat);
    for (std::string word; words >> word;) fields.push_back(std::move(word));
    constexpr std::size_t reads = 0, writes = 4, written = 6, discards = 11, discarded = 13;
    if (fields.size() <= discarded) return {};
    return {.reads = fields[reads],
            .changes = *number + fields[writes] + ' ' + fields[written] + ' ' + fields[discards] +
                       ' ' + fields[discarded]};
}

Result<std::vector<BlockSignature>> RememberedSignatures::probe(const std::string& device) {
    const Count before = count(device);
    if (!before.changes.empty()) {
        const std::scoped_lock lock(mutex_);
        const auto it = known_.find(device);
        if (it != known_.end() && it->second.changes == before.changes) return it->second.found;
    }
    Result<std::vector<BlockSignature>> found = reader_.probe(device);
    // It has just been read, now or when it went into the page cache: a driver that has counted
    // nothing does not count at all.
    const bool counts = !before.changes.empty() && count(device).reads != "0";
    const std::scoped_lock lock(mutex_);
    if (found && counts)
        known_.insert_or_assign(device, Known{before.changes, *found});
    else
        known_.erase(device);
    return found;
}

}  // namespace metalwright::sys
