#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "netcfg/model.hpp"

namespace metalwright::netcfg {

// Source-based policy routing, for hosts with two NICs and more: an answer leaves by the NIC it was
// asked on. What the kernel is to hold for that, worked out from the NICs alone (policy.cpp);
// plan_policy.cpp compares it with what is there.
//
// NIC n has the table 7700 + n, with its own networks, its static routes and its default route, and
// for each source of it one rule of priority 7700 + n that leads there. Before those stands one
// rule per family, 7699: what table main knows better than by a default route goes there, unless it
// leads over one of these NICs. Else a container's bridge or a VPN would be cut off from every
// address that a rule is about. The kernel tells "these NICs" by a device group, 7700.

inline constexpr std::uint32_t policy_table = 7700;  ///< of NIC 0; its rules' priority as well
inline constexpr unsigned most_policy_nics = 100;    ///< tables and priorities 7700..7799
inline constexpr std::uint32_t elsewhere_priority = 7699;  ///< of the rule before them
inline constexpr std::int32_t policy_group = 7700;         ///< device group

constexpr bool is_policy_table(std::uint32_t table) noexcept {
    return table >= policy_table && table < policy_table + most_policy_nics;
}
constexpr bool is_policy_priority(std::uint32_t priority) noexcept {
    return priority == elsewhere_priority || is_policy_table(priority);
}
/// Made by us: our mark, a priority of ours, and no more to it than we set.
bool is_ours(const KernelRule& rule) noexcept;

/// A NIC with a way of its own to the network.
struct PolicyNic {
    const Link* nic = nullptr;
    /// What this NIC speaks from. Its primary address with the length of its network first
    /// ("10.0.1.10/24"; the network alone, "10.0.1.0/24", will do where no other NIC is in it);
    /// then its aliases: one with host bits is an address in a network on this wire, one without
    /// is a single address or a range.
    std::vector<Prefix> sources{};
    std::optional<Address> gateway{};
    unsigned number = 0;                ///< 0 for the primary NIC, 1..99 for others
    std::vector<StaticRoute> routes{};  ///< over this NIC, with their gateways
};

/// What one NIC needs.
struct PolicyWay {
    const Link* nic = nullptr;
    std::string item;         ///< "policy/eth1"
    std::uint32_t table = 0;  ///< and priority
    std::vector<KernelRoute> routes{};
    std::vector<KernelRule> rules{};
    /// Least values. arp_announce is a scale, so more than this is as good.
    std::vector<std::pair<NicSetting, std::int32_t>> settings{};
};

struct PolicyLayout {
    std::vector<KernelRule> elsewhere{};  ///< the rules of priority 7699
    std::vector<PolicyWay> ways{};
};

/// Nothing for fewer than two NICs: then table main is right for each source.
PolicyLayout policy_layout(const Observed& observed, const Owned& owned,
                           std::span<const PolicyNic> nics);

/// Few prefixes that hold exactly the addresses of these: what lies in another goes, halves become
/// one. Sorted.
std::vector<Prefix> condensed(std::vector<Prefix> prefixes);

std::int32_t value_of(const Link& link, NicSetting key) noexcept;
/// Whether a setting is as policy routing leaves it.
bool is_set(const Link& link, NicSetting key) noexcept;
/// The link that a remembered setting is about; nullptr when it is not there.
const Link* link_of(const Observed& observed, const Owned::Setting& setting) noexcept;

/// What owned_after() is to remember of settings: each that is to be changed as it is now, and
/// those remembered that still wait to be put back. A setting that somebody has changed since is
/// theirs.
std::vector<Owned::Setting> settings_after(const Observed& observed, const Owned& before,
                                           std::span<const PolicyNic> nics);

/// Tables that Rtnl::dump_policy() has to read: those that an observed rule leads to (somebody
/// else's may stand in for one of ours), and those of so many NICs. Empty: there is nothing to
/// read. Sorted.
std::vector<std::uint32_t> policy_tables(const Observed& observed, unsigned nics);

}  // namespace metalwright::netcfg
