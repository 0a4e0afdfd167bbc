#pragma once

#include <cstddef>
#include <span>

#include "netcfg/model.hpp"

namespace metalwright::netcfg {

/// Appends the rule that an RTM_NEWRULE or RTM_DELRULE tells of to `objects.rules`, when it has our
/// mark or a priority that is ours; others, other families and malformed ones append nothing. The
/// whole message must be there, at least its nlmsghdr, aligned to 4. Source: linux/fib_rules.h.
void read_rule(std::span<const std::byte> message, Observed& objects);

/// Takes rp_filter of "all" from an RTM_NEWNETCONF; that of anything else is passed over.
void read_netconf(std::span<const std::byte> message, Observed& objects);

}  // namespace metalwright::netcfg
