#include "agent/vendor/eip.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "netcfg/plan.hpp"

namespace metalwright::vendor {
namespace {

class Settling {
 public:
    Settling(const Host& host, std::span<const Finished> finished)
        : host_(host), finished_(finished) {}

    Settled run() {
        for (const Resource& eip : host_.resources)
            if (eip.kind == "eip") step(eip);
        return std::move(settled_);
    }

 private:
    void move(Resource eip, std::string_view state) {
        eip.state = state;
        eip.operation = 0;
        eip.changed_ms = host_.now_ms;
        settled_.ledger.put.push_back(std::move(eip));
    }

    /// Its result in the operation that it waits for; null while that is under way.
    const ItemResult* result_of(const Resource& eip, const netcfg::Prefix& cidr) const {
        static const ItemResult gone{.outcome = metalwright::Outcome::unchanged};
        for (const Finished& one : finished_) {
            if (one.operation != eip.operation) continue;
            const auto item = std::ranges::find(
                one.items, netcfg::item_of(netcfg::Kind::elastic, cidr), &ItemResult::item);
            return item == one.items.end() ? &gone : &*item;
        }
        return nullptr;
    }

    bool on_the_nic(const Resource& eip) const {
        return std::ranges::any_of(host_.addresses, [&](const Address& one) {
            return one.kind == netcfg::Kind::elastic && one.id == eip.id;
        });
    }

    void step(const Resource& eip) {
        const auto address = netcfg::Address::parse(eip.body.value("ipAddress", ""));
        if (!address) return;
        const netcfg::Prefix cidr = netcfg::Prefix::single(*address);
        if (eip.state == eip_state::creating) {
            const bool taken = std::ranges::any_of(host_.addresses, [&](const Address& one) {
                return one.cidr.contains(*address) && one.id != eip.id;
            });
            return move(eip, taken ? eip_state::create_failed : eip_state::available);
        }
        if (eip.state == eip_state::recycle) {
            if (host_.now_ms - eip.changed_ms >= recycle_ms)
                settled_.ledger.dropped.push_back(eip.id);
            return;
        }
        const bool comes = eip.state == eip_state::associating;
        const bool goes =
            eip.state == eip_state::unassociating || eip.state == eip_state::recycling;
        if (!comes && !goes) return released(eip);
        if (eip.operation == 0) return begin(eip, cidr, comes);
        const ItemResult* result = result_of(eip, cidr);
        if (result == nullptr) return;
        const bool failed = result->outcome == metalwright::Outcome::failed;
        if (goes)
            return move(unbound(eip), eip.state == eip_state::recycling ? eip_state::recycle
                                                                        : eip_state::available);
        if (!failed) return move(eip, eip_state::associated);
        // What could not be set is not wanted any longer: else it would come some time later.
        if (on_the_nic(eip)) settled_.edit.remove.push_back({.cidr = cidr});
        Resource back = unbound(eip);
        back.body["lastError"] = result->error ? result->error->message : "";
        move(std::move(back), eip_state::available);
    }

    /// The instance that it was on may have been released, which took its addresses away.
    void released(const Resource& eip) {
        if (eip.state != eip_state::associated || on_the_nic(eip)) return;
        move(unbound(eip), eip_state::available);
    }

    void begin(const Resource& eip, const netcfg::Prefix& cidr, bool comes) {
        if (comes != on_the_nic(eip)) {
            if (comes)
                settled_.edit.add.push_back(
                    {.id = eip.id, .cidr = cidr, .kind = netcfg::Kind::elastic});
            else
                settled_.edit.remove.push_back({.cidr = cidr});
            settled_.waiting.push_back(eip.id);
            settled_.ledger.put.push_back(eip);
            return;
        }
        // A crash came between the operation and this.
        if (comes) return move(eip, eip_state::associated);
        move(unbound(eip),
             eip.state == eip_state::recycling ? eip_state::recycle : eip_state::available);
    }

    static Resource unbound(Resource eip) {
        eip.body.erase("instanceId");
        return eip;
    }

    const Host& host_;
    std::span<const Finished> finished_;
    Settled settled_{};
};

}  // namespace

Settled settle(const Host& host, std::span<const Finished> finished) {
    return Settling(host, finished).run();
}

Resource given_up(Resource eip, const std::string& why, std::int64_t now_ms) {
    const bool goes = eip.state != eip_state::associating;
    eip.state = goes ? eip_state::associated : eip_state::available;
    if (!goes) eip.body.erase("instanceId");
    eip.body["lastError"] = why;
    eip.operation = 0;
    eip.changed_ms = now_ms;
    return eip;
}

std::int64_t next_settlement(const Host& host) {
    std::int64_t next = 0;
    for (const Resource& one : host.resources)
        if (one.kind == "eip" && one.state == eip_state::recycle)
            next = next == 0 ? one.changed_ms + recycle_ms
                             : std::min(next, one.changed_ms + recycle_ms);
    return next;
}

}  // namespace metalwright::vendor
