// Bandwidth shaping: a token bucket at the root of the WAN NIC, and one at the root of an ifb that
// what comes in is led through.

#include <linux/pkt_sched.h>

#include <algorithm>
#include <string>

#include "netcfg/nic.hpp"
#include "netcfg/planner.hpp"
#include "netcfg/stack.hpp"

namespace metalwright::netcfg {
namespace {

constexpr const char* egress_item = "bandwidth";
constexpr const char* ingress_item = "bandwidth/ingress";

std::string mbps_of(std::uint64_t bytes_per_second) {
    constexpr std::uint64_t bytes_per_mbit = 1'000'000 / 8;
    return std::to_string(bytes_per_second / bytes_per_mbit) + " Mbit/s";
}

bool is_ours(const Qdisc& qdisc) {
    return qdisc.parent == TC_H_ROOT && qdisc.handle == shaper_handle && qdisc.kind == "tbf";
}
bool is_ours(const IngressFilter& filter) {
    return filter.priority == redirect_priority && filter.kind == "u32";
}

/// Whether the kernel has just this bucket. It keeps the burst as a time, in steps of 64 ns and
/// rounded down on the way.
bool is_as_wanted(const Qdisc& qdisc, const TokenBucket& wanted) {
    constexpr std::uint64_t rounding = 128;  // ns
    const std::uint64_t burst = burst_ns(wanted);
    return qdisc.rate == wanted.rate && qdisc.limit == wanted.limit &&
           qdisc.burst_ns <= burst + rounding && burst <= qdisc.burst_ns + rounding;
}

class Shaper {
 public:
    Shaper(const Wanted& wanted, const Observed& observed, Plan<Op>& plan)
        : wanted_(*wanted.shaping), observed_(observed), plan_(plan) {
        const auto it = std::ranges::find(observed.links, ifb_name, &Link::name);
        if (it != observed.links.end()) ifb_ = &*it;
    }

    void egress(const Result<NicChoice>& wan) {
        if (wanted_.egress_mbps == 0) {
            const std::size_t before = plan_.steps.size();
            for (const Qdisc& qdisc : observed_.traffic.qdiscs)
                if (is_ours(qdisc) && !is_ifb(qdisc.ifindex)) remove(egress_item, qdisc);
            if (plan_.steps.size() == before)
                settle(egress_item, Outcome::unchanged, "nothing of ours shapes what goes out");
            return;
        }
        if (!wan) return fail_item(egress_item, wan.error());
        for (const Qdisc& qdisc : observed_.traffic.qdiscs)
            if (is_ours(qdisc) && !is_ifb(qdisc.ifindex) && qdisc.ifindex != wan->link->index)
                remove(former(egress_item, qdisc.ifindex), qdisc);
        if (const auto refused = shape(egress_item, *wan->link, wanted_.egress_mbps, wan->why))
            fail_item(egress_item, *refused);
    }

    void ingress(const Result<NicChoice>& wan) {
        if (wanted_.ingress_mbps == 0) return end_ingress();
        const std::optional<Error> refused =
            wan ? why_not_ingress(*wan->link) : std::optional(wan.error());
        if (refused) {
            fail_item(ingress_item, *refused);
            // The kernel drops what is led nowhere; that helps nobody.
            for (const IngressFilter& filter : observed_.traffic.filters)
                if (is_ours(filter) && !is_ifb(filter.redirect_to))
                    end_redirect(former(ingress_item, filter.ifindex), filter);
            return;
        }
        const Link& nic = *wan->link;
        for (const IngressFilter& filter : observed_.traffic.filters)
            if (is_ours(filter) && filter.ifindex != nic.index)
                end_redirect(former(ingress_item, filter.ifindex), filter);

        const std::size_t before = plan_.steps.size();
        const int ifb = ifb_ == nullptr ? free_index() : ifb_->index;
        const std::string name(ifb_name);
        if (ifb_ == nullptr)
            step(ingress_item, "make " + name + ", for what comes in through " + nic.name,
                 ShapingOp{MakeIfb{ifb}});
        else if (!ifb_->up)
            step(ingress_item, "bring up " + name, SetLink{.ifindex = ifb, .up = true});
        const Link absent{.index = ifb, .name = name};
        // Refused is what why_not_ingress() has looked for already.
        shape(ingress_item, ifb_ == nullptr ? absent : *ifb_, wanted_.ingress_mbps, {});
        redirect(nic, ifb);
        if (plan_.steps.size() == before)
            settle(ingress_item, Outcome::unchanged,
                   mbps_of(token_bucket(wanted_.ingress_mbps).rate) + ", through " + name);
    }

