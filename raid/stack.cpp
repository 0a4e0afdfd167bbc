#include "raid/stack.hpp"

#include <algorithm>

#include "raid/identity.hpp"
#include "raid/select.hpp"

namespace metalwright::raid {
namespace {

const Holder* called(const std::string& name, const Observed& observed) {
    const auto it = std::ranges::find(observed.holders, name, &Holder::name);
    return it == observed.holders.end() ? nullptr : &*it;
}

/// Storeys above the disks. A bound instead of a check for rings: the kernel builds none.
unsigned storey(const Holder& holder, const Observed& observed, unsigned most = 32) {
    unsigned below = 0;
    if (most == 0) return 0;
    for (const std::string& name : holder.over)
        if (const Holder* under = called(name, observed))
            below = std::max(below, storey(*under, observed, most - 1));
    return below + 1;
}

}  // namespace

std::vector<Holder> stack_over(std::span<const std::string> disks, const Observed& observed) {
    std::vector<Holder> stack;
    for (const Holder& holder : observed.holders)
        if (std::ranges::any_of(disks, [&](const std::string& disk) {
                return std::ranges::find(holder.disks, disk) != holder.disks.end();
            }))
            stack.push_back(holder);
    std::ranges::sort(stack, [&](const Holder& a, const Holder& b) {
        const unsigned left = storey(a, observed), right = storey(b, observed);
        return left != right ? left > right : a.name < b.name;
    });
    return stack;
}

const WipeConsent* consent_for(const Disk& disk, std::span<const WipeConsent> consent) {
    const auto it =
        std::ranges::find_if(consent, [&](const WipeConsent& c) { return names(c.disk, disk); });
    return it == consent.end() ? nullptr : &*it;
}

std::vector<std::string> types_on(const Disk& disk) {
    std::vector<std::string> types;
    for (const Signature& signature : disk.signatures)
        if (std::ranges::find(types, signature.type) == types.end())
            types.push_back(signature.type);
    return types;
}

std::vector<std::string> not_named(const Disk& disk, const WipeConsent& consent) {
    std::vector<std::string> missing = types_on(disk);
    std::erase_if(missing, [&](const std::string& type) {
        return std::ranges::find(consent.found, type) != consent.found.end();
    });
    return missing;
}

std::string standing(const Disk& disk, const Observed& observed,
                     std::span<const WipeConsent> consent) {
    if (disk.is_partition())
        return disk.holders.empty() ? ""
                                    : "what stands on a partition has to be taken down by hand";
    for (const std::string& name : disk.holders)
        if (called(name, observed) == nullptr) return "nobody knows what " + name + " is";
    const std::string identity = disk.identity();
    for (const Holder& holder : stack_over({&identity, 1}, observed)) {
        if (!holder.mounts.empty())
            return tell(holder) + " is in use (" + tell(holder.mounts) + "): unmount it first";
        if (holder.kind != "md" && holder.kind != "dm")
            return tell(holder) + " has to be taken down by hand";
        for (const std::string& other : holder.disks) {
            const std::vector<const Disk*> found = disks_named(other, observed.disks);
            if (found.size() != 1)
                return tell(holder) + " also stands on " + other + ", which nobody can tell apart";
            const WipeConsent* given = consent_for(*found.front(), consent);
            if (under_system(*found.front(), observed.system))
                return tell(holder) + " also stands on " + other + ", under the system volume";
            if (given == nullptr || !not_named(*found.front(), *given).empty())
                return tell(holder) + " also stands on " + other +
                       ", for which this operation has no consent that names all found there";
        }
    }
    return {};
}

std::string in_the_way(std::span<const Holder> above, std::span<const std::string> disks) {
    for (const Holder& holder : above) {
        if (!holder.mounts.empty())
            return tell(holder) + " on it is in use (" + tell(holder.mounts) + "): unmount it";
        if (holder.kind != "md" && holder.kind != "dm")
            return tell(holder) + " on it has to be taken down by hand";
        for (const std::string& disk : holder.disks)
            if (std::ranges::find(disks, disk) == disks.end())
                return tell(holder) + " on it also stands on " + disk;
    }
    return {};
}

std::string tell(const Holder& holder) {
    return holder.name + (holder.title.empty() ? "" : " '" + holder.title + '\'');
}

}  // namespace metalwright::raid
