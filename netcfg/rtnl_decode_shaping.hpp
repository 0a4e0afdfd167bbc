#pragma once

#include <linux/netlink.h>

#include "netcfg/model.hpp"

namespace metalwright::netcfg {

/// Appends the root or ingress qdisc that a message of kind RTM_NEWQDISC or RTM_DELQDISC tells of;
/// children of a qdisc and malformed messages append nothing. The whole message must be there,
/// nlmsg_len bytes, aligned to 4.
void read_qdisc(const nlmsghdr& message, TrafficControl& objects);

/// The same for RTM_NEWTFILTER and RTM_DELTFILTER. One filter may be told by several messages (the
/// tables of a u32 as well): each priority and kind of a link is appended once, and learns from the
/// later ones where it redirects to.
void read_filter(const nlmsghdr& message, TrafficControl& objects);

}  // namespace metalwright::netcfg
