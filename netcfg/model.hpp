#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace metalwright::netcfg {

/// The mark we put on routes (rtm_protocol) and addresses (IFA_PROTO): nobody's in rt_protos.
inline constexpr std::uint8_t our_protocol = 77;

/// An IP address in network byte order: 4 bytes used for IPv4, 16 for IPv6.
struct Address {
    bool v6 = false;
    std::array<std::uint8_t, 16> bytes{};

    /// "10.0.0.5" or "2001:db8::5"; strict, no blanks, no zone. Errors: invalid_spec.
    static Result<Address> parse(std::string_view text);
    std::string text() const;
    /// In fe80::/10: the kernel sets one by itself on each NIC that is up.
    bool is_link_local() const noexcept {
        return v6 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
    }
    /// The address that many steps further on; wraps round.
    Address plus(std::uint32_t steps) const noexcept;
    auto operator<=>(const Address&) const = default;
    bool operator==(const Address& other) const noexcept {
        return v6 == other.v6 && std::memcmp(bytes.data(), other.bytes.data(), 16) == 0;
    }
};

/// An address with its prefix length. Host bits are kept: "10.0.0.130/28" is one address.
struct Prefix {
    Address address{};
    std::uint8_t length = 0;  ///< 0..32 or 0..128

    /// "10.0.0.5/24", or "10.0.0.5" = /32, "fd00::1" = /128. Errors: invalid_spec.
    static Result<Prefix> parse(std::string_view text);
    std::string text() const;  ///< always with its length
    /// The address alone: /32 or /128.
    static Prefix single(const Address& address) noexcept {
        return {address, static_cast<std::uint8_t>(address.v6 ? 128 : 32)};
    }
    bool has_host_bits() const noexcept;
    bool is_single() const noexcept { return length == (address.v6 ? 128 : 32); }
    /// A range as aliases write it; with host bits it is one address in a network.
    bool is_range() const noexcept { return !is_single() && !has_host_bits(); }
    bool contains(const Address& other) const noexcept;
    Prefix network() const noexcept;  ///< host bits cleared
    auto operator<=>(const Prefix&) const = default;
};

/// Which NIC. All empty: the one that carries the default route, else the only physical NIC, else
/// the physical NIC with the lowest PCI address; `plan` says which was chosen and why.
struct NicSelector {
    std::string mac{};   ///< "52:54:00:4d:57:01", any case
    std::string name{};  ///< kernel name

    bool operator==(const NicSelector&) const = default;
};

struct StaticRoute {
    Prefix to{};
    std::optional<Address> via{};
    std::optional<std::uint32_t> metric{};

    bool operator==(const StaticRoute&) const = default;
};

/// The private address and what goes with it. The gateway must be on link.
struct Primary {
    Prefix address{};
    std::optional<Address> gateway{};
    std::vector<Address> dns{};
    std::optional<std::uint32_t> mtu{};  ///< bytes, 576..9216
    std::vector<StaticRoute> routes{};

    bool operator==(const Primary&) const = default;
};

/// What an address of ours is for; each kind is managed, limited and reported by itself.
enum class Kind : std::uint8_t {
    primary,    ///< the private address itself
    alias,      ///< JD Cloud aliasIps: addresses and ranges
    secondary,  ///< Baidu privateIps: single private addresses beside the primary one
    elastic,    ///< Zenlayer EIP: single public IPv4 addresses on the WAN NIC
};

std::string_view to_string(Kind kind) noexcept;  ///< "primary", "alias", "secondary", "elastic"
std::optional<Kind> kind_from(std::string_view word) noexcept;

/// A set of kinds.
struct Kinds {
    bool alias = false;
    bool secondary = false;
    bool elastic = false;