 private:
    bool is_ifb(int ifindex) const { return ifb_ != nullptr && ifb_->index == ifindex; }

    const Qdisc* qdisc_at(int ifindex, std::uint32_t parent) const {
        const auto it = std::ranges::find_if(observed_.traffic.qdiscs, [&](const Qdisc& qdisc) {
            return qdisc.ifindex == ifindex && qdisc.parent == parent;
        });
        return it == observed_.traffic.qdiscs.end() ? nullptr : &*it;
    }

    std::string name_of(int ifindex) const {
        const auto it = std::ranges::find(observed_.links, ifindex, &Link::index);
        return it == observed_.links.end() ? "NIC " + std::to_string(ifindex) : it->name;
    }
    std::string former(const std::string& item, int ifindex) const {
        return item + " (on " + name_of(ifindex) + " before)";
    }

    void settle(std::string item, Outcome outcome, std::string note) {
        plan_.settled.push_back(
            {.item = std::move(item), .outcome = outcome, .note = std::move(note)});
    }
    void fail_item(std::string item, Error error) {
        plan_.settled.push_back(
            {.item = std::move(item), .outcome = Outcome::failed, .error = std::move(error)});
    }
    void step(std::string item, std::string why, const KernelOp& op) {
        plan_.steps.push_back({.item = std::move(item), .why = std::move(why), .op = op});
    }
    void remove(std::string item, const Qdisc& qdisc) {
        step(std::move(item),
             "no longer shape what goes out through " + name_of(qdisc.ifindex) + ", which was " +
                 mbps_of(qdisc.rate),
             ShapingOp{RemoveShaper{qdisc.ifindex}});
    }

    /// Another's root qdisc. With handle 0 it is the kernel's own default one.
    std::optional<Error> why_not_shaped(const Link& link) const {
        const Qdisc* root = qdisc_at(link.index, TC_H_ROOT);
        if (root == nullptr || root->handle == 0 || is_ours(*root)) return std::nullopt;
        return Error{Errc::conflict,
                     "somebody else has set the root qdisc of " + link.name + " (" + root->kind +
                         "); it is left alone: take it away with `tc qdisc del dev " + link.name +
                         " root` to have the bandwidth shaped",
                     link.name};
    }

    std::optional<Error> shape(const char* item, const Link& link, std::uint32_t mbps,
                               const std::string& why_here) {
        if (auto refused = why_not_shaped(link)) return refused;
        const TokenBucket bucket = token_bucket(mbps);
        const Qdisc* root = qdisc_at(link.index, TC_H_ROOT);
        const bool present = root != nullptr && is_ours(*root);
        if (!present) {
            step(item, "shape " + link.name + " to " + mbps_of(bucket.rate),
                 ShapingOp{SetShaper{link.index, bucket}});
        } else if (!is_as_wanted(*root, bucket)) {
            step(item,
                 "change the shaping of " + link.name + " to " + mbps_of(bucket.rate) +
                     " in place, it is " + mbps_of(root->rate),
                 ShapingOp{SetShaper{link.index, bucket}});
        } else if (!why_here.empty()) {
            settle(item, Outcome::unchanged, mbps_of(bucket.rate) + " on " + why_here);
        }
        return std::nullopt;
    }

