#pragma once

#include <linux/pkt_sched.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "netcfg/model.hpp"
#include "netcfg/shaping_op.hpp"

namespace metalwright::fakes {

struct Shaped {
    int error = 0;  ///< errno
    std::string text{};
};

/// Qdiscs, the ifb and the redirection of a kernel in memory. Source of the behaviour: measured
/// with Linux 6.18 (tests/netns/shaping_test.cpp sees the same).
class FakeShaping {
 public:
    explicit FakeShaping(netcfg::Observed& kernel) : kernel_(kernel) {}

    Shaped operator()(const netcfg::SetShaper& op) {
        if (!link(op.ifindex)) return {ENODEV, "Cannot find device"};
        netcfg::Qdisc made{.ifindex = op.ifindex,
                           .handle = netcfg::shaper_handle,
                           .parent = TC_H_ROOT,
                           .kind = "tbf",
                           .rate = op.bucket.rate,
                           .burst_ns = netcfg::burst_ns(op.bucket) / 64 * 64,
                           .limit = op.bucket.limit};
        netcfg::Qdisc* root = qdisc(op.ifindex, TC_H_ROOT);
        if (root == nullptr)
            kernel_.traffic.qdiscs.push_back(std::move(made));
        else if (root->handle == 0 || root->handle == netcfg::shaper_handle)
            *root = std::move(made);
        else
            return {EEXIST, "Exclusivity flag on, cannot override"};
        return {};
    }
    Shaped operator()(const netcfg::RemoveShaper& op) {
        netcfg::Qdisc* root = qdisc(op.ifindex, TC_H_ROOT);
        if (root == nullptr) return {};  // ENOENT counts as done
        if (root->handle != netcfg::shaper_handle) return {EINVAL, "Invalid handle"};
        *root = {.ifindex = op.ifindex, .parent = TC_H_ROOT, .kind = "noqueue"};
        return {};
    }
    Shaped operator()(const netcfg::MakeIfb& op) {
        if (link(op.ifindex)) return {EBUSY, "Device or resource busy"};
        kernel_.links.push_back({.index = op.ifindex,
                                 .name = std::string(netcfg::ifb_name),
                                 .mac = "02:00:00:00:00:ff",
                                 .kind = "ifb",
                                 .mtu = 1500,
                                 .up = true,
                                 .carrier = true});
        return {};
    }
    Shaped operator()(const netcfg::RemoveIfb& op) {
        std::erase_if(kernel_.links, [&](const auto& l) { return l.index == op.ifindex; });
        std::erase_if(kernel_.traffic.qdiscs,
                      [&](const auto& q) { return q.ifindex == op.ifindex; });
        for (netcfg::IngressFilter& filter : kernel_.traffic.filters)
            if (filter.redirect_to == op.ifindex) filter.redirect_to = 0;
        return {};
    }
    Shaped operator()(const netcfg::Redirect& op) {
        if (!link(op.ifindex) || !link(op.to)) return {ENODEV, "No such device"};
        const bool present = qdisc(op.ifindex, TC_H_INGRESS) != nullptr;
        if (present && op.make_qdisc) return {EEXIST, "Exclusivity flag on, cannot modify"};
        if (!present && !op.make_qdisc) return {EINVAL, "Parent Qdisc doesn't exists"};
        if (!present)
            kernel_.traffic.qdiscs.push_back({.ifindex = op.ifindex,
                                              .handle = TC_H_MAKE(TC_H_INGRESS, 0),
                                              .parent = TC_H_INGRESS,
                                              .kind = "ingress"});
        kernel_.traffic.filters.push_back({.ifindex = op.ifindex,
                                           .priority = netcfg::redirect_priority,
                                           .kind = "u32",
                                           .redirect_to = op.to});
        return {};
    }
    Shaped operator()(const netcfg::EndRedirect& op) {
        const std::size_t gone =
            std::erase_if(kernel_.traffic.filters, [&](const netcfg::IngressFilter& filter) {
                return filter.ifindex == op.ifindex &&
                       (op.remove_qdisc || filter.priority == netcfg::redirect_priority);
            });
        if (op.remove_qdisc)
            std::erase_if(kernel_.traffic.qdiscs, [&](const netcfg::Qdisc& q) {
                return q.ifindex == op.ifindex && q.parent == TC_H_INGRESS;
            });
        return gone == 0 ? Shaped{ENOENT, "Filter with specified priority/protocol not found"}
                         : Shaped{};
    }

 private:
    bool link(int index) const {
        return std::ranges::find(kernel_.links, index, &netcfg::Link::index) != kernel_.links.end();
    }
    netcfg::Qdisc* qdisc(int index, std::uint32_t parent) {
        const auto it = std::ranges::find_if(kernel_.traffic.qdiscs, [&](const auto& q) {
            return q.ifindex == index && q.parent == parent;
        });
        return it == kernel_.traffic.qdiscs.end() ? nullptr : &*it;
    }

    netcfg::Observed& kernel_;
};

inline Shaped shape(netcfg::Observed& kernel, const netcfg::ShapingOp& op) {
    return std::visit(FakeShaping(kernel), op);
}

}  // namespace metalwright::fakes
