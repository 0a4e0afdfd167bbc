#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "netcfg/op.hpp"
#include "netcfg/rtnl_encode.hpp"
#include "netcfg/rtnl_inbox.hpp"
#include "sys/fd.hpp"

namespace metalwright::netcfg {

struct Dump;

/// The one door to the kernel's network. Fake: tests/fakes/fake_rtnl.hpp, a kernel in memory.
class Rtnl {
 public:
    virtual ~Rtnl() = default;

    /// Links, addresses, the routes of tables main and local, and rules; `persisted` and bus paths
    /// are left empty. Errors: io, kernel_refused, busy (the state never stood still), timed_out.
    virtual Result<Observed> dump() = 0;

    /// As dump(), but of table local only the routes with our mark, if the kernel can tell them
    /// apart: it keeps an entry of its own there for each address, and need not list those.
    virtual Result<Observed> dump_without_foreign_local() { return dump(); }

    /// Adds the routes of these tables to `into`, which has none of them yet, and
    /// rp_filter_of_all. Errors: those of dump().
    virtual Result<void> dump_policy(std::span<const std::uint32_t> tables, Observed& into) = 0;
    /// Root and ingress qdiscs of all links, and the filters of those of kind "ingress".
    /// Errors: as dump().
    virtual Result<TrafficControl> dump_traffic_control() = 0;

    /// Does every op in order and returns one result per op: ops[i] <-> results[i].
    ///
    /// The kernel goes on past a refused one, so a failure never hides its neighbours. EEXIST on
    /// adding, and EADDRNOTAVAIL, ESRCH or ENOENT on removing, mean "already so" and count as done.
    /// Errors, per op: kernel_refused (sys = errno, the kernel's own words in the message),
    /// timed_out (no answer), io (socket lost).
    virtual std::vector<Result<void>> apply(std::span<const KernelOp> ops) = 0;
};

/// Rtnl over an AF_NETLINK socket in the network namespace of the thread that opens it.
/// Requests are packed, up to 64 KiB a send. One thread at a time.
class RtnlSocket final : public Rtnl {
 public:
    /// Errors: io.
    static Result<RtnlSocket> open();

    Result<Observed> dump() override;
    Result<Observed> dump_without_foreign_local() override;
    Result<void> dump_policy(std::span<const std::uint32_t> tables, Observed& into) override;
    Result<TrafficControl> dump_traffic_control() override;
    std::vector<Result<void>> apply(std::span<const KernelOp> ops) override;

    /// Messages sent so far that could change something; dumps do not count.
    std::uint64_t mutations() const noexcept { return mutations_; }

 private:
    explicit RtnlSocket(sys::Fd fd, std::size_t most_acks)
        : fd_(std::move(fd)), most_acks_(most_acks) {}

    Result<Observed> dump(std::uint8_t local_protocol);  // 0: any
    Result<void> ask(const Dump& question, Observed& all);
    Result<void> send(std::span<const std::byte> request);
    /// Sends `request` and hands each answer to `is_last`, until that says so.
    template <class OnAck>
    Result<void> converse(std::span<const std::byte> request, OnAck is_last);

    sys::Fd fd_;
    std::size_t most_acks_;  // that the receive buffer holds: a lost ack is a lost result
    std::uint32_t seq_ = 1;  // 0 marks the kernel's own notifications
    std::uint64_t mutations_ = 0;
    RtnlInbox inbox_;
};

}  // namespace metalwright::netcfg
