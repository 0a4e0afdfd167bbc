#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "netcfg/model.hpp"
#include "netcfg/shaping_op.hpp"

namespace metalwright::netcfg {

// The lines of a report that this room writes, one per wanted item:
//   "bond"                   several NICs as one; made, or what is in the way
//   "vlan"                   the VLAN on the NIC; likewise
//   "nic"                    which NIC was chosen and why; brought up if it was down
//   "mtu"                    the MTU of the NIC
//   "primary"                the private address (and, in a second step, the former one's removal)
//   "route/default"          the default route through the gateway
//   "route/10.8.0.0/16"      a static route; " metric 100" is added when the spec gives one
//   "alias/10.0.0.5/32"      an alias, always with its prefix length, so that 10.0.0.5 and
//                            10.0.0.5/32 are one item. The second of two equal ones ends in "#2"
//   "secondary/..."          a secondary private address, in the same way
//   "elastic/..."            an elastic address, on the WAN NIC
//   "dns"                    the name servers
//   "policy/eth1"            answers leave by the NIC that was asked; or "policy/table 7701"
//   "persist"                what sets all this up at the next boot, before the agent is there
//   "neighbours"             what tells systemd-networkd and NetworkManager to leave ours alone
//   "bandwidth"              what leaves through the WAN NIC is shaped; "bandwidth/ingress": what
//                            comes in. " (on eth1 before)" is added for what was ours elsewhere
// Of a NIC that is not the first one they end in its name: "primary on eth1".
// An alias or route of ours that is no longer wanted has the line it had when it was wanted.

/// Changes a NIC's own settings.
struct SetLink {
    int ifindex = 0;
    std::optional<bool> up{};
    std::uint32_t mtu = 0;  ///< bytes; 0 leaves it alone

    bool operator==(const SetLink&) const = default;
};

/// Makes a bond or a VLAN, with our mark and up; what a VLAN stands on has to be up.
struct MakeLink {
    int ifindex = 0;  ///< chosen by us, so that what rests on the new link can name it
    std::string name;
    std::string mac{};      ///< empty: the kernel's choice
    std::uint32_t mtu = 0;  ///< bytes; 0: the kernel's choice
    std::optional<BondState> bond{};
    int parent = 0;          ///< of a VLAN
    std::uint16_t vlan = 0;  ///< likewise

    bool operator==(const MakeLink&) const = default;
};

/// Puts our mark on a link that has it already, or should.
struct MarkLink {
    int ifindex = 0;
    std::string name;

    bool operator==(const MarkLink&) const = default;
};

/// Takes a bond or a VLAN of ours away; the kernel lets go of its ports, which are down then.
struct RemoveLink {
    int ifindex = 0;
    std::string name;

    bool operator==(const RemoveLink&) const = default;
};

/// Makes a NIC a port of a bond: takes it down and the bond brings it up again. The kernel drops
/// its routes and IPv6 addresses.
struct SetMaster {
    int ifindex = 0;
    std::string name;
    int master = 0;  ///< 0: of none any more, and up again

    bool operator==(const SetMaster&) const = default;
};

/// Adds `count` addresses that follow each other, from `first` on, each with first.length.
struct AddAddress {
    int ifindex = 0;
    Prefix first{};
    std::uint32_t count = 1;
    /// IPv6: never chosen as a source address (preferred lifetime 0). The kernel prefers the one
    /// added last, so an alias would take over from the primary address.
    bool deprecated = false;
    bool detect_duplicate = false;  ///< IPv6: tentative until the network was asked
    bool take_over = false;         ///< it is there, set by somebody else: gets our mark

    bool operator==(const AddAddress&) const = default;
};

struct RemoveAddress {
    int ifindex = 0;
    Prefix prefix{};
    /// promote_secondaries is switched on for the moment of the removal, in the same batch: else
    /// the kernel deletes every other address of the same IPv4 subnet with it.
    bool keep_siblings = false;

    bool operator==(const RemoveAddress&) const = default;
};

struct AddRoute {
    KernelRoute route{};  ///< its protocol is our_protocol
    std::optional<Address> prefsrc{};
    bool replace = false;  ///< a route of ours with the same key is there: exchanged at once

    bool operator==(const AddRoute&) const = default;
};

struct RemoveRoute {
    KernelRoute route{};

    bool operator==(const RemoveRoute&) const = default;
};

struct AddRule {
    KernelRule rule{};  ///< plain, its protocol is our_protocol

    bool operator==(const AddRule&) const = default;
};

/// Takes one such rule away; the kernel may hold several that are alike.
struct RemoveRule {
    KernelRule rule{};

    bool operator==(const RemoveRule&) const = default;
};

/// By netlink, in one batch with the routes and rules that need it.
struct SetNicSetting {
    int ifindex = 0;
    NicSetting key{};
    std::int32_t value = 0;

    bool operator==(const SetNicSetting&) const = default;
};

/// What goes to the kernel, and is answered by it one by one.
using KernelOp =
    std::variant<SetLink, MakeLink, MarkLink, RemoveLink, SetMaster, AddAddress, RemoveAddress,
                 AddRoute, RemoveRoute, AddRule, RemoveRule, SetNicSetting, ShapingOp>;

/// Writes and removes files of the boot's network configuration, mode 0644.
struct PersistConfig {
    std::vector<TextFile> write{};
    std::vector<std::string> remove{};  ///< paths of ours

    bool operator==(const PersistConfig&) const = default;
};

/// Tells a running systemd-networkd to read its files again. Source: the behaviour of 252.
struct ReloadPersister {
    /// Links that it has new .netdev files for; it takes them for made once the kernel tells of
    /// them, and then sets up these NICs anew, which is waited for.
    std::vector<MarkLink> made{};
    std::vector<std::string> nics{};
    /// By its former files it sets addresses again as soon as a NIC has become a port of a bond.
    std::vector<RemoveAddress> stale{};

    bool operator==(const ReloadPersister&) const = default;
};

/// Tells a running NetworkManager to read its configuration again; its profiles are not touched.
struct ReloadNetworkManager {
    bool operator==(const ReloadNetworkManager&) const = default;
};

/// Changes nothing: fails when the gateway, or an endpoint of the guard, is not reached.
struct Probe {
    int ifindex = 0;
    Address source{};
    Address gateway{};
    Guard guard{};

    bool operator==(const Probe&) const = default;
};

/// Changes nothing: returns when the kernel has finished asking whether somebody else has an IPv6
/// address, whatever the answer; the read-back tells it.
struct AwaitUnique {
    int ifindex = 0;
    Prefix address{};

    bool operator==(const AwaitUnique&) const = default;
};

using Op = std::variant<KernelOp, PersistConfig, ReloadPersister, ReloadNetworkManager, Probe,
                        AwaitUnique>;

/// What the operation does, as the middle of a sentence: "add 10.0.0.5/32".
std::string describe(const KernelOp& op);

/// The operation as one line of text, for the journal: what takes a group back. Addresses, routes,
/// and what makes and unmakes links; empty for every other operation. It names the NIC by its
/// index: a reboot loses what a group has done, and with it the need to take it back.
std::string journal_form(const Op& op);
/// The reverse. Errors: internal (a text that is none of ours).
Result<KernelOp> op_from(std::string_view text);

}  // namespace metalwright::netcfg
