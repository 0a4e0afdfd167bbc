#include <linux/if_addr.h>
#include <poll.h>

#include <algorithm>
#include <utility>

#include "core/fail_point.hpp"
#include "netcfg/monitor.hpp"
#include "netcfg/room.hpp"

namespace metalwright::netcfg {
namespace {

/// As many messages as a netlink batch holds: more at once is only more memory.
constexpr std::size_t most_at_once = 1024;

int ifindex_of(const KernelOp& op) {
    struct Index {
        int operator()(const SetLink& o) const { return o.ifindex; }
        int operator()(const MakeLink& o) const { return o.parent; }
        int operator()(const MarkLink& o) const { return o.ifindex; }
        int operator()(const RemoveLink& o) const { return o.ifindex; }
        int operator()(const SetMaster& o) const { return o.ifindex; }
        int operator()(const AddAddress& o) const { return o.ifindex; }
        int operator()(const RemoveAddress& o) const { return o.ifindex; }
        int operator()(const AddRoute& o) const { return o.route.ifindex; }
        int operator()(const RemoveRoute& o) const { return o.route.ifindex; }
        int operator()(const AddRule&) const { return 0; }
        int operator()(const RemoveRule&) const { return 0; }
        int operator()(const SetNicSetting& o) const { return o.ifindex; }
        int operator()(const ShapingOp& o) const { return netcfg::ifindex_of(o); }
    };
    return std::visit(Index{}, op);
}

void apply_to_kernel(std::span<const Step<Op>> steps, const Observed& observed, Rtnl& rtnl,
                     std::vector<Result<void>>& results) {
    std::vector<KernelOp> ops;
    while (!steps.empty()) {
        const auto part = steps.first(std::min(steps.size(), most_at_once));
        steps = steps.subspan(part.size());
        ops.clear();
        for (const Step<Op>& step : part) ops.push_back(std::get<KernelOp>(step.op));
        std::vector<Result<void>> answers = rtnl.apply(ops);
        for (std::size_t i = 0; i < answers.size(); ++i) {
            if (!answers[i] && answers[i].error().where.empty()) {
                const auto link =
                    std::ranges::find(observed.links, ifindex_of(ops[i]), &Link::index);
                if (link != observed.links.end()) answers[i].error().where = link->name;
            }
            results.push_back(std::move(answers[i]));
        }
    }
    fail_point("netcfg.after-batch");
}

Result<void> write_files(const PersistConfig& op, sys::Files& files) {
    for (const TextFile& file : op.write)
        if (Result<Outcome> put = files.put(file.path, file.content, {.mode = 0644}); !put)
            return std::unexpected(put.error());
    for (const std::string& path : op.remove)
        if (Result<Outcome> removed = files.remove(path); !removed)
            return std::unexpected(removed.error());
    return {};
}

/// Runs `reload` while a service is active. Each leaves its state in /run behind when it is
/// stopped, and `networkctl reload` would start it.
Result<void> reload_running(Doors& doors, const std::string& service, const sys::Command& reload) {
    const Result<sys::Output> active =
        doors.exec.run({doors.systemctl, {"is-active", "--quiet", service}});
    if (!active) return std::unexpected(active.error());
    if (!active->ok()) return {};
    if (Result<sys::Output> done = expect_ok(doors.exec.run(reload), reload); !done)
        return std::unexpected(done.error());
    return {};
}

Result<void> reload_networkd(const ReloadPersister& op, Doors& doors) {
    Result<void> reloaded =
        reload_running(doors, "systemd-networkd.service", {doors.networkctl, {"reload"}});
    if (!reloaded || op.made.empty()) return reloaded;
    const auto all = [&](const auto& ops) -> Result<void> {
        const std::vector<KernelOp> each(ops.begin(), ops.end());
        for (Result<void>& done : doors.rtnl.apply(each))
            if (!done) return std::move(done);
        return {};
    };
    if (Result<void> marked = all(op.made); !marked) return marked;
    // A NIC without a cable is not waited for longer than this; it is no failure.
    std::vector<std::string> words{"--quiet", "--timeout=10"};
    for (const std::string& nic : op.nics) words.push_back("--interface=" + nic + ":carrier");
    if (const Result<sys::Output> waited = doors.exec.run({doors.wait_online, words}); !waited)
        return std::unexpected(waited.error());
    return all(op.stale);
}

std::optional<Link> link_of(int ifindex, const Observed& observed) {
    const auto it = std::ranges::find(observed.links, ifindex, &Link::index);
    return it == observed.links.end() ? std::nullopt : std::optional(*it);
}

Result<void> ask(const Probe& probe, const Observed& observed, Doors& doors) {
    std::optional<Link> nic = link_of(probe.ifindex, observed);
    if (!nic) {
        // It was made by the very plan that the question belongs to.
        const Result<Observed> now = doors.rtnl.dump_without_foreign_local();
        if (!now) return std::unexpected(now.error());
        nic = link_of(probe.ifindex, *now);
    }
    if (!nic)
        return fail(Errc::not_found, "the NIC has gone", "NIC " + std::to_string(probe.ifindex));
    if (doors.prober != nullptr) return doors.prober->ask(probe, *nic);
    return SocketProber().ask(probe, *nic);
}

/// The kernel tells by a notification when it has finished: a monitor hears it. Duplicate address
/// detection takes up to a second before its first question and a second for each one that it sends
/// (RFC 4862, RetransTimer), one by default.
Result<void> await_unique(const AwaitUnique& wait, std::chrono::steady_clock::time_point end,
                          Rtnl& rtnl) {
    Result<Monitor> monitor = Monitor::open();
    if (!monitor) return std::unexpected(monitor.error());
    for (;;) {
        const Result<Observed> seen = rtnl.dump_without_foreign_local();
        if (!seen) return std::unexpected(seen.error());
        const auto pending = [&](const KernelAddress& address) {
            return address.ifindex == wait.ifindex && address.prefix == wait.address &&
                   (address.flags & IFA_F_TENTATIVE) != 0 && (address.flags & IFA_F_DADFAILED) == 0;
        };
        if (std::ranges::none_of(seen->addresses, pending)) return {};
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0)
            return fail(Errc::timed_out, "the kernel has not finished asking for " +
                                             wait.address.address.text() +
                                             " in time; is the cable in?");
        pollfd ready{monitor->fd(), POLLIN, 0};
        ::poll(&ready, 1, static_cast<int>(left.count()));
        if (Result<Changes> heard = monitor->read(); !heard) return std::unexpected(heard.error());
    }
}

}  // namespace

