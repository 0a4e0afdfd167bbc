// What the store remembers of arrays, volumes and spares: drawn before anything is made, so that
// what a crash leaves behind is known for ours.

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "agent/engine/lock.hpp"
#include "agent/engine/mandate.hpp"
#include "agent/engine/work.hpp"
#include "core/fail_point.hpp"
#include "raid/plan_volumes.hpp"
#include "raid/storcli/plan.hpp"
#include "sys/random.hpp"

namespace metalwright::engine {
namespace {

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
    return text;
}

/// The array as it will be once `with` has taken the place of `old`: its members, and for each disk
/// that the order may name what stands in its place now.
void replace_member(raid::WantedArray& array, const std::string& old, const std::string& with) {
    std::ranges::replace(array.known_members, old, with);
    for (auto& [named, instead] : array.replaced)
        if (instead == old) instead = with;
    array.replaced.insert_or_assign(old, with);
    array.replaced.erase(with);  // it is there itself again
}

/// Members, and what was replaced as "OLD/NEW": no name of a disk holds a slash.
std::string members_text(std::vector<std::string> members,
                         const std::map<std::string, std::string>& replaced) {
    for (const auto& [named, instead] : replaced)
        members.emplace_back(named).append("/").append(instead);
    return joined(members);
}

/// The other way round.
void take_members(const std::string& text, std::vector<std::string>& members,
                  std::map<std::string, std::string>& replaced) {
    for (const std::string& line : lines_of(text)) {
        if (const std::size_t slash = line.find('/'); slash != std::string::npos)
            replaced.emplace(line.substr(0, slash), line.substr(slash + 1));
        else
            members.push_back(line);
    }
}

/// What the store remembers of a volume: under "volume/<name>", its NAA id in the place of a UUID.
Result<void> recall(raid::storcli::WantedVolume& volume,
                    const std::vector<store::Identity>& identities, store::Store& store) {
    const std::string item = volume_item(volume.name);
    const auto known = std::ranges::find(identities, item, &store::Identity::name);
    if (known == identities.end()) return {};
    volume.memory = known->complete ? raid::Memory::complete : raid::Memory::begun;
    take_members(known->members, volume.known_drives, volume.replaced);
    if (volume.filesystem) volume.filesystem->uuid = known->fs_uuid;
    if (known->complete) return {};
    const auto deeds = store.once_done(item);
    if (!deeds) return std::unexpected(deeds.error());
    volume.done = std::set(deeds->begin(), deeds->end());
    return {};
}

store::Identity identity_of(const raid::WantedArray& array, const std::string& instance) {
    return {.name = array.name,
            .instance = instance,
            .md_uuid = array.uuid,
            .fs_uuid = array.filesystem ? array.filesystem->uuid : "",
            .complete = array.memory == raid::Memory::complete,
            .members = members_text(array.known_members, array.replaced)};
}

store::Identity identity_of(const raid::storcli::WantedVolume& volume, const std::string& instance,
                            std::string wwn = {}) {
    return {.name = volume_item(volume.name),
            .instance = instance,
            .md_uuid = std::move(wwn),
            .fs_uuid = volume.filesystem ? volume.filesystem->uuid : "",
            .complete = volume.memory == raid::Memory::complete,
            .members = members_text(volume.known_drives, volume.replaced)};
}

/// What one operation adds to the store's memory before it begins.
struct Drawing {
    const std::string& instance;
    const std::map<std::string, std::vector<std::string>>& members;  ///< StorageRun::members()
    const std::vector<store::Identity>& known;
    std::vector<store::Identity> drawn{};

    Result<void> draw(raid::storcli::WantedVolume& volume) {
        const auto made_of = members.find(volume_item(volume.name));
        if (made_of == members.end() || volume.known_drives == made_of->second ||
            volume.memory == raid::Memory::complete)
            return {};
        if (volume.memory == raid::Memory::never_made && volume.filesystem) {
            auto uuid = sys::random_uuid();
            if (!uuid) return std::unexpected(uuid.error());
            volume.filesystem->uuid = *uuid;
        }
        volume.memory = raid::Memory::begun;
        volume.known_drives = made_of->second;
        drawn.push_back(identity_of(volume, instance));
        return {};
    }

    Result<void> draw(raid::WantedArray& array) {
        const auto made_of = members.find(array.name);
        if (made_of == members.end() || array.memory == raid::Memory::complete) return {};
        // One that was begun is drawn again where nothing was made of it yet and the order, or the
        // disks, are others now.
        if (array.memory == raid::Memory::begun && array.known_members == made_of->second)
            return {};
        if (array.memory == raid::Memory::never_made) {
            auto md_uuid = sys::random_md_uuid();
            auto fs_uuid = sys::random_uuid();
            if (!md_uuid || !fs_uuid) return std::unexpected((md_uuid ? fs_uuid : md_uuid).error());
            array.uuid = *md_uuid;
            if (array.filesystem) array.filesystem->uuid = *fs_uuid;
            array.memory = raid::Memory::begun;
        }
        array.known_members = made_of->second;
        drawn.push_back(identity_of(array, instance));
        return {};
    }

    /// Spares come to those that are ours already.
    void draw(const raid::storcli::WantedSpares& spares) {
        const auto made_of = members.find(raid::storcli::item_of(spares));
        if (made_of == members.end()) return;
        const std::string key = spares_key(spares.controller);
        const store::Identity* before = remembered(key);
        std::vector<std::string> drives;
        if (before != nullptr) drives = lines_of(before->members);
        for (const std::string& drive : made_of->second)
            if (std::ranges::find(drives, drive) == drives.end()) drives.push_back(drive);
        store::Identity identity{key, instance, "", ""};
        identity.complete = true;
        identity.members = joined(drives);
        drawn.push_back(std::move(identity));
    }