    bool has(Kind kind) const noexcept {
        return (kind == Kind::alias && alias) || (kind == Kind::secondary && secondary) ||
               (kind == Kind::elastic && elastic);
    }
    void add(Kind kind) noexcept {
        alias = alias || kind == Kind::alias;
        secondary = secondary || kind == Kind::secondary;
        elastic = elastic || kind == Kind::elastic;
    }
    void add(const Kinds& more) noexcept {
        alias = alias || more.alias;
        secondary = secondary || more.secondary;
        elastic = elastic || more.elastic;
    }
    bool any() const noexcept { return alias || secondary || elastic; }
    bool operator==(const Kinds&) const = default;
};

/// One address or range as ordered, beside the primary one. A single address, or one with host
/// bits, is ONE address; an IPv4 range is one `local` route; an IPv6 range is its addresses up to
/// the bound, or a local route if `routed`. Ranges are aliases only.
struct Alias {
    /// What a single IPv4 address becomes; nothing else has a choice. A local route answers ARP and
    /// can be bound to, at flat cost (the kernel's cost of addresses is quadratic in their number);
    /// it is not in `ip addr`, and the kernel never picks it as a source by itself.
    enum class As { automatic, address, local_route };

    std::string id{};  ///< the vendor's: the subnet or secondary CIDR it was taken from, the EIP
    Prefix cidr{};
    bool routed = false;
    std::string where{};    ///< JSON pointer in the document, for errors
    As as = As::automatic;  ///< automatic: an address
    Kind kind = Kind::alias;
    bool adopt = false;      ///< where somebody else has set it already, it becomes ours
    bool preferred = false;  ///< IPv6: the kernel may choose it as a source address by itself
    /// IPv6: asks the network whether somebody else has it before it is used (1 s and more).
    bool detect_duplicate = false;

    bool operator==(const Alias&) const = default;
};

struct Limits {                 // of each kind the most on one NIC
    unsigned aliases = 50;      ///< Source: JD Cloud Alias-IP page
    unsigned secondaries = 39;  ///< Source: Baidu BBC, 40 with the primary one
    unsigned elastics = 64;     ///< Source: Zenlayer EIP page
    unsigned widest_v4 = 20;    ///< shortest IPv4 prefix length accepted for a range
    unsigned v6_singles = 256;  ///< most addresses an IPv6 range is spelled out to

    bool operator==(const Limits&) const = default;
};

struct Endpoint {
    Address address{};
    std::uint16_t port = 0;

    bool operator==(const Endpoint&) const = default;
};

/// How a change of the primary address or the default route proves itself: the gateway answers
/// (ARP or neighbour discovery) and every endpoint takes a TCP connection from the new address,
/// each within the bound. Else the change is taken back.
struct Guard {
    std::chrono::milliseconds within{3000};
    std::vector<Endpoint> reach{};

    bool operator==(const Guard&) const = default;
};

/// Who else configures NICs here and is told, in files of ours, to leave alone what is ours.
struct NeighbourFiles {
    bool networkd = false;
    bool network_manager = false;

    bool operator==(const NeighbourFiles&) const = default;
};

/// How fast the WAN NIC may be, in Mbit/s (10^6 bit/s); 0: not limited by us, ours is removed.
struct Shaping {
    std::uint32_t egress_mbps = 0;
    std::uint32_t ingress_mbps = 0;

    bool operator==(const Shaping&) const = default;
};

/// Several NICs as one (bonding), made by us where it is not there.
struct Bond {
    /// Source: linux/if_bonding.h, the numbers too.
    enum class Mode : std::uint8_t {
        active_backup = 1,  ///< one port carries everything, another takes over
        lacp = 4,           ///< 802.3ad: all carry, as agreed with the switch
    };
    /// By what a flow is put on a port, where all carry. Source: linux/if_bonding.h.
    enum class Hash : std::uint8_t { layer2 = 0, layer3_4 = 1, layer2_3 = 2 };

    std::string name = "bond0";  ///< at most 15 bytes
    /// Absent: the two physical NICs with the lowest PCI addresses. Empty: no bond of ours is
    /// wanted, and one that is there is taken apart.
    std::optional<std::vector<NicSelector>> ports{};
    Mode mode = Mode::lacp;
    Hash hash = Hash::layer3_4;
    bool fast = true;  ///< LACP asks the switch for a packet a second, not one in 30 s

