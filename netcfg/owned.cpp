#include <algorithm>
#include <tuple>

#include "netcfg/model.hpp"

namespace metalwright::netcfg {
namespace {

bool same_list(std::vector<Prefix> a, std::vector<Prefix> b) {
    if (a.size() != b.size()) return false;
    std::ranges::sort(a);
    std::ranges::sort(b);
    return a == b;
}

bool same_elsewhere(std::vector<Owned::Elsewhere> a, std::vector<Owned::Elsewhere> b) {
    if (a.size() != b.size()) return false;
    const auto order = [](const Owned::Elsewhere& each) {
        return std::tie(each.mac, each.prefix, each.kind);
    };
    std::ranges::sort(a, {}, order);
    std::ranges::sort(b, {}, order);
    return a == b;
}

}  // namespace

bool same_things(const Owned& a, const Owned& b) {
    if (a == b) return true;
    return a.mac == b.mac && same_list(a.primaries, b.primaries) &&
           same_list(a.secondaries, b.secondaries) && same_list(a.elastics, b.elastics) &&
           same_list(a.addresses, b.addresses) && same_list(a.local_routes, b.local_routes) &&
           same_elsewhere(a.elsewhere, b.elsewhere) &&
           std::ranges::is_permutation(a.routes, b.routes) &&
           std::ranges::is_permutation(a.settings, b.settings);
}

}  // namespace metalwright::netcfg
