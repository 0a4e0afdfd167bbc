#include "netcfg/judge.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace metalwright::netcfg {
namespace {

bool is_zero(const Address& address) {
    return address == Address{.v6 = address.v6};
}

}  // namespace

bool all_ones(const Address& address) {
    constexpr std::array<std::uint8_t, 4> ones{255, 255, 255, 255};
    return !address.v6 && std::ranges::equal(ones, std::span(address.bytes).first<4>());
}

/// The last address of an IPv4 subnet.
Address broadcast_of(const Prefix& subnet) {
    const std::uint64_t size = std::uint64_t{1} << (32 - subnet.length);
    return subnet.network().address.plus(static_cast<std::uint32_t>(size - 1));
}

std::optional<std::string> unusable_in(const Prefix& subnet, const Address& address) {
    if (subnet.address.v6 || subnet.length > 30 || !subnet.contains(address)) return std::nullopt;
    if (address == subnet.network().address)
        return "is the network address of " + subnet.network().text();
    if (address == broadcast_of(subnet))
        return "is the broadcast address of " + subnet.network().text();
    return std::nullopt;
}

Error invalid(std::string message, std::string where) {
    return {Errc::invalid_spec, std::move(message), std::move(where)};
}

std::optional<std::string> unusable(const Address& address) {
    if (address.v6) {
        if (is_zero(address)) return "is the unspecified address";
        if (address == Address{.v6 = true}.plus(1)) return "is the loopback address";
        if (address.bytes[0] == 0xff) return "is a multicast address";
        Prefix mapped{Address{.v6 = true}, 96};
        mapped.address.bytes[10] = mapped.address.bytes[11] = 0xff;
        if (mapped.contains(address)) return "is an IPv4 address in IPv6 form";
        return std::nullopt;
    }
    if (all_ones(address)) return "is the broadcast address";
    const std::uint8_t first = address.bytes[0];
    if (first == 0) return "is of \"this network\", 0.0.0.0/8";
    if (first == 127) return "is a loopback address";
    if ((first & 0xf0) == 224) return "is a multicast address";
    return std::nullopt;
}

void Taken::add(const Site& site, const std::optional<JudgedPrimary>& primary,
                const std::vector<JudgedAlias>& aliases) {
    const std::string& nic = site.nic().name;
    if (primary && !primary->address) addresses_.emplace(primary->accepted.address.address, nic);
    if (primary)
        for (const JudgedRoute& judged : primary->routes)
            if (!judged.error) ways_.push_back({judged.route, nic});
    for (const JudgedAlias& judged : aliases) {
        names_[static_cast<std::size_t>(judged.alias->kind)].insert(judged.alias->cidr);
        if (judged.error) continue;
        const Prefix& cidr = judged.alias->cidr;
        if (cidr.is_range())
            ranges_.push_back({cidr, nic});
        else
            addresses_.emplace(cidr.address, nic);
    }
}

void Taken::want(const Wanted& wanted) {
    if (!wanted.aliases) return;
    for (const Alias& alias : *wanted.aliases)
        wanted_[static_cast<std::size_t>(alias.kind)].insert(alias.cidr);
}

const std::string* Taken::nic_of(const Prefix& cidr) const {
    const bool single = !cidr.is_range();
    if (single) {
        if (const auto it = addresses_.find(cidr.address); it != addresses_.end())
            return &it->second;
    } else {
        for (const auto& [address, nic] : addresses_)
            if (cidr.contains(address)) return &nic;
    }
    for (const Range& range : ranges_)
        if (range.cidr.contains(cidr.address) || (!single && cidr.contains(range.cidr.address)))
            return &range.nic;
    return nullptr;
}

const std::string* Taken::nic_of(const StaticRoute& route) const {
    const bool v6 = route.to.address.v6;
    for (const Way& way : ways_)
        if (way.route.to == route.to &&
            metric_of(v6, way.route.metric.value_or(0)) == metric_of(v6, route.metric.value_or(0)))
            return &way.nic;
    return nullptr;
}

}  // namespace metalwright::netcfg