    bool none() const noexcept { return ports && ports->empty(); }
    bool operator==(const Bond&) const = default;
};

std::string_view to_string(Bond::Mode mode) noexcept;  ///< "active-backup", "802.3ad"
std::string_view to_string(Bond::Hash hash) noexcept;  ///< "layer2", "layer3+4", "layer2+3"
std::optional<Bond::Mode> bond_mode_from(std::string_view word) noexcept;
std::optional<Bond::Hash> bond_hash_from(std::string_view word) noexcept;

/// One NIC, and what is wanted on it; and the same for further NICs of the host.
struct Wanted {
    NicSelector nic{};
    std::optional<Bond> bond{};  ///< stands in for `nic`, but for Bond::none(); absent: unmanaged
    /// All of this is wanted on a VLAN (802.1Q, 1..4094) of the NIC; 0: on the NIC itself, and
    /// VLANs of ours go. Absent: on the NIC itself.
    std::optional<std::uint16_t> vlan{};
    std::optional<Primary> primary{};  ///< absent: unmanaged
    /// Of every kind that is `managed`: what is ours of such a kind and not in here is removed.
    std::optional<std::vector<Alias>> aliases{};  ///< absent: no kind is managed
    Kinds managed{.alias = true};                 ///< looked at only where `aliases` is present
    Limits limits{};
    Guard guard{};
    NeighbourFiles neighbours{};
    /// NICs (ifindex) whose cable is out or that have just lost somebody else's address. Where no
    /// primary address of ours is wanted, aliases wait for the cable, and then for the NIC's owner
    /// to set an address again.
    std::vector<int> deserted{};

    // The rest is of the host and looked at only in the outermost Wanted.

    std::optional<Shaping> shaping{};  ///< of the WAN NIC; absent: unmanaged
    /// The WAN NIC, where elastic addresses live and what is shaped; none named: choose_wan().
    NicSelector wan{};
    /// Networks that secondary addresses may be of besides the primary address's own.
    std::vector<Prefix> pools{};
    /// Further NICs. Their gateways are used for what comes from their own addresses alone; their
    /// own `others`, `guard` and name servers are not looked at.
    std::vector<Wanted> others{};

    bool manages(Kind kind) const noexcept { return aliases && managed.has(kind); }
    bool bonded() const noexcept { return bond && !bond->none(); }
    /// Whether both are about one NIC, as far as an order can tell.
    bool same_nic(const Wanted& other) const {
        return nic == other.nic && vlan.value_or(0) == other.vlan.value_or(0) &&
               (bonded() ? bond->name : "") == (other.bonded() ? other.bond->name : "");
    }
    /// These kinds are managed too from now on; returns the list of all.
    std::vector<Alias>& manage(const Kinds& kinds) {
        if (!aliases) {
            aliases.emplace();
            managed = {};
        }
        managed.add(kinds);
        return *aliases;
    }
    bool operator==(const Wanted&) const = default;
};

// ---- observed ---------------------------------------------------------------------------------

/// The mark on a bond or VLAN that we made, as `ip link` shows it.
inline constexpr std::string_view our_link_alias = "metalwright";

/// A bond's settings as the kernel numbers them, any of its modes. Source: linux/if_bonding.h.
struct BondState {
    std::uint8_t mode = 0;
    std::uint8_t hash = 0;
    bool fast = false;            ///< of 802.3ad only
    std::uint32_t miimon_ms = 0;  ///< how often it looks at its ports' carriers; 0: never

    bool operator==(const BondState&) const = default;
};

