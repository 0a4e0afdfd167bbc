#pragma once

#include "netcfg/op.hpp"

namespace metalwright::netcfg {

/// Asks the network whether a change works.
class Prober {
 public:
    virtual ~Prober() = default;

    /// Returns when the gateway has answered and every endpoint was reached from probe.source.
    /// Errors: timed_out (who did not answer, and within what), unavailable (an endpoint refused),
    /// io.
    virtual Result<void> ask(const Probe& probe, const Link& nic) = 0;
};

/// The real one: an ARP request (RFC 826) or a neighbour solicitation (RFC 4861) until the gateway
/// answers, then a TCP connection to each endpoint. Whatever the kernel's neighbour table says is
/// not asked: it may be stale.
class SocketProber final : public Prober {
 public:
    Result<void> ask(const Probe& probe, const Link& nic) override;
};

}  // namespace metalwright::netcfg
