// Source-based policy routing: what the layout says against what is there.

#include <algorithm>
#include <set>

#include "netcfg/planner.hpp"

namespace metalwright::netcfg {
namespace {

bool same_key(const KernelRoute& a, const KernelRoute& b) {
    const bool v6 = a.to.address.v6;
    return a.to == b.to && a.table == b.table && metric_of(v6, a.metric) == metric_of(v6, b.metric);
}

bool same_way(const KernelRoute& a, const KernelRoute& b) {
    return same_key(a, b) && a.ifindex == b.ifindex && a.via == b.via && a.type == b.type;
}

/// But for whose it is.
bool same_rule(KernelRule a, const KernelRule& b) {
    a.protocol = b.protocol;
    return a == b;
}

bool meet(const std::optional<Prefix>& a, const std::optional<Prefix>& b) {
    if (!a || !b) return true;
    return a->length <= b->length ? a->contains(b->address) : b->contains(a->address);
}

std::string words_of(const KernelRule& rule) {
    return "from " + (rule.from ? rule.from->text() : std::string("everywhere")) + " to table " +
           std::to_string(rule.table) + " (protocol " + std::to_string(rule.protocol) + ')';
}

std::string words_of(const Site& site, const KernelRoute& route) {
    return "to " + route.to.text() + (route.via ? " via " + route.via->text() : "") + " on " +
           site.link_name(route.ifindex) + " (protocol " + std::to_string(route.protocol) + ')';
}

class Policy {
 public:
    Policy(Draft& draft, PolicyLayout layout)
        : draft_(draft),
          layout_(std::move(layout)),
          wanted_rules_(observed().rules.size()),
          wanted_routes_(observed().routes.size()) {}

    void plan() {
        std::vector<const PolicyWay*> clear;
        for (const PolicyWay& way : layout_.ways) {
            if (std::optional<Error> error = in_the_way(way)) {
                leave_alone(way);
                draft_.failed(way.item, std::move(*error));
            } else {
                clear.push_back(&way);
            }
        }
        // A source's rule must not be there before the one that lets other NICs' routes through.
        for (const KernelRule& rule : layout_.elsewhere)
            if (!clear.empty())
                plan_rule(
                    *clear.front(), rule,
                    "add a rule: what leads over no NIC of these, as a container's bridge, is "
                    "left to table main");
            else
                find_wanted(rule);
        for (const PolicyWay* way : clear) plan_way(*way);
        plan_stale();
        for (const PolicyWay* way : clear)
            if (!touched_.contains(way->item)) draft_.unchanged(way->item, note_of(*way));
    }

 private:
    const Site& site() const { return draft_.site; }
    const Observed& observed() const { return draft_.site.observed(); }

    void step(const std::string& item, std::string why, const KernelOp& op) {
        touched_.insert(item);
        draft_.step_after_guard(item, std::move(why), op);
    }
    void remove(const std::string& item, std::string why, const KernelOp& op) {
        touched_.insert(item);
        draft_.remove(item, std::move(why), op);
        if (draft_.guarded) draft_.removals.back().needs = "primary";
    }

    std::optional<Error> in_the_way(const PolicyWay& way) const {
        for (const KernelRule& rule : observed().rules) {
            if (is_ours(rule) || rule.priority != way.table) continue;
            const bool harmless = std::ranges::none_of(way.rules, [&](const KernelRule& wanted) {
                return wanted.v6 == rule.v6 && !same_rule(rule, wanted) &&
                       meet(rule.from, wanted.from);
            });
            if (!harmless)
                return Error{Errc::conflict,
                             "somebody else has a rule of priority " +
                                 std::to_string(rule.priority) + ", which is ours here, " +
                                 words_of(rule) + "; give that one another priority",
                             way.nic->name};
        }
        for (const KernelRoute& route : observed().routes) {
            if (route.table != way.table || Site::ours(route)) continue;
            for (const KernelRoute& wanted : way.routes)
                if (same_key(route, wanted) && !same_way(route, wanted))
                    return Error{Errc::conflict,
                                 "somebody else has set a route in table " +
                                     std::to_string(way.table) + ", which is ours here, " +
                                     words_of(site(), route) + "; remove that one",
                                 way.nic->name};
        }
        return std::nullopt;
    }

    /// What is there of a NIC that cannot be completed stays as it is.
    void leave_alone(const PolicyWay& way) {
        for (std::size_t at = 0; at < observed().rules.size(); ++at)
            if (observed().rules[at].priority == way.table) wanted_rules_[at] = true;
        for (std::size_t at = 0; at < observed().routes.size(); ++at)
            if (observed().routes[at].table == way.table) wanted_routes_[at] = true;
        left_alone_.insert(way.item);
    }

    /// Marks one that is there, ours before somebody else's; the others are surplus.
    bool find_wanted(const KernelRule& rule) {
        const std::vector<KernelRule>& all = observed().rules;
        for (const bool ours : {true, false})
            for (std::size_t at = 0; at < all.size(); ++at)
                if (is_ours(all[at]) == ours && same_rule(all[at], rule)) {
                    wanted_rules_[at] = true;
                    return true;
                }
        return false;
    }

    void plan_rule(const PolicyWay& way, const KernelRule& rule, std::string why) {
        if (!find_wanted(rule)) step(way.item, std::move(why), AddRule{rule});
    }