struct Link {
    int index = 0;
    std::string name;
    std::string mac{};
    std::string kind{};      ///< "", "bond", "vlan", "veth", "bridge"...
    std::string bus_path{};  ///< sysfs device path of a physical NIC; empty for a virtual one
    std::uint32_t mtu = 0;
    bool up = false;
    bool carrier = false;
    bool loopback = false;
    std::string permanent_mac{};       ///< IFLA_PERM_ADDRESS; empty when the kernel has none
    int master = 0;                    ///< ifindex of the bond or bridge it is a port of; else 0
    int parent = 0;                    ///< ifindex of what a VLAN stands on (IFLA_LINK); else 0
    std::uint16_t vlan = 0;            ///< of a VLAN its id
    std::string alias{};               ///< IFLA_IFALIAS, free text; our_link_alias on what we made
    std::optional<BondState> bond{};   ///< of a bond
    bool promote_secondaries = false;  ///< this link's own IPv4 setting
    // Its own settings, see NicSetting; the kernel may combine them with those of "all".
    std::int32_t group = 0;
    std::int32_t arp_filter = 0;
    std::int32_t arp_announce = 0;
    std::int32_t rp_filter = 0;

    bool operator==(const Link&) const = default;
};

struct KernelAddress {
    int ifindex = 0;
    Prefix prefix{};
    std::uint8_t protocol = 0;  ///< IFA_PROTO; 0 when the kernel did not say
    std::uint32_t flags = 0;    ///< IFA_F_*
    auto operator<=>(const KernelAddress&) const = default;
};

struct KernelRoute {
    int ifindex = 0;  ///< 0 for a route without device
    Prefix to{};
    std::optional<Address> via{};
    std::uint32_t table = 254;
    std::uint32_t metric = 0;
    std::uint8_t protocol = 0;
    std::uint8_t type = 1;  ///< RTN_UNICAST 1, RTN_LOCAL 2
    auto operator<=>(const KernelRoute&) const = default;
};

/// A policy rule, as far as ours go. Without `from` it is for every source.
struct KernelRule {
    bool v6 = false;
    std::uint32_t priority = 0;
    std::uint32_t table = 0;
    std::uint8_t protocol = 0;  ///< FRA_PROTOCOL; 0 when the kernel did not say
    std::optional<Prefix> from{};
    std::int32_t suppress_length = -1;  ///< routes of at most this prefix length do not count
    std::int32_t suppress_group = -1;   ///< nor do those over a NIC of this device group
    bool plain = true;                  ///< false: there is more to it than stands here

    auto operator<=>(const KernelRule&) const = default;
};

/// A setting of one NIC that policy routing needs; net.ipv4.conf.<nic>.<name>, but for the group.
enum class NicSetting {
    arp_filter,    ///< 1: answers ARP only where it would send from the address that is asked for
    arp_announce,  ///< 2: asks ARP with an address that its neighbours know
    rp_filter,     ///< 1: drops what it would not answer over the same NIC; 2: answers elsewhere
    group,         ///< the device group (IFLA_GROUP), a number of no meaning to the kernel
};

std::string_view to_string(NicSetting setting) noexcept;  ///< as the kernel names it
std::optional<NicSetting> nic_setting_from(std::string_view word) noexcept;

/// What the store knows we added, as "address 10.0.0.5/32" / "route local 10.0.1.0/28" on a MAC.
struct Owned {
    /// An address of ours on another NIC: one of several that are wanted, or one that the spec has
    /// moved away from, until it is gone.
    struct Elsewhere {
        std::string mac;
        Prefix prefix{};
        Kind kind = Kind::alias;

        bool operator==(const Elsewhere&) const = default;
    };

    /// A setting that is not as it was before us.
    struct Setting {
        std::string mac;
        std::string nic;  ///< its name: a VLAN or a bond has the MAC of what it is made of
        NicSetting key{};
        std::int32_t before = 0;

        bool operator==(const Setting&) const = default;
    };

