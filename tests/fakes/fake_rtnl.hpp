#pragma once

#include <linux/if_addr.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "netcfg/policy.hpp"
#include "netcfg/rtnl.hpp"
#include "tests/fakes/fake_shaping.hpp"

namespace metalwright::fakes {

/// A kernel's network in memory, as far as netcfg looks at it: keys of addresses and routes,
/// secondaries and what becomes of them, gateways that must be on link, what a link takes with it
/// when it goes down. Source of the behaviour: measured with Linux 6.18 (iproute2's tests agree).
class FakeRtnl final : public netcfg::Rtnl {
 public:
    explicit FakeRtnl(netcfg::Observed kernel = {}) : kernel_(std::move(kernel)) {}

    /// False: a kernel before 5.18, which has no mark on addresses.
    bool keeps_marks = true;

    netcfg::Observed& kernel() noexcept { return kernel_; }
    std::uint64_t mutations() const noexcept { return mutations_; }
    const std::vector<netcfg::KernelOp>& asked() const noexcept { return asked_; }

    /// From now on an operation that describe() calls so is refused.
    void refuse(std::string description, int error, std::string text) {
        refused_.push_back({std::move(description), error, std::move(text)});
    }

    Result<netcfg::Observed> dump() override {
        netcfg::Observed seen = kernel_;
        std::erase_if(seen.routes, [](const netcfg::KernelRoute& route) {
            return netcfg::is_policy_table(route.table);
        });
        std::erase_if(seen.rules, [](const netcfg::KernelRule& rule) {
            return rule.protocol != netcfg::our_protocol &&
                   !netcfg::is_policy_priority(rule.priority);
        });
        seen.rp_filter_of_all = 0;
        seen.traffic = {};
        return seen;
    }

    Result<void> dump_policy(std::span<const std::uint32_t> tables,
                             netcfg::Observed& into) override {
        for (const netcfg::KernelRoute& route : kernel_.routes)
            if (netcfg::is_policy_table(route.table) &&
                std::ranges::find(tables, route.table) != tables.end())
                into.routes.push_back(route);
        into.rp_filter_of_all = kernel_.rp_filter_of_all;
        return {};
    }

    Result<netcfg::TrafficControl> dump_traffic_control() override { return kernel_.traffic; }

    std::vector<Result<void>> apply(std::span<const netcfg::KernelOp> ops) override {
        std::vector<Result<void>> results;
        for (const netcfg::KernelOp& op : ops) {
            asked_.push_back(op);
            results.push_back(one(op));
        }
        return results;
    }

 private:
    struct Refusal {
        std::string description;
        int error;
        std::string text;
    };

    static std::unexpected<Error> no(const netcfg::KernelOp& op, int error,
                                     const std::string& text) {
        return fail(Errc::kernel_refused,
                    "the kernel refused to " + netcfg::describe(op) + ": " + text, {}, error);
    }

    Result<void> one(const netcfg::KernelOp& op) {
        ++mutations_;
        for (const Refusal& refusal : refused_)
            if (refusal.description == netcfg::describe(op))
                return no(op, refusal.error, refusal.text);
        return std::visit([&](const auto& each) { return act(op, each); }, op);
    }

    netcfg::Link* link(int index) {
        const auto it = std::ranges::find(kernel_.links, index, &netcfg::Link::index);
        return it == kernel_.links.end() ? nullptr : &*it;
    }

    static bool same_subnet(const netcfg::KernelAddress& a, const netcfg::KernelAddress& b) {
        return !a.prefix.address.v6 && a.ifindex == b.ifindex && a.prefix.length != 32 &&
               a.prefix.network() == b.prefix.network();
    }

    Result<void> act(const netcfg::KernelOp& op, const netcfg::SetLink& set) {
        netcfg::Link* nic = link(set.ifindex);
        if (nic == nullptr) return no(op, ENODEV, "No such device");
        if (set.mtu != 0) {
            const netcfg::Link* under = nic->kind == "vlan" ? link(nic->parent) : nullptr;
            if (under != nullptr && under->mtu < set.mtu)
                return no(op, ERANGE, "Numerical result out of range");
            nic->mtu = set.mtu;
            for (netcfg::Link& upper : kernel_.links)
                if (upper.kind == "vlan" && upper.parent == set.ifindex)
                    upper.mtu = std::min(upper.mtu, set.mtu);
        }
        if (set.up == false) take_down(set.ifindex);
        if (set.up) nic->up = *set.up;
        return {};
    }

    void take_down(int ifindex) {
        std::erase_if(kernel_.routes, [&](const netcfg::KernelRoute& route) {
            return route.ifindex == ifindex && (route.type == 1 || route.to.address.v6);
        });
        std::erase_if(kernel_.addresses, [&](const netcfg::KernelAddress& address) {
            return address.ifindex == ifindex && address.prefix.address.v6;
        });
    }

