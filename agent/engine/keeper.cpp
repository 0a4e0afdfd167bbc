#include "agent/engine/keeper.hpp"

#include <linux/if_addr.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "agent/engine/backoff.hpp"
#include "agent/engine/deserted.hpp"
#include "agent/engine/log.hpp"
#include "netcfg/announce.hpp"
#include "netcfg/hash.hpp"
#include "netcfg/monitor.hpp"
#include "netcfg/packet_socket.hpp"
#include "netcfg/rtnl.hpp"

namespace metalwright::engine {
namespace {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using namespace std::chrono_literals;

// Changes come in crowds (`ip addr flush`): look once they are over, and not much later than that.
constexpr auto silence = 3ms;
constexpr auto longest_wait = 40ms;
constexpr std::size_t most_frames = 64;
// A hold ends by the wall clock, which may be set meanwhile: it is asked for this often.
constexpr auto longest_hold_pause = 60s;

}  // namespace

struct Keeper::Watch {
    Watch(netcfg::Monitor m, netcfg::PacketSocket p, netcfg::RtnlSocket r)
        : monitor(std::move(m)), wire(std::move(p)), kernel(std::move(r)) {}

    netcfg::Monitor monitor;
    netcfg::PacketSocket wire;
    netcfg::RtnlSocket kernel;
    netcfg::Announcer announcer{};
    std::map<int, netcfg::MacBytes> macs{};
    std::unordered_set<netcfg::Prefix, netcfg::Hash> ours{};
    Backoff backoff{};
    Deserted deserted{};
    std::optional<TimePoint> look_at{};
    std::optional<TimePoint> first_change{};

    void look_soon(TimePoint now) {
        if (!first_change) first_change = now;
        look_at = std::min(now + silence, *first_change + longest_wait);
    }

    /// Another look when the first NIC has waited long enough for its owner.
    void wait_for_owners() {
        if (const auto next = deserted.next())
            look_at = look_at ? std::min(*look_at, *next) : *next;
    }

    bool is_ours(std::uint8_t protocol, const netcfg::Prefix& prefix) const {
        return protocol == netcfg::our_protocol || ours.contains(prefix);
    }