    std::string mac{};  ///< of the NIC they were put on; empty: any
    // Those of `addresses` that were put there as one of these kinds; the others are aliases.
    std::vector<Prefix> primaries{};
    std::vector<Prefix> secondaries{};
    std::vector<Prefix> elastics{};
    std::vector<Prefix> addresses{};
    std::vector<Prefix> local_routes{};
    std::vector<StaticRoute> routes{};
    std::vector<Elsewhere> elsewhere{};
    std::vector<Setting> settings{};

    bool operator==(const Owned&) const = default;
};

/// Whether both know the same, in whatever order: a store keeps none.
bool same_things(const Owned& a, const Owned& b);

/// Who sets the NIC up at boot, before the agent is there.
enum class Persister { none, networkd, ifupdown };

std::string_view to_string(Persister persister) noexcept;  ///< "none", "networkd", "ifupdown"
std::optional<Persister> persister_from(std::string_view word) noexcept;

/// What lies at /etc/resolv.conf.
enum class ResolvConf {
    absent,
    file,      ///< a regular file: the C library reads just this, and it is ours to write
    resolved,  ///< a link into /run/systemd/resolve: systemd-resolved writes it
    foreign,   ///< a link to somebody else's (resolvconf, NetworkManager)
};

struct TextFile {
    std::string path;
    std::string content{};

    auto operator<=>(const TextFile&) const = default;
};

/// The .network file by which systemd-networkd manages a NIC, somebody else's or ours; its content
/// is followed by that of the drop-ins to it that are not ours.
struct NetworkFile {
    int ifindex = 0;
    TextFile file{};

    bool operator==(const NetworkFile&) const = default;
};

/// What the disk says about the network at the next boot.
struct Persisted {
    Persister persister = Persister::none;
    ResolvConf resolv_conf = ResolvConf::absent;
    bool networkd_running = false;
    std::vector<TextFile> files{};  ///< sorted by path: ours, ifupdown's, a regular resolv.conf
    bool network_manager_running = false;
    std::vector<NetworkFile> network_files{};  ///< looked for only where networkd is to be told

    bool operator==(const Persisted&) const = default;
};

/// A link's root or ingress queueing discipline. Source: linux/pkt_sched.h.
struct Qdisc {
    int ifindex = 0;
    std::uint32_t handle = 0;  ///< major << 16; 0: the kernel's own default
    std::uint32_t parent = 0;  ///< TC_H_ROOT or TC_H_INGRESS
    std::string kind{};        ///< "tbf", "noqueue", "ingress", "clsact"...
    // Of a tbf, else 0:
    std::uint64_t rate = 0;      ///< bytes/s
    std::uint64_t burst_ns = 0;  ///< how long the burst takes at that rate; the kernel keeps 64 ns
    std::uint32_t limit = 0;     ///< bytes that may wait

    bool operator==(const Qdisc&) const = default;
};

/// A filter on what comes in through a link.
struct IngressFilter {
    int ifindex = 0;
    std::uint16_t priority = 0;
    std::string kind{};   ///< "u32", "bpf"...
    int redirect_to = 0;  ///< ifindex that its mirred action hands packets to; 0: none

    bool operator==(const IngressFilter&) const = default;
};

struct TrafficControl {
    std::vector<Qdisc> qdiscs{};
    std::vector<IngressFilter> filters{};  ///< of links with a qdisc "ingress" only

    bool operator==(const TrafficControl&) const = default;
};

struct Observed {
    std::vector<Link> links{};
    std::vector<KernelAddress> addresses{};
    /// Tables main and local, without the local, broadcast and connected entries that the kernel
    /// keeps itself in table local; and those of Rtnl::dump_policy().
    std::vector<KernelRoute> routes{};
    Persisted persisted{};
    std::vector<KernelRule> rules{};    ///< with our mark, or with a priority that is ours
    std::int32_t rp_filter_of_all = 0;  ///< the higher of this and a NIC's own holds; as is routes
    TrafficControl traffic{};           ///< read where shaping is wanted only

    bool operator==(const Observed&) const = default;
};

}  // namespace metalwright::netcfg
