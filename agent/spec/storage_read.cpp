#include "agent/spec/storage_read.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "agent/spec/volume_read.hpp"
#include "core/json_pointer.hpp"
#include "raid/layout.hpp"
#include "raid/wishes.hpp"

namespace metalwright::spec {
namespace {

constexpr std::uint32_t most_members = 256;
constexpr std::uint32_t most_controllers = 16;
constexpr std::uint32_t most_chunk_kib = 65536;

constexpr std::array<std::string_view, 6> levels{"raid0", "raid1",  "raid5",
                                                 "raid6", "raid10", "none"};
constexpr std::array<std::string_view, 5> array_levels{"raid0", "raid1", "raid5", "raid6",
                                                       "raid10"};
constexpr std::array<std::string_view, 4> media_words{"any", "hdd", "ssd", "nvme"};
constexpr std::array<std::string_view, 2> first_words{"smallest", "largest"};
constexpr std::array<std::string_view, 3> consistency_words{"bitmap", "resync", "ppl"};
constexpr std::array<std::string_view, 3> metadata_words{"1.0", "1.1", "1.2"};
constexpr std::array<std::string_view, 2> filesystems{"ext4", "xfs"};

/// A tenant's volume there would hide what the host or the agent itself stands on.
bool belongs_to_the_system(std::string_view path) {
    constexpr std::array<std::string_view, 12> trees{"/bin",  "/boot",  "/dev",  "/etc",
                                                     "/lib",  "/lib64", "/proc", "/run",
                                                     "/sbin", "/sys",   "/tmp",  "/usr"};
    const auto under = [&](std::string_view tree) {
        return path.starts_with(tree) && (path.size() == tree.size() || path[tree.size()] == '/');
    };
    return path == "/var" || path == "/var/lib" || path == "/var/log" || path == "/root" ||
           under("/var/lib/metalwright") || std::any_of(trees.begin(), trees.end(), under);
}

void read_members(Fields& members, raid::WantedArray& array) {
    raid::MemberRule& rule = array.members;
    if (const auto ids = members.find("ids")) {
        std::set<std::string> seen;
        if (const auto items = ids->items(most_members)) {
            if (items->empty())
                ids->error("is empty: name disks, or leave it out to choose by rule");
            for (const Cursor& item : *items) {
                std::optional<std::string> id = item.text({.most = 64, .form = &forms::disk_id});
                if (!id) continue;
                if (!seen.insert(*id).second)
                    item.error("disk " + in_quotes(*id) + " is named twice");
                else
                    rule.ids.push_back(std::move(*id));
            }
        }
        for (const std::string_view other : {"count", "media", "minBytes", "maxBytes", "rotational",
                                             "controller", "first", "sameModel"})
            if (members.has(other))
                members.error(other,
                              "cannot stand beside \"ids\": disks are named or chosen, not both");
    }
    if (const auto count = members.number32("count", 1, most_members)) rule.count = *count;
    if (const auto media = members.word("media", media_words))
        rule.media = *media == "hdd"    ? raid::Media::hdd
                     : *media == "ssd"  ? raid::Media::ssd
                     : *media == "nvme" ? raid::Media::nvme
                                        : raid::Media::any;
    if (const auto bytes = members.number("minBytes", 1, most_number)) rule.min_bytes = *bytes;
    if (const auto bytes = members.number("maxBytes", 1, most_number)) {
        rule.max_bytes = *bytes;
        if (rule.max_bytes < rule.min_bytes)
            members.error("maxBytes", "is less than minBytes: no disk can be both");
    }
    rule.rotational = members.flag("rotational");
    if (auto controller = members.text("controller", {.most = 12, .form = &forms::pci_address}))
        rule.controller = std::move(*controller);
    const bool turns = rule.media == raid::Media::hdd;
    if (rule.rotational && rule.media != raid::Media::any && *rule.rotational != turns)
        members.error("rotational", std::string("no disk of that kind ") +
                                        (turns ? "stands still" : "turns") +
                                        ": leave one of the two out");
    if (const auto first = members.word("first", first_words))
        rule.order = *first == "largest" ? raid::Order::largest_first : raid::Order::smallest_first;
    rule.same_model = members.flag("sameModel").value_or(false);
    members.refuse_unknown();
}

void check_layout(Fields& holder, const raid::WantedArray& array) {
    if (array.layout.empty()) return;
    const std::string level(raid::to_string(array.level));
    if (!raid::is_layout(array.level, array.layout))
        return holder.error("layout", level + " has no layout " + in_quotes(array.layout));
    const std::optional<unsigned> disks = raid::devices_wanted(array);
    if (disks && raid::copies_of(array.layout) > *disks)
        holder.error("layout", in_quotes(array.layout) + " keeps more copies than there are disks");
}

void check_consistency(Fields& holder, const raid::WantedArray& array) {
    const bool parity = array.level == raid::Level::raid5 || array.level == raid::Level::raid6;
    if (!array.journal.empty() && !parity)
        holder.error("journal", "only raid5 and raid6 keep a journal");
    else if (array.consistency && array.level == raid::Level::raid0)
        holder.error("consistency", "raid0 has no redundancy that could be made consistent");
    else if (array.consistency == raid::Consistency::ppl && array.level != raid::Level::raid5)
        holder.error("consistency", "only raid5 keeps a partial parity log");
    const auto& ids = array.members.ids;
    if (!array.journal.empty() && std::find(ids.begin(), ids.end(), array.journal) != ids.end())
        holder.error("journal", "is a member as well: name another device");
}

/// Errors that need the level, the members and the spares together.
void check_level(Fields& holder, const raid::WantedArray& array) {
    const unsigned fewest = raid::fewest_members(array.level);
    const std::string level(raid::to_string(array.level));
    const std::string members = holder.pointer("members");
    const auto few = [&](std::string_view field, const std::string& have) {
        holder.self().findings().error(
            pointer_to(members, field),
            level + " needs at least " + std::to_string(fewest) + " disks, " + have);
    };
    if (array.members.count != 0 && array.members.count < fewest)
        few("count", "not " + std::to_string(array.members.count));
    if (!array.members.ids.empty() && array.members.ids.size() < fewest + array.spares)
        few("ids", (array.spares != 0 ? "and " + std::to_string(array.spares) + " as spares; "
                                      : std::string()) +
                       std::to_string(array.members.ids.size()) + " are named");
    if (array.spares != 0 && array.level == raid::Level::raid0)
        holder.error("spares", "raid0 can have none: it has nothing to rebuild from");
    if (array.chunk_kib != 0 && array.level == raid::Level::raid1)
        holder.error("chunkKiB", "raid1 has no chunks: leave it out");
    check_layout(holder, array);
    check_consistency(holder, array);
    if (array.member_bytes != 0 && array.level == raid::Level::raid0)
        holder.error("memberBytes", "raid0 uses all of each member: leave it out");
}

std::optional<raid::WantedArray> read_array(const Cursor& at) {
    std::optional<Fields> fields = at.fields();
    if (!fields) return std::nullopt;
    raid::WantedArray array;
    const auto name = fields->need_text("name", {.most = 32, .form = &forms::array_name});
    if (name) array.name = *name;
    std::optional<raid::Level> level;
    if (const auto word = fields->need("level"))
        if (const auto known = word->word(array_levels)) level = raid::level_from(*known);
    read_array_rules(*fields, level, array);
    fields->refuse_unknown();
    if (!name || !level) return std::nullopt;
    return array;
}

/// What the arrays and volumes of one document may not share.
class Apart {
 public:
    void add(const Cursor& at, const raid::WantedArray& array) {
        add(at, array.name, array.filesystem, "array");
        Findings& findings = at.findings();
        for (const std::string& id : array.members.ids)
            if (!disks_.insert(id).second)
                findings.error(pointer_to(at.pointer(), "members") + "/ids",
                               "disk " + in_quotes(id) + " is a member of another array");
        if (!array.journal.empty() && !disks_.insert(array.journal).second)
            findings.error(pointer_to(at.pointer(), "journal"),
                           "disk " + in_quotes(array.journal) + " is a member of an array");
    }
    void add(const Cursor& at, const raid::storcli::WantedVolume& volume) {
        add(at, volume.name, volume.filesystem, "volume");
        for (const std::string& id : volume.drives.ids)
            if (!drives_.insert(id).second)
                at.findings().error(pointer_to(at.pointer(), "drives") + "/ids",
                                    "drive " + in_quotes(id) + " is in another volume");
    }