    void take(const netcfg::AddressChange& change, TimePoint now) {
        const netcfg::KernelAddress& address = change.address;
        if (!is_ours(address.protocol, address.prefix)) {
            if (address.prefix.address.is_link_local()) return;  // comes and goes with the link
            if (!change.added)
                deserted.address_gone(address.ifindex, now);
            else if (deserted.address_set(address.ifindex))
                look_soon(now);
            return;
        }
        if (!change.added) {
            announcer.withdraw(address.ifindex, address.prefix);
            return look_soon(now);
        }
        if ((address.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0) return;
        if (const auto mac = macs.find(address.ifindex); mac != macs.end())
            announcer.add(address.ifindex, mac->second, address.prefix, 1, now);
    }

    void take(const netcfg::RouteChange& change, TimePoint now) {
        const netcfg::KernelRoute& route = change.route;
        const bool local = route.type == 2;
        const bool by_us = route.protocol == netcfg::our_protocol;
        if (by_us && local && change.added) {
            if (const auto mac = macs.find(route.ifindex); mac != macs.end())
                announcer.add_route(route.ifindex, mac->second, route.to, now);
        } else if (by_us && local) {
            announcer.withdraw_route(route.ifindex, route.to);
        }
        // A route that somebody puts in the place of ours is told as theirs.
        if (by_us ? !change.added : change.added && ours.contains(route.to)) look_soon(now);
    }

    void take(const netcfg::RuleChange& change, TimePoint now) {
        if (!change.added && change.protocol == netcfg::our_protocol) look_soon(now);
    }

    /// Changed in place is told as added, our own changes too: a look more, and rarely.
    void take(const netcfg::QdiscChange& change, TimePoint now) {
        const bool gone_with_its_filters = !change.added && change.qdisc.kind == "ingress";
        if (change.qdisc.handle == netcfg::shaper_handle || gone_with_its_filters) look_soon(now);
    }

    void take(const netcfg::FilterChange& change, TimePoint now) {
        if (change.filter.priority == netcfg::redirect_priority) look_soon(now);
    }

    void take(const netcfg::LinkChange& change, TimePoint now) {
        using netcfg::LinkEvent;
        const auto mac = netcfg::mac_bytes(change.mac);
        if (mac && change.event != LinkEvent::removed) macs[change.ifindex] = *mac;
        switch (change.event) {
            case LinkEvent::removed:
                announcer.forget_link(change.ifindex);
                macs.erase(change.ifindex);
                deserted.forget(change.ifindex);
                break;
            case LinkEvent::carrier:
                announcer.link_returned(change.ifindex, now);
                if (!deserted.carrier(change.ifindex, true, now)) return;
                break;
            case LinkEvent::no_carrier: deserted.carrier(change.ifindex, false, now); return;
            case LinkEvent::mac_changed:
                if (mac) announcer.mac_changed(change.ifindex, *mac, now);
                break;
            case LinkEvent::added:
            case LinkEvent::up:
            case LinkEvent::down:
            case LinkEvent::renamed: break;
        }
        look_soon(now);
    }

    void take_all(const std::vector<netcfg::Change>& changes, TimePoint now) {
        for (const netcfg::Change& change : changes)
            std::visit([&](const auto& one) { take(one, now); }, change);
    }

    /// After an overflow, and at first: what the links are, from a whole answer.
    Result<void> learn_links(TimePoint now) {
        Result<netcfg::Observed> seen = kernel.dump();
        if (!seen) return std::unexpected(seen.error());
        for (const netcfg::Link& link : seen->links) {
            if (const auto mac = netcfg::mac_bytes(link.mac)) macs[link.index] = *mac;
            deserted.carrier(link.index, link.carrier, now);
        }
        take_all(monitor.know(seen->links), now);
        return {};
    }

    void listen(TimePoint now) {
        Result<netcfg::Changes> changes = monitor.read();
        if (!changes)
            return log(Level::error, "cannot hear of changes: " + describe(changes.error()));
        take_all(changes->list, now);
        if (!changes->overflow) return;
        log(Level::warn, "the kernel told more changes than could be kept: all is read again");
        if (auto learnt = learn_links(now); !learnt)
            log(Level::error, "cannot read the links: " + describe(learnt.error()));
        look_soon(now);
    }

    void announce(TimePoint now) {
        const std::vector<netcfg::Frame> frames = announcer.due(now, most_frames);
        for (const Result<void>& sent : wire.send(frames))
            if (!sent) log(Level::debug, "not announced: " + describe(sent.error()));
    }

    /// Whether the network was held.
    bool look(Engine& engine, TimePoint now) {
        first_change.reset();
        look_at.reset();
        const auto later = [&](const StepNote& step) -> std::optional<Error> {
            if (backoff.allows(step.item, now)) return std::nullopt;
            return Error{Errc::busy, "put back a moment ago; it has to wait", step.item};
        };
        const Upkeep upkeep = engine.put_back(later, deserted.nics(now));
        ours.clear();
        ours.insert(upkeep.ours.begin(), upkeep.ours.end());
        std::vector<std::string> fights;
        for (const ItemResult& item : upkeep.items)
            if (backoff.put_back(item.item, now, item.outcome == Outcome::changed))
                fights.push_back(item.item);
        engine.tell_fights(fights);
        if (const auto next = backoff.next(); next && !look_at) look_at = *next;
        wait_for_owners();
        if (upkeep.held_for)
            look_at = now + std::min<std::chrono::milliseconds>(*upkeep.held_for + 1ms,
                                                                longest_hold_pause);
        return upkeep.held_for.has_value();
    }

    /// Until something is due, in milliseconds rounded up; -1 for ever.
    int patience(TimePoint now) const {
        std::optional<TimePoint> next = look_at;
        if (const auto due = announcer.next_due()) next = next ? std::min(*next, *due) : *due;
        if (!next) return -1;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - now).count();
        return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
    }
};

Keeper::Keeper(Engine& engine) : engine_(engine) {}

Keeper::~Keeper() {
    stop();
}

Result<void> Keeper::start() {
    const std::lock_guard lock(life_);
    if (stopping_) return {};
    auto monitor = netcfg::Monitor::open();
    if (!monitor) return std::unexpected(monitor.error());
    auto wire = netcfg::PacketSocket::open();
    if (!wire) return std::unexpected(wire.error());
    auto kernel = netcfg::RtnlSocket::open();
    if (!kernel) return std::unexpected(kernel.error());
    wake_ = std::make_shared<Wake>(sys::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)));
    if (!wake_->event) return fail(Errc::io, "cannot make an eventfd", {}, errno);
    watch_ = std::make_unique<Watch>(std::move(*monitor), std::move(*wire), std::move(*kernel));
    if (auto learnt = watch_->learn_links(Clock::now()); !learnt) return learnt;
    watch_->look_soon(Clock::now());  // learns what is ours
    // The kernel tells nothing when a hold is ended.
    subscription_ = engine_.on_change([wake = wake_] {
        if (wake->held) ::eventfd_write(wake->event.get(), 1);
    });
    thread_ = std::thread([this] { run(); });
    return {};
}

void Keeper::stop() {
    const std::lock_guard lock(life_);
    if (subscription_) engine_.forget(*std::exchange(subscription_, std::nullopt));
    stopping_ = true;
    if (wake_) ::eventfd_write(wake_->event.get(), 1);
    if (thread_.joinable()) thread_.join();
}

void Keeper::run() {
    while (!stopping_) {
        std::array<pollfd, 2> wait{
            {{watch_->monitor.fd(), POLLIN, 0}, {wake_->event.get(), POLLIN, 0}}};
        ::poll(wait.data(), wait.size(), watch_->patience(Clock::now()));
        if (stopping_) return;
        const TimePoint now = Clock::now();
        if (eventfd_t woken = 0;
            wait[1].revents != 0 && ::eventfd_read(wake_->event.get(), &woken) == 0)
            watch_->look_soon(now);
        if ((wait[0].revents & (POLLIN | POLLERR)) != 0) watch_->listen(now);
        watch_->announce(now);
        if (watch_->look_at && *watch_->look_at <= now) {
            wake_->held = true;  // a hold that ends during the look is not to be missed
            wake_->held = watch_->look(engine_, now);
        }
    }
}

}  // namespace metalwright::engine
