#include "netcfg/alias_form.hpp"

#include <limits>

namespace metalwright::netcfg {

AliasForm form_of(const Alias& alias) noexcept {
    if (alias.cidr.is_single() && !alias.cidr.address.v6)
        return alias.as == Alias::As::local_route ? AliasForm::local_route : AliasForm::address;
    if (!alias.cidr.is_range()) return AliasForm::address;
    return alias.cidr.address.v6 && !alias.routed ? AliasForm::addresses : AliasForm::local_route;
}

std::uint32_t count_of(const Alias& alias) noexcept {
    if (form_of(alias) != AliasForm::addresses) return 1;
    const unsigned bits = 128U - alias.cidr.length;
    return bits >= 32 ? std::numeric_limits<std::uint32_t>::max() : std::uint32_t{1} << bits;
}

Prefix first_of(const Alias& alias) noexcept {
    if (form_of(alias) == AliasForm::addresses) return {alias.cidr.address, 128};
    return alias.cidr;
}

}  // namespace metalwright::netcfg