    Result<void> act(const netcfg::KernelOp& op, const netcfg::MakeLink& make) {
        if (std::ranges::find(kernel_.links, make.name, &netcfg::Link::name) != kernel_.links.end())
            return no(op, EEXIST, "File exists");
        if (link(make.ifindex) != nullptr) return no(op, EBUSY, "Device or resource busy");
        netcfg::Link made{.index = make.ifindex,
                          .name = make.name,
                          .mac = make.mac,
                          .kind = make.bond ? "bond" : "vlan",
                          .mtu = make.mtu,
                          .up = true,
                          .carrier = true,
                          .parent = make.parent,
                          .vlan = make.vlan,
                          .alias = std::string(netcfg::our_link_alias),
                          .bond = make.bond};
        if (!make.bond) {
            const netcfg::Link* parent = link(make.parent);
            if (parent == nullptr) return no(op, ENODEV, "No such device");
            if (!parent->up) return no(op, ENETDOWN, "Network is down");
            if (parent->mtu < make.mtu) return no(op, ERANGE, "mtu greater than device maximum");
            made.mac = parent->mac;
        }
        kernel_.links.push_back(std::move(made));
        return {};
    }

    Result<void> act(const netcfg::KernelOp& op, const netcfg::MarkLink& mark) {
        netcfg::Link* marked = link(mark.ifindex);
        if (marked == nullptr) return no(op, ENODEV, "No such device");
        marked->alias = netcfg::our_link_alias;
        return {};
    }

    Result<void> act(const netcfg::KernelOp&, const netcfg::RemoveLink& remove) {
        const netcfg::Link* gone = link(remove.ifindex);
        if (gone == nullptr) return {};  // ENODEV counts as done
        std::vector<int> with{remove.ifindex};
        for (const netcfg::Link& other : kernel_.links)
            if (other.kind == "vlan" && other.parent == remove.ifindex) with.push_back(other.index);
        for (const int index : with) {
            std::erase_if(kernel_.routes,
                          [&](const netcfg::KernelRoute& route) { return route.ifindex == index; });
            std::erase_if(kernel_.addresses, [&](const netcfg::KernelAddress& address) {
                return address.ifindex == index;
            });
            std::erase_if(kernel_.links,
                          [&](const netcfg::Link& each) { return each.index == index; });
        }
        for (netcfg::Link& port : kernel_.links)
            if (port.master == remove.ifindex) let_go(port);
        return {};
    }

    void let_go(netcfg::Link& port) {
        port.master = 0;
        port.up = false;
        if (!port.permanent_mac.empty()) port.mac = port.permanent_mac;
        take_down(port.index);
    }

    Result<void> act(const netcfg::KernelOp& op, const netcfg::SetMaster& set) {
        netcfg::Link* port = link(set.ifindex);
        if (port == nullptr) return no(op, ENODEV, "No such device");
        if (set.master == 0) {
            let_go(*port);
            port->up = true;
            return {};
        }
        const netcfg::Link* bond = link(set.master);
        if (bond == nullptr || !bond->bond) return no(op, EINVAL, "Invalid argument");
        take_down(port->index);
        port->master = set.master;
        port->up = true;
        port->mac = bond->mac;
        return {};
    }

    Result<void> act(const netcfg::KernelOp& op, const netcfg::AddAddress& add) {
        if (link(add.ifindex) == nullptr) return no(op, ENODEV, "ipv4: Device not found");
        for (std::uint32_t i = 0; i < add.count; ++i) {
            netcfg::KernelAddress address{
                .ifindex = add.ifindex,
                .prefix = {add.first.address.plus(i), add.first.length},
                .protocol = keeps_marks ? netcfg::our_protocol : std::uint8_t{0},
                .flags = IFA_F_PERMANENT,
            };
            const bool v6 = address.prefix.address.v6;
            if (v6) address.flags |= IFA_F_NODAD;
            if (add.deprecated) address.flags |= IFA_F_DEPRECATED;
            auto& there = kernel_.addresses;
            if (add.take_over) {
                const auto it = std::ranges::find_if(there, [&](const netcfg::KernelAddress& one) {
                    return one.ifindex == address.ifindex && one.prefix == address.prefix;
                });
                if (it != there.end()) it->protocol = address.protocol;
            }
            if (std::ranges::any_of(there, [&](const netcfg::KernelAddress& other) {
                    return other.ifindex == address.ifindex &&
                           (v6 ? other.prefix.address == address.prefix.address
                               : other.prefix == address.prefix);
                }))
                continue;  // EEXIST counts as done
            if (std::ranges::any_of(there, [&](const netcfg::KernelAddress& other) {
                    return same_subnet(address, other);
                }))
                address.flags |= IFA_F_SECONDARY;
            kernel_.addresses.push_back(address);
        }
        return {};
    }

