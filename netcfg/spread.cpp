#include "netcfg/spread.hpp"

#include <algorithm>
#include <utility>

#include "netcfg/stack.hpp"

namespace metalwright::netcfg {
namespace {

std::string called(const NicSelector& selector, std::string_view otherwise) {
    if (!selector.name.empty()) return selector.name;
    return selector.mac.empty() ? std::string(otherwise) : selector.mac;
}

std::string suffix_of(const Result<NicChoice>& nic, const NicSelector& selector,
                      std::string_view otherwise) {
    return " on " + (nic ? nic->link->name : called(selector, otherwise));
}

bool has_elastics(const Wanted& wanted) {
    return wanted.aliases &&
           (wanted.managed.elastic || std::ranges::find(*wanted.aliases, Kind::elastic,
                                                        &Alias::kind) != wanted.aliases->end());
}

}  // namespace

Spread::Spread(const Wanted& wanted, const Observed& observed, const Owned& owned) {
    portions_.push_back({choose_wanted(wanted, observed, owned.mac), &wanted, {}});
    add_others(wanted, observed);
    if (has_elastics(wanted)) move_elastics(wanted, observed);

    Kinds managed;
    for (const Portion& portion : portions_)
        if (portion.wanted->aliases) managed.add(portion.wanted->managed);
    for (Portion& portion : portions_) {
        portion.standing.managed = managed;
        for (const Portion& other : portions_)
            if (&portion != &other && other.nic && !other.standing.only_wan)
                portion.standing.others.push_back(other.nic->link->index);
        if (portion.standing.only_wan && portion.nic)
            portions_.front().standing.wan = portion.nic->link->index;
    }
}

Wanted& Spread::own(const Wanted& one, const Wanted& host) {
    Wanted& copy = copies_.emplace_back(one);
    copy.limits = host.limits;
    copy.pools = host.pools;
    copy.deserted = host.deserted;
    return copy;
}

void Spread::add_others(const Wanted& wanted, const Observed& observed) {
    for (const Wanted& one : wanted.others) {
        std::vector<int> given;
        for (const Portion& portion : portions_)
            if (portion.nic) given.push_back(portion.nic->link->index);
        Result<NicChoice> nic = choose_wanted_other(one, observed, given);
        const Wanted& copy = own(one, wanted);
        std::string suffix = suffix_of(
            nic, one.bonded() ? NicSelector{.name = one.bond->name} : one.nic, "another NIC");
        portions_.push_back({std::move(nic), &copy, {.suffix = std::move(suffix)}});
    }
}

void Spread::move_elastics(const Wanted& wanted, const Observed& observed) {
    Result<NicChoice> wan = choose_wan(wanted.wan, observed, portions_.front().nic);
    if (!wan && wanted.wan == NicSelector()) return;  // the primary NIC's error is theirs too
    const auto has_it = [&](const Portion& portion) {
        return wan && portion.nic && portion.nic->link == wan->link;
    };
    auto target = std::ranges::find_if(portions_, has_it);
    if (target == portions_.begin()) return;

    Wanted& rest = own(wanted, wanted);
    std::vector<Alias> elastics;
    for (const Alias& alias : *wanted.aliases)
        if (alias.kind == Kind::elastic) elastics.push_back(alias);
    std::erase_if(*rest.aliases, [](const Alias& alias) { return alias.kind == Kind::elastic; });
    rest.managed.elastic = false;
    portions_.front().wanted = &rest;
    if (target == portions_.end()) {
        const Wanted& alone = own({.nic = wanted.wan}, wanted);
        std::string suffix = suffix_of(wan, wanted.wan, "the WAN NIC");
        portions_.push_back(
            {std::move(wan), &alone, {.suffix = std::move(suffix), .only_wan = true}});
        target = portions_.end() - 1;
    }
    // Every portion but the first is a copy of ours.
    Wanted& there =
        *std::ranges::find_if(copies_, [&](const Wanted& copy) { return &copy == target->wanted; });
    std::vector<Alias>& aliases = there.manage({.elastic = true});
    aliases.insert(aliases.end(), elastics.begin(), elastics.end());
}

}  // namespace metalwright::netcfg