    /// `replaced`: StorageRun::replacements().
    void replace(const raid::Wanted& wanted,
                 const std::map<std::string, std::map<std::string, std::string>>& replaced) {
        if (wanted.arrays)
            for (raid::WantedArray array : *wanted.arrays)
                if (const auto pairs = replaced.find(array.name); pairs != replaced.end()) {
                    for (const auto& [old, with] : pairs->second) replace_member(array, old, with);
                    drawn.push_back(identity_of(array, instance));
                }
        if (!wanted.volumes) return;
        for (raid::storcli::WantedVolume volume : *wanted.volumes)
            if (const auto pairs = replaced.find(volume_item(volume.name));
                pairs != replaced.end()) {
                for (const auto& [old, with] : pairs->second) {
                    std::ranges::replace(volume.known_drives, old, with);
                    volume.replaced.insert_or_assign(old, with);
                }
                const store::Identity* before = remembered(volume_item(volume.name));
                drawn.push_back(
                    identity_of(volume, instance, before == nullptr ? "" : before->md_uuid));
            }
    }

 private:
    const store::Identity* remembered(const std::string& name) const {
        const auto it = std::ranges::find(known, name, &store::Identity::name);
        return it == known.end() ? nullptr : &*it;
    }
};

/// Whether this item came true, or is none of the operation's.
bool came_true(const std::vector<ItemResult>& items, const std::string& item) {
    const auto it = std::ranges::find(items, item, &ItemResult::item);
    return it == items.end() || it->outcome == Outcome::changed ||
           it->outcome == Outcome::unchanged;
}

}  // namespace

std::vector<std::string> members_of(const store::Identity& identity) {
    std::vector<std::string> members;
    std::map<std::string, std::string> replaced;
    take_members(identity.members, members, replaced);
    return members;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

Result<raid::Wanted> Engine::storage_wanted(const spec::HostSpec& spec,
                                            const store::Operation& operation) {
    raid::Wanted wanted = spec.storage.value_or(raid::Wanted());
    Mandate mandate = mandate_from_store(operation.consent);
    wanted.consent = std::move(mandate.wipe);
    wanted.replace = std::move(mandate.replace);
    const auto identities = store_.identities();
    if (!identities) return std::unexpected(identities.error());
    if (wanted.volumes)
        for (raid::storcli::WantedVolume& volume : *wanted.volumes)
            if (auto known = recall(volume, *identities, store_); !known)
                return std::unexpected(known.error());
    if (!wanted.arrays) return wanted;
    for (raid::WantedArray& array : *wanted.arrays) {
        const auto known = std::ranges::find(*identities, array.name, &store::Identity::name);
        if (known == identities->end()) continue;
        array.uuid = known->md_uuid;
        array.memory = known->complete ? raid::Memory::complete : raid::Memory::begun;
        if (array.filesystem) array.filesystem->uuid = known->fs_uuid;
        take_members(known->members, array.known_members, array.replaced);
    }
    return wanted;
}

Result<void> Engine::name_arrays(Work& work, raid::Wanted& wanted, StorageRun& room) {
    if (!(wanted.arrays || wanted.speaks_of_volumes()) || only_verifies(work.operation.kind) ||
        work.lock)
        return {};
    const std::map<std::string, std::vector<std::string>> members = room.members();
    const auto known = store_.identities();
    if (!known) return std::unexpected(known.error());
    Drawing drawing{work.operation.instance, members, *known};
    if (wanted.volumes)
        for (raid::storcli::WantedVolume& volume : *wanted.volumes)
            if (auto drawn = drawing.draw(volume); !drawn) return drawn;
    if (wanted.arrays)
        for (raid::WantedArray& array : *wanted.arrays)
            if (auto drawn = drawing.draw(array); !drawn) return drawn;
    if (!wanted.replace.empty()) drawing.replace(wanted, room.replacements());
    for (const raid::storcli::WantedSpares& spares : wanted.spares) drawing.draw(spares);
    if (drawing.drawn.empty()) return {};
    if (auto kept = store_.remember(drawing.drawn); !kept) return kept;
    fail_point("engine.after-identities");
    room.want(wanted);
    return {};
}

/// What was begun and has come true, as it is remembered from now on.
std::vector<store::Identity> Engine::completed(const raid::Wanted& wanted,
                                               const std::vector<ItemResult>& items,
                                               const std::string& instance) {
    std::vector<store::Identity> complete;
    if (wanted.arrays)
        for (raid::WantedArray array : *wanted.arrays) {
            if (array.memory != raid::Memory::begun || !came_true(items, "raid/" + array.name) ||
                !came_true(items, "filesystem/" + array.name))
                continue;
            array.memory = raid::Memory::complete;
            complete.push_back(identity_of(array, instance));
        }
    std::optional<raid::Controllers> seen;  // each look takes seconds
    if (wanted.volumes)
        for (raid::storcli::WantedVolume volume : *wanted.volumes) {
            if (volume.memory != raid::Memory::begun ||
                !came_true(items, volume_item(volume.name)) ||
                !came_true(items, "filesystem/" + volume.name))
                continue;
            if (!seen) seen = machine_.observe_controllers();
            const raid::VirtualDrive* there = raid::volume_there(volume, *seen);
            volume.memory = raid::Memory::complete;
            complete.push_back(
                identity_of(volume, instance, there == nullptr ? std::string() : there->wwn));
        }
    return complete;
}

}  // namespace metalwright::engine