    Result<void> act(const netcfg::KernelOp&, const netcfg::RemoveAddress& remove) {
        const auto it =
            std::ranges::find_if(kernel_.addresses, [&](const netcfg::KernelAddress& address) {
                return address.ifindex == remove.ifindex && address.prefix == remove.prefix;
            });
        if (it == kernel_.addresses.end()) return {};  // EADDRNOTAVAIL counts as done
        const netcfg::KernelAddress gone = *it;
        kernel_.addresses.erase(it);
        if ((gone.flags & IFA_F_SECONDARY) != 0) return {};
        const auto sibling = [&](const netcfg::KernelAddress& other) {
            return same_subnet(gone, other);
        };
        const netcfg::Link* nic = link(remove.ifindex);
        if (remove.keep_siblings || (nic != nullptr && nic->promote_secondaries)) {
            const auto next = std::ranges::find_if(kernel_.addresses, sibling);
            if (next != kernel_.addresses.end())
                next->flags &= ~static_cast<std::uint32_t>(IFA_F_SECONDARY);
        } else {
            std::erase_if(kernel_.addresses, sibling);
        }
        return {};
    }

    static bool same_key(const netcfg::KernelRoute& a, const netcfg::KernelRoute& b) {
        return a.to == b.to && a.table == b.table && a.metric == b.metric;
    }

    Result<void> act(const netcfg::KernelOp& op, const netcfg::AddRoute& add) {
        const netcfg::KernelRoute& route = add.route;
        const netcfg::Link* nic = link(route.ifindex);
        if (nic == nullptr) return no(op, ENODEV, "No such device");
        if (!nic->up && route.type == 1) return no(op, ENETDOWN, "Device for nexthop is not up");
        if (route.to.has_host_bits())
            return no(op, EINVAL, "Invalid prefix for given prefix length");
        const bool reachable =
            !route.via ||
            std::ranges::any_of(kernel_.addresses,
                                [&](const auto& address) {
                                    return address.ifindex == route.ifindex &&
                                           !address.prefix.is_single() &&
                                           address.prefix.contains(*route.via);
                                }) ||
            std::ranges::any_of(kernel_.routes, [&](const netcfg::KernelRoute& other) {
                return other.ifindex == route.ifindex && !other.via && other.to.length != 0 &&
                       other.table == route.table && other.to.contains(*route.via);
            });
        if (!reachable) return no(op, ENETUNREACH, "Nexthop has invalid gateway.");
        const auto it = std::ranges::find_if(
            kernel_.routes, [&](const auto& other) { return same_key(route, other); });
        if (it == kernel_.routes.end())
            kernel_.routes.push_back(route);
        else if (add.replace)
            *it = route;
        return {};  // EEXIST counts as done
    }

    Result<void> act(const netcfg::KernelOp&, const netcfg::RemoveRoute& remove) {
        const auto it = std::ranges::find_if(kernel_.routes, [&](const auto& other) {
            return same_key(remove.route, other) && other.protocol == remove.route.protocol;
        });
        if (it != kernel_.routes.end()) kernel_.routes.erase(it);
        return {};  // ESRCH counts as done
    }

    Result<void> act(const netcfg::KernelOp&, const netcfg::AddRule& add) {
        if (std::ranges::find(kernel_.rules, add.rule) == kernel_.rules.end())
            kernel_.rules.push_back(add.rule);
        return {};  // EEXIST counts as done
    }

    Result<void> act(const netcfg::KernelOp&, const netcfg::RemoveRule& remove) {
        const auto it = std::ranges::find(kernel_.rules, remove.rule);
        if (it != kernel_.rules.end()) kernel_.rules.erase(it);
        return {};  // ENOENT counts as done
    }

    Result<void> act(const netcfg::KernelOp& op, const netcfg::SetNicSetting& set) {
        netcfg::Link* nic = link(set.ifindex);
        if (nic == nullptr) return no(op, ENODEV, "No such device");
        switch (set.key) {
            case netcfg::NicSetting::arp_filter: nic->arp_filter = set.value; break;
            case netcfg::NicSetting::arp_announce: nic->arp_announce = set.value; break;
            case netcfg::NicSetting::rp_filter: nic->rp_filter = set.value; break;
            case netcfg::NicSetting::group: nic->group = set.value; break;
        }
        return {};
    }

    Result<void> act(const netcfg::KernelOp& op, const netcfg::ShapingOp& shaping) {
        if (const Shaped done = shape(kernel_, shaping); done.error != 0)
            return no(op, done.error, done.text);
        return {};
    }

    netcfg::Observed kernel_;
    std::vector<Refusal> refused_;
    std::vector<netcfg::KernelOp> asked_;
    std::uint64_t mutations_ = 0;
};

}  // namespace metalwright::fakes
