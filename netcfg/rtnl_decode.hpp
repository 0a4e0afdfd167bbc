#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "netcfg/model.hpp"

namespace metalwright::netcfg {

/// The kernel's answer to one message. `error` is 0 or a positive errno.
struct Ack {
    std::uint32_t seq = 0;
    int error = 0;
    std::string text;  ///< the kernel's own sentence (NETLINK_EXT_ACK); often empty

    bool operator==(const Ack&) const = default;
};

/// What one datagram held besides objects.
struct Answer {
    std::vector<Ack> acks{};   ///< NLMSG_ERROR, also those that mean success
    bool done = false;         ///< NLMSG_DONE: the end of a dump
    int dump_error = 0;        ///< positive errno with which the dump ended
    bool interrupted = false;  ///< NLM_F_DUMP_INTR: the state changed meanwhile, ask again

    bool operator==(const Answer&) const = default;
};

/// Reads one datagram. Links, addresses, routes, rules, qdiscs and filters in answer to `seq` are
/// appended to `objects`; rules that are none of our business (see Observed), local, broadcast and
/// connected routes of the kernel in table local, cached clones and messages with another sequence
/// number are passed over (an ack is told whatever its number). `datagram` must be aligned to 4.
/// Errors: internal (a length that runs past the buffer).
Result<Answer> decode(std::span<const std::byte> datagram, std::uint32_t seq, Observed& objects);

/// Appends the one link, address, route, rule, qdisc or filter that a message of kind RTM_NEW* or
/// RTM_DEL* tells of, with what decode() passes over left out; other and malformed messages append
/// nothing. The whole message must be there, nlmsg_len bytes and at least a header, aligned to 4.
void read_object(std::span<const std::byte> message, Observed& objects);

}  // namespace metalwright::netcfg