    void plan_route(const PolicyWay& way, const KernelRoute& wanted) {
        bool replace = false;
        for (const KernelRoute* route : site().routes(wanted.to, way.table)) {
            if (!same_key(*route, wanted)) continue;
            wanted_routes_[static_cast<std::size_t>(route - observed().routes.data())] = true;
            if (same_way(*route, wanted)) return;
            replace = true;
        }
        step(way.item,
             std::string(replace ? "exchange" : "add") + " the route to " +
                 (wanted.to.length == 0 ? "everywhere" : wanted.to.text()) +
                 (wanted.via ? " via " + wanted.via->text() : "") + " in table " +
                 std::to_string(way.table) + ", which is that of " + way.nic->name,
             AddRoute{.route = wanted, .replace = replace});
    }

    void plan_way(const PolicyWay& way) {
        for (const KernelRoute& route : way.routes) plan_route(way, route);
        for (const KernelRule& rule : way.rules)
            plan_rule(way, rule,
                      "add a rule: what is sent from " + rule.from->text() + " leaves by " +
                          way.nic->name);
        // Last: with arp_filter on and no rule yet, the NIC may be silent about its own addresses.
        for (const auto& [key, value] : way.settings)
            if (!is_set(*way.nic, key))
                step(way.item,
                     "set " + std::string(to_string(key)) + " of " + way.nic->name + " to " +
                         std::to_string(value) + ", it is " +
                         std::to_string(value_of(*way.nic, key)),
                     SetNicSetting{way.nic->index, key, value});
    }

    std::string note_of(const PolicyWay& way) const {
        const bool theirs = std::ranges::any_of(way.rules, [&](const KernelRule& wanted) {
            return std::ranges::none_of(observed().rules, [&](const KernelRule& rule) {
                return is_ours(rule) && same_rule(rule, wanted);
            });
        });
        if (theirs) return "a rule of it was already there; it is not ours";
        if (way.nic->group != policy_group)
            return way.nic->name + " is in device group " + std::to_string(way.nic->group) +
                   " of somebody else: answers to its own network leave by it, whatever NIC was "
                   "asked";
        return {};
    }

    /// The line of what a table holds, also when its NIC is no longer one of several.
    std::string item_of(std::uint32_t table) const {
        for (const PolicyWay& way : layout_.ways)
            if (way.table == table) return way.item;
        for (const KernelRoute& route : observed().routes)
            if (route.table == table && Site::ours(route))
                return "policy/" + site().link_name(route.ifindex);
        return "policy/table " + std::to_string(table);
    }

    /// Routes before rules: as long as a rule of ours leads to a table, it is read and cleaned.
    void plan_stale() {
        for (std::size_t at = 0; at < observed().routes.size(); ++at) {
            const KernelRoute& route = observed().routes[at];
            if (!is_policy_table(route.table) || wanted_routes_[at] || !Site::ours(route)) continue;
            remove(item_of(route.table),
                   "remove the route " + words_of(site(), route) + " from table " +
                       std::to_string(route.table),
                   RemoveRoute{route});
        }
        // The one that lets other NICs' routes through goes after the rules that it stands before.
        for (const bool last : {false, true})
            for (std::size_t at = 0; at < observed().rules.size(); ++at) {
                const KernelRule& rule = observed().rules[at];
                if (wanted_rules_[at] || !is_ours(rule) ||
                    (rule.priority == elsewhere_priority) != last)
                    continue;
                const std::string item = last && !layout_.ways.empty() ? layout_.ways.front().item
                                         : last ? "policy/" + site().nic().name
                                                : item_of(rule.priority);
                if (left_alone_.contains(item)) continue;
                remove(item, "remove the rule " + words_of(rule), RemoveRule{rule});
            }
        for (const Owned::Setting& setting : site().owned().settings) plan_former(setting);
    }

    void plan_former(const Owned::Setting& setting) {
        const Link* link = link_of(observed(), setting);
        if (link == nullptr || !is_set(*link, setting.key)) return;
        for (const PolicyWay& way : layout_.ways) {
            if (way.nic->index != link->index) continue;
            if (left_alone_.contains(way.item)) return;
            for (const auto& [key, value] : way.settings)
                if (key == setting.key) return;
        }
        remove("policy/" + link->name,
               "put " + std::string(to_string(setting.key)) + " of " + link->name + " back to " +
                   std::to_string(setting.before),
               SetNicSetting{link->index, setting.key, setting.before});
    }

    Draft& draft_;
    const PolicyLayout layout_;
    std::vector<bool> wanted_rules_;   // by position in observed
    std::vector<bool> wanted_routes_;  // likewise
    std::set<std::string> touched_;    // items with a step
    std::set<std::string> left_alone_;
};

}  // namespace

std::optional<PolicyNic> policy_nic(const Site& site, const std::optional<JudgedPrimary>& primary,
                                    const std::vector<JudgedAlias>& aliases, unsigned number) {
    if (!primary || primary->address) return std::nullopt;
    PolicyNic nic{.nic = &site.nic(),
                  .sources = {primary->accepted.address},
                  .gateway = primary->accepted.gateway,
                  .number = number,
                  .routes = primary->accepted.routes};
    for (const JudgedAlias& judged : aliases)
        if (!judged.error) nic.sources.push_back(judged.alias->cidr);
    return nic;
}

void plan_policy(Draft& draft, std::span<const PolicyNic> nics) {
    const Site& site = draft.site;
    // The ordinary host: one NIC, and nothing of ours.
    if (nics.size() < 2 && site.owned().settings.empty() && site.observed().rules.empty()) return;
    if (nics.size() > 1)
        for (const PolicyNic& nic : nics)
            if (nic.number >= most_policy_nics)
                draft.failed("policy/" + nic.nic->name,
                             {Errc::unsupported,
                              "there are tables for " + std::to_string(most_policy_nics) +
                                  " NICs, and this is one too many",
                              nic.nic->name});
    Policy(draft, policy_layout(site.observed(), site.owned(), nics)).plan();
}

}  // namespace metalwright::netcfg
