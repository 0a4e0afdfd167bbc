#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "netcfg/site.hpp"

namespace metalwright::netcfg {

// Everything that is refused before the kernel is asked. The kernel takes 0.0.0.0, 127.0.0.9,
// 224.0.0.9, 255.255.255.255 and one address on two NICs without a word.

struct JudgedAlias {
    const Alias* alias = nullptr;
    unsigned time = 1;  ///< so many up to this one have this very kind and cidr
    /// Behind its name, where a NIC before has a line of that name already.
    const std::string* suffix = nullptr;
    std::unique_ptr<Error> error{};  ///< why it is not applied; an Error itself is 80 bytes

    std::string item() const;  ///< its line in the report; unique in one plan
};

/// One verdict per wanted alias, in their order; empty when they are unmanaged.
std::vector<JudgedAlias> judge_aliases(const Site& site);

struct JudgedRoute {
    std::string item;
    StaticRoute route{};
    std::optional<Error> error{};
};

struct JudgedPrimary {
    std::optional<Error> address{};  ///< refused: nothing else of it is touched then
    std::optional<Error> mtu{};
    std::optional<Error> dns{};
    std::vector<JudgedRoute> routes{};  ///< the default route first, if there is a gateway
    Primary accepted{};                 ///< what is left of it
};

/// Nothing when the primary address is unmanaged.
std::optional<JudgedPrimary> judge_primary(const Site& site);

/// What the NICs before have been given: an address, and a way, is on one NIC only.
class Taken {
 public:
    void add(const Site& site, const std::optional<JudgedPrimary>& primary,
             const std::vector<JudgedAlias>& aliases);
    /// The NIC that has this address, or one of this range; nullptr when none has.
    const std::string* nic_of(const Prefix& cidr) const;
    /// What any NIC of the order is to have; to be told of all of them first.
    void want(const Wanted& wanted);
    bool is_wanted(Kind kind, const Prefix& cidr) const {
        return wanted_[static_cast<std::size_t>(kind)].contains(cidr);
    }
    /// Whether a NIC before has a line for such an alias, accepted or not.
    bool names(const Alias& alias) const {
        return names_[static_cast<std::size_t>(alias.kind)].contains(alias.cidr);
    }
    /// The NIC that has a route of this destination and metric.
    const std::string* nic_of(const StaticRoute& route) const;

 private:
    struct Range {
        Prefix cidr;
        std::string nic;
    };
    struct Way {
        StaticRoute route;
        std::string nic;
    };

    std::array<PrefixSet, 4> wanted_;  // by kind
    std::array<PrefixSet, 4> names_;   // likewise
    std::unordered_map<Address, std::string, Hash> addresses_;
    std::vector<Range> ranges_;
    std::vector<Way> ways_;
};

/// Why this can be no host's address, as the rest of a sentence; nothing when it can.
std::optional<std::string> unusable(const Address& address);
/// Why this can be no host's address in an IPv4 subnet that contains it.
std::optional<std::string> unusable_in(const Prefix& subnet, const Address& address);
/// The last address of an IPv4 subnet.
Address broadcast_of(const Prefix& subnet);
bool all_ones(const Address& address);  ///< 255.255.255.255
Error invalid(std::string message, std::string where);

}  // namespace metalwright::netcfg