    std::optional<Error> why_not_ingress(const Link& nic) const {
        if (ifb_ != nullptr && ifb_->kind != "ifb")
            return Error{Errc::conflict,
                         "somebody else has a link named " + ifb_->name +
                             ", which is no ifb; give that one another name",
                         ifb_->name};
        if (ifb_ != nullptr)
            if (auto refused = why_not_shaped(*ifb_)) return refused;
        const Qdisc* qdisc = qdisc_at(nic.index, TC_H_INGRESS);
        // Who came when ours was there already lives beside it.
        const bool foreign_filter =
            our_filter(nic) == nullptr &&
            std::ranges::any_of(observed_.traffic.filters, [&](const IngressFilter& filter) {
                return filter.ifindex == nic.index;
            });
        if (qdisc == nullptr || (qdisc->kind == "ingress" && !foreign_filter)) return std::nullopt;
        return Error{Errc::conflict,
                     "somebody else looks at what comes in through " + nic.name + " (" +
                         (foreign_filter ? "filters of its ingress qdisc" : qdisc->kind) +
                         "); it is left alone, so what comes in is not shaped",
                     nic.name};
    }

    const IngressFilter* our_filter(const Link& nic) const {
        const auto it =
            std::ranges::find_if(observed_.traffic.filters, [&](const IngressFilter& filter) {
                return filter.ifindex == nic.index && is_ours(filter);
            });
        return it == observed_.traffic.filters.end() ? nullptr : &*it;
    }

    void redirect(const Link& nic, int ifb) {
        const IngressFilter* ours = our_filter(nic);
        const bool present = ours != nullptr;
        if (present && is_ifb(ours->redirect_to)) return;
        // The kernel has forgotten where to, when the ifb went away.
        if (present)
            step(ingress_item, "take away what leads nowhere on " + nic.name,
                 ShapingOp{EndRedirect{.ifindex = nic.index, .remove_qdisc = false}});
        step(ingress_item,
             "lead what comes in through " + nic.name + " through " + std::string(ifb_name),
             ShapingOp{Redirect{.ifindex = nic.index,
                                .to = ifb,
                                .make_qdisc = qdisc_at(nic.index, TC_H_INGRESS) == nullptr}});
    }

    void end_redirect(std::string item, const IngressFilter& ours) {
        const bool alone =
            std::ranges::none_of(observed_.traffic.filters, [&](const IngressFilter& filter) {
                return filter.ifindex == ours.ifindex && !is_ours(filter);
            });
        step(std::move(item), "no longer shape what comes in through " + name_of(ours.ifindex),
             ShapingOp{EndRedirect{.ifindex = ours.ifindex, .remove_qdisc = alone}});
    }

    void end_ingress() {
        for (const IngressFilter& filter : observed_.traffic.filters)
            if (is_ours(filter)) end_redirect(ingress_item, filter);
        if (ifb_ != nullptr && ifb_->kind == "ifb")
            step(ingress_item, "remove " + ifb_->name, ShapingOp{RemoveIfb{ifb_->index}});
    }

    /// High up, where the kernel numbers no link by itself between our look and our request.
    int free_index() const {
        int index = redirect_priority;
        while (std::ranges::find(observed_.links, index, &Link::index) != observed_.links.end())
            ++index;
        return index;
    }

    const Shaping& wanted_;
    const Observed& observed_;
    Plan<Op>& plan_;
    const Link* ifb_ = nullptr;
};

}  // namespace

void plan_shaping(const Wanted& wanted, const Observed& observed, const Owned& owned,
                  Plan<Op>& plan) {
    if (!wanted.shaping) return;
    const Result<NicChoice> wan =
        choose_wan(wanted.wan, observed, choose_wanted(wanted, observed, owned.mac));
    Shaper shaper(wanted, observed, plan);
    shaper.egress(wan);
    shaper.ingress(wan);
}

}  // namespace metalwright::netcfg
