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
    bool has_host_bits() const noexcept;
    bool is_single() const noexcept { return length == (address.v6 ? 128 : 32); }
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

/// One alias as ordered. A single address, or one with host bits, is ONE address; an IPv4 range is
/// one `local` route; an IPv6 range is its addresses up to the bound, or a local route if `routed`.
struct Alias {
    /// What a single IPv4 address becomes; nothing else has a choice. A local route answers ARP and
    /// can be bound to, at flat cost (the kernel's cost of addresses is quadratic in their number);
    /// it is not in `ip addr`, and the kernel never picks it as a source by itself.
    enum class As { automatic, address, local_route };

    std::string id{};  ///< the vendor's: the subnet or secondary CIDR it was taken from
    Prefix cidr{};
    bool routed = false;
    std::string where{};    ///< JSON pointer in the document, for errors
    As as = As::automatic;  ///< automatic: an address

    bool operator==(const Alias&) const = default;
};

struct Limits {
    unsigned aliases = 50;      ///< per NIC. Source: JD Cloud Alias-IP page
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

struct Wanted {
    NicSelector nic{};
    std::optional<Primary> primary{};             ///< absent: unmanaged
    std::optional<std::vector<Alias>> aliases{};  ///< absent: unmanaged; empty: ours are removed
    Limits limits{};
    Guard guard{};
    NeighbourFiles neighbours{};
    /// NICs (ifindex) whose cable is out or that have just lost somebody else's address. Where no
    /// primary address of ours is wanted, aliases wait for the cable, and then for the NIC's owner
    /// to set an address again.
    std::vector<int> deserted{};

    bool operator==(const Wanted&) const = default;
};

// ---- observed ---------------------------------------------------------------------------------

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
    bool promote_secondaries = false;  ///< this link's own IPv4 setting

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

/// What the store knows we added, as "address 10.0.0.5/32" / "route local 10.0.1.0/28" on a MAC.
struct Owned {
    /// An address of ours on a NIC that the spec has moved away from; until it is gone.
    struct LeftBehind {
        std::string mac;
        Prefix prefix{};
        bool primary = false;

        bool operator==(const LeftBehind&) const = default;
    };

    std::string mac{};                ///< of the NIC they were put on; empty: any
    std::vector<Prefix> primaries{};  ///< those of `addresses` that were put there as primary
    std::vector<Prefix> addresses{};
    std::vector<Prefix> local_routes{};
    std::vector<StaticRoute> routes{};
    std::vector<LeftBehind> left_behind{};

    bool operator==(const Owned&) const = default;
};

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

struct Observed {
    std::vector<Link> links{};
    std::vector<KernelAddress> addresses{};
    /// Tables main and local, without the local, broadcast and connected entries that the kernel
    /// keeps itself in table local.
    std::vector<KernelRoute> routes{};
    Persisted persisted{};

    bool operator==(const Observed&) const = default;
};

}  // namespace metalwright::netcfg
