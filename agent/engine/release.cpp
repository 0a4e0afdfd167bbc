// A release: what is ours goes, first from the network, then, where it asks for that, from the
// disks.

#include <algorithm>

#include "agent/engine/json.hpp"
#include "agent/engine/lock.hpp"
#include "agent/engine/log.hpp"
#include "agent/engine/mandate.hpp"
#include "agent/engine/operation_journal.hpp"
#include "agent/engine/owned.hpp"
#include "agent/engine/work.hpp"
#include "raid/storcli/plan.hpp"

namespace metalwright::engine {
Result<raid::Wanted> Engine::arrays_to_remove() {
    const auto identities = store_.identities();
    if (!identities) return std::unexpected(identities.error());
    raid::Wanted wanted;
    for (const store::Identity& identity : *identities) {
        const std::string volume = volume_item("");
        if (identity.name.starts_with(volume)) {
            wanted.removed_volumes.push_back({.name = identity.name.substr(volume.size()),
                                              .wwn = identity.md_uuid,
                                              .filesystem_uuid = identity.fs_uuid,
                                              .drives = members_of(identity)});
            continue;
        }
        if (const std::string spares = spares_key(""); identity.name.starts_with(spares)) {
            wanted.removed_spares.push_back(
                {identity.name.substr(spares.size()), lines_of(identity.members)});
            continue;
        }
        raid::WantedArray& array = wanted.removed.emplace_back();
        array.name = identity.name;
        array.uuid = identity.md_uuid;
        if (!identity.fs_uuid.empty())
            array.filesystem = raid::WantedFilesystem{.uuid = identity.fs_uuid};
    }
    return wanted;
}

/// The addresses, routes and shaping that are ours.
std::vector<ItemResult> Engine::release_network(const store::Operation& operation) {
    const std::lock_guard alone(network_mutex_);
    network_operation_ = operation.id;
    network_wanted_.reset();
    auto owned = network_owned();
    if (!owned) return failed_room("network", owned.error());
    netcfg::Wanted nothing;
    nothing.nic = options_.nic;
    nothing.limits = options_.limits;
    nothing.wan = options_.wan;
    nothing.aliases.emplace();
    nothing.managed = {.alias = true, .secondary = true, .elastic = true};
    nothing.shaping.emplace();
    OperationJournal journal(*this, operation);
    const auto keep = [this](const netcfg::Owned& after) {
        return store_.set_owned(owned_rows(after));
    };
    auto room = machine_.network(nothing, *owned, keep, {});
    if (auto planned = room->plan(); !planned) return failed_room("network", planned.error());
    std::vector<ItemResult> items = room->run(journal);
    // Where nothing is ours, a NIC that is not there has nothing of ours.
    if (*owned == netcfg::Owned())
        std::erase_if(items, [](const ItemResult& item) {
            return item.item == "nic" && item.error && item.error->code == Errc::not_found;
        });
    return items;
}

/// What lets the tenant in, and what the tenant's script has left.
std::vector<ItemResult> Engine::release_first_boot(const store::Operation& operation) {
    const auto done = store_.once_done(operation.instance);
    if (!done) return failed_room("firstBoot", done.error());
    OperationJournal journal(*this, operation);
    auto room = machine_.leave(
        {.instance_id = operation.instance, .done = std::set(done->begin(), done->end())});
    if (auto planned = room->plan(); !planned) return failed_room("firstBoot", planned.error());
    return room->run(journal);
}

/// Every array and volume that metalwright made here, as it remembers them; each is forgotten once
/// nothing of it is left.
std::vector<ItemResult> Engine::release_storage(const store::Operation& operation) {
    auto wanted = arrays_to_remove();
    if (!wanted) return failed_room("raid", wanted.error());
    if (wanted->removed.empty() && !wanted->speaks_of_volumes()) return {};
    OperationJournal journal(*this, operation);
    auto room = machine_.storage(*wanted, {}, disk_veto(operation.kind, store_.locked()));
    if (auto planned = room->plan(); !planned) return failed_room("raid", planned.error());
    std::vector<ItemResult> items = room->run(journal);
    std::vector<std::string> gone;
    const auto forget = [&](const std::string& item, const std::string& name) {
        const auto it = std::ranges::find(items, item, &ItemResult::item);
        if (it != items.end() &&
            (it->outcome == Outcome::changed || it->outcome == Outcome::unchanged))
            gone.push_back(name);
    };
    for (const raid::WantedArray& array : wanted->removed) forget("raid/" + array.name, array.name);
    for (const raid::storcli::OwnVolume& own : wanted->removed_volumes)
        forget(volume_item(own.name), volume_item(own.name));
    for (const raid::storcli::OwnSpares& own : wanted->removed_spares)
        forget(raid::storcli::item_of({.controller = own.controller}), spares_key(own.controller));
    if (auto forgotten = store_.forget(gone); !forgotten)
        log(Level::error, "cannot forget an array or a volume: " + describe(forgotten.error()));
    return items;
}

/// Nothing of an instance runs on when it has been released.
std::vector<ItemResult> Engine::release_script(const store::Operation& operation) {
    if (watched_instance_ != operation.instance) return {};
    log(Level::warn, "user data still runs; it is ended, for its instance is released",
        {{"instance", operation.instance}});
    if (auto ended = machine_.stop_script(operation.instance); !ended)
        return failed_room("userData", ended.error());
    // Whatever the order says of a run that was cut off: nobody is there any more to have it again.
    script_has_ended(operation.instance, machine_.inspect_script(operation.instance));
    return {};
}

void Engine::perform_release(const store::Operation& operation) {
    std::vector<ItemResult> items = release_script(operation);
    if (!items.empty()) return finish(operation, std::move(items));
    items = release_network(operation);
    if (stopping()) return;
    std::vector<ItemResult> own = release_first_boot(operation);
    items.insert(items.end(), std::make_move_iterator(own.begin()),
                 std::make_move_iterator(own.end()));
    if (stopping()) return;
    if (mandate_from_store(operation.consent).remove_arrays) {
        std::vector<ItemResult> disks = release_storage(operation);
        items.insert(items.end(), std::make_move_iterator(disks.begin()),
                     std::make_move_iterator(disks.end()));
    }
    if (stopping()) return;
    finish(operation, std::move(items));
}

}  // namespace metalwright::engine
