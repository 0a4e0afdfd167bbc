#pragma once

#include "core/plan.hpp"
#include "netcfg/op.hpp"

namespace metalwright::netcfg {

/// What is left to do. Pure; op.hpp says which items there are. An absent section of `wanted`
/// touches nothing of it; an empty alias list removes what is ours.
///
/// Ours is what carries our mark, or what `owned` says (Site::ours). A foreign address, route or
/// file is never removed or changed: where it is what was wanted the item is unchanged, with a
/// note; where it is in the way the item fails, in words.
Plan<Op> plan(const Wanted& wanted, const Observed& observed, const Owned& owned);

/// The line of an address in plan and report: "alias/10.0.0.5/32", "secondary/...", "elastic/...".
/// (The second of two equal ones has "#2" behind it.)
std::string item_of(Kind kind, const Prefix& cidr);

/// What the store is to remember as ours: everything wanted that nobody else has set already, and
/// what it remembers of before that is still there.
///
/// Call it with what the plan was made from and make it durable BEFORE the plan is applied: kernels
/// before 5.18 keep no mark on an address, and systemd-networkd erases it when it takes an address
/// over. Calling it again with the read-back forgets what is gone.
Owned owned_after(const Wanted& wanted, const Observed& there, const Owned& before);

}  // namespace metalwright::netcfg