std::vector<Result<void>> apply(std::span<const Step<Op>> steps, const Observed& observed,
                                Doors& doors, Journal&) {
    // The kernel asks for all addresses at once, so their waits share one bound.
    constexpr auto longest_question = std::chrono::seconds(10);
    std::optional<std::chrono::steady_clock::time_point> answered_by;
    std::vector<Result<void>> results;
    results.reserve(steps.size());
    for (std::size_t at = 0; at < steps.size();) {
        std::size_t end = at;
        while (end < steps.size() && std::holds_alternative<KernelOp>(steps[end].op)) ++end;
        if (end > at) {
            apply_to_kernel(steps.subspan(at, end - at), observed, doors.rtnl, results);
            at = end;
        } else if (const auto* files = std::get_if<PersistConfig>(&steps[at].op)) {
            results.push_back(write_files(*files, doors.files));
            ++at;
        } else if (const auto* probe = std::get_if<Probe>(&steps[at].op)) {
            results.push_back(ask(*probe, observed, doors));
            ++at;
        } else if (const auto* wait = std::get_if<AwaitUnique>(&steps[at].op)) {
            if (!answered_by) answered_by = std::chrono::steady_clock::now() + longest_question;
            results.push_back(await_unique(*wait, *answered_by, doors.rtnl));
            ++at;
        } else if (std::holds_alternative<ReloadNetworkManager>(steps[at].op)) {
            results.push_back(reload_running(doors, "NetworkManager.service",
                                             {doors.nmcli, {"general", "reload", "conf"}}));
            ++at;
        } else {
            results.push_back(reload_networkd(std::get<ReloadPersister>(steps[at].op), doors));
            ++at;
        }
    }
    return results;
}

Result<void> take_back(std::span<const std::string> undo, Doors& doors) {
    std::vector<KernelOp> ops;
    for (const std::string& text : undo) {
        Result<KernelOp> op = op_from(text);
        if (!op) return std::unexpected(op.error());
        ops.push_back(*op);
    }
    Result<void> all;
    for (Result<void>& answer : doors.rtnl.apply(ops))
        if (!answer && all) all = std::move(answer);
    return all;
}

}  // namespace metalwright::netcfg