 private:
    void add(const Cursor& at, const std::string& name,
             const std::optional<raid::WantedFilesystem>& filesystem, const std::string& noun) {
        if (const auto [it, fresh] = names_.emplace(name, noun); !fresh)
            at.findings().error(pointer_to(at.pointer(), "name"),
                                (it->second == "array" ? "an array" : "a volume") +
                                    std::string(" named ") + in_quotes(name) + " stands before");
        if (filesystem && !filesystem->mount_point.empty() &&
            !mounts_.insert(filesystem->mount_point).second)
            at.findings().error(pointer_to(at.pointer(), "filesystem") + "/mountPoint",
                                "another file system is mounted at " + filesystem->mount_point);
    }

    std::map<std::string, std::string> names_;
    std::set<std::string> mounts_;
    std::set<std::string> disks_;
    std::set<std::string> drives_;
};

}  // namespace

raid::WantedFilesystem read_filesystem(Fields& holder) {
    raid::WantedFilesystem filesystem;
    if (auto type = holder.word("type", filesystems)) filesystem.type = std::move(*type);
    const std::size_t most_label = filesystem.type == "xfs" ? 12 : 16;
    if (auto label = holder.text("label", {.most = 16, .form = &forms::label})) {
        if (label->size() > most_label)
            holder.error("label", "has " + std::to_string(label->size()) + " characters; " +
                                      filesystem.type + " allows " + std::to_string(most_label));
        filesystem.label = std::move(*label);
    }
    if (auto path = holder.text("mountPoint", {.most = 200, .form = &forms::mount_point})) {
        if (belongs_to_the_system(*path))
            holder.error("mountPoint", in_quotes(*path) +
                                           " belongs to the system: mount elsewhere, "
                                           "under /srv or /data for instance");
        filesystem.mount_point = std::move(*path);
    }
    holder.refuse_unknown();
    return filesystem;
}

std::optional<raid::Level> read_level(Fields& holder, bool& none) {
    none = false;
    const auto at = holder.need("level");
    if (!at) return std::nullopt;
    const auto word = at->word(levels);
    if (!word) return std::nullopt;
    none = *word == "none";
    return none ? std::nullopt : raid::level_from(*word);
}

void read_array_rules(Fields& holder, std::optional<raid::Level> level, raid::WantedArray& array) {
    const Findings& findings = holder.self().findings();
    const std::size_t before = findings.error_count();
    if (level) array.level = *level;
    if (auto members = holder.fields("members")) read_members(*members, array);
    if (const auto spares = holder.number32("spares", 0, most_members)) array.spares = *spares;
    if (const auto chunk = holder.number32("chunkKiB", 4, most_chunk_kib)) {
        if (!std::has_single_bit(*chunk))
            holder.error("chunkKiB", std::to_string(*chunk) + " is not a power of two");
        else
            array.chunk_kib = *chunk;
    }
    if (auto layout = holder.text("layout", {.most = 16})) array.layout = std::move(*layout);
    if (const auto word = holder.word("consistency", consistency_words))
        array.consistency = raid::consistency_from(*word);
    if (auto journal = holder.text("journal", {.most = 64, .form = &forms::disk_id})) {
        if (array.consistency)
            holder.error("consistency",
                         "cannot stand beside \"journal\", which is a policy itself");
        array.journal = std::move(*journal);
        array.consistency = raid::Consistency::journal;
    }
    if (auto metadata = holder.word("metadata", metadata_words))
        array.metadata = std::move(*metadata);
    if (const auto bytes = holder.number("memberBytes", raid::least_member_bytes, most_number)) {
        if (*bytes % 1024 != 0)
            holder.error("memberBytes", std::to_string(*bytes) + " is not a multiple of 1024");
        array.member_bytes = *bytes;
    }
    if (auto filesystem = holder.fields("filesystem"))
        array.filesystem = read_filesystem(*filesystem);
    // A rule that is wrong in itself is told once.
    if (level && findings.error_count() == before) check_level(holder, array);
}

raid::Wanted read_storage(Fields& storage) {
    raid::Wanted wanted;
    if (auto system = storage.fields("system")) {
        wanted.system = read_level(*system, wanted.system_plain);
        system->refuse_unknown();
    }
    Apart apart;
    if (const auto at = storage.find("arrays"))
        if (const auto items = at->items(most_members)) {
            wanted.arrays.emplace();
            for (const Cursor& item : *items)
                if (auto array = read_array(item)) {
                    apart.add(item, *array);
                    wanted.arrays->push_back(std::move(*array));
                }
        }
    if (const auto at = storage.find("volumes"))
        if (const auto items = at->items(most_members)) {
            wanted.volumes.emplace();
            for (const Cursor& item : *items)
                if (auto volume = read_volume(item)) {
                    apart.add(item, *volume);
                    wanted.volumes->push_back(std::move(*volume));
                }
        }
    if (const auto at = storage.find("globalSpares"))
        if (const auto items = at->items(most_controllers))
            for (const Cursor& item : *items) {
                std::optional<raid::storcli::WantedSpares> spares = read_spares(item);
                if (!spares) continue;
                if (std::ranges::find(wanted.spares, spares->controller,
                                      &raid::storcli::WantedSpares::controller) !=
                    wanted.spares.end())
                    item.error("the spares of this controller stand before: say all of them there");
                else
                    wanted.spares.push_back(std::move(*spares));
            }
    if (auto kernel = storage.text("bootKernel", {.most = 64, .form = &forms::kernel_release}))
        wanted.boot_kernel = std::move(*kernel);
    storage.refuse_unknown();
    return wanted;
}

}  // namespace metalwright::spec
