#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "netcfg/plan.hpp"

// Short words for the tests of this room: one server with eth0 (and eth1), as found or as wanted.
namespace metalwright::netcfg {

inline Prefix cidr(std::string_view text) {
    return Prefix::parse(text).value();
}
inline Address ip(std::string_view text) {
    return Address::parse(text).value();
}

inline Link nic(int index, std::string name, std::string mac, std::string bus_path = "") {
    return {.index = index,
            .name = std::move(name),
            .mac = mac,
            .bus_path = std::move(bus_path),
            .mtu = 1500,
            .up = true,
            .carrier = true,
            .permanent_mac = mac};
}

inline Link eth0() {
    return nic(2, "eth0", "52:54:00:4d:57:01", "pci0000:00/0000:00:03.0/virtio0");
}
inline Link eth1() {
    return nic(3, "eth1", "52:54:00:4d:57:02", "pci0000:00/0000:00:04.0/virtio1");
}
inline Link loopback() {
    return {.index = 1, .name = "lo", .up = true, .loopback = true};
}

inline Observed server() {
    return {.links = {loopback(), eth0(), eth1()}};
}

inline KernelAddress foreign(std::string_view text, int ifindex = 2, std::uint32_t flags = 0x80) {
    return {.ifindex = ifindex, .prefix = cidr(text), .protocol = 0, .flags = flags};
}
inline KernelAddress ours(std::string_view text, int ifindex = 2, std::uint32_t flags = 0x80) {
    return {.ifindex = ifindex, .prefix = cidr(text), .protocol = our_protocol, .flags = flags};
}

inline KernelRoute route(std::string_view to, std::string_view via, std::uint8_t protocol,
                         int ifindex = 2) {
    KernelRoute made{.ifindex = ifindex, .to = cidr(to), .protocol = protocol};
    if (!via.empty()) made.via = ip(via);
    return made;
}
inline KernelRoute local_route(std::string_view to, std::uint8_t protocol = our_protocol,
                               int ifindex = 2) {
    return {.ifindex = ifindex, .to = cidr(to), .table = 255, .protocol = protocol, .type = 2};
}

inline Alias alias(std::string_view text, std::string where = "") {
    if (where.empty()) where = "/aliases/" + std::string(text);
    return {.cidr = cidr(text), .where = std::move(where)};
}

/// Aliases on eth0; the primary address is somebody else's business.
inline Wanted aliases(const std::vector<std::string_view>& texts) {
    Wanted wanted{.nic = {.name = "eth0"}, .aliases = std::vector<Alias>{}};
    for (std::size_t i = 0; i < texts.size(); ++i)
        wanted.aliases->push_back(alias(texts[i], "/aliasIps/" + std::to_string(i)));
    return wanted;
}

inline Wanted primary(std::string_view address, std::string_view gateway = "") {
    Wanted wanted{.nic = {.name = "eth0"}, .primary = Primary{.address = cidr(address)}};
    if (!gateway.empty()) wanted.primary->gateway = ip(gateway);
    return wanted;
}

template <class T>
const T* as(const Op& op) {
    const auto* kernel = std::get_if<KernelOp>(&op);
    return kernel == nullptr ? nullptr : std::get_if<T>(kernel);
}

/// "alias/10.0.0.5/32: add 10.0.0.5/32", the steps of a plan for a reader.
inline std::vector<std::string> steps_of(const Plan<Op>& plan) {
    std::vector<std::string> lines;
    for (const Step<Op>& step : plan.steps) {
        std::string line = step.item + ": ";
        if (const auto* kernel = std::get_if<KernelOp>(&step.op)) {
            line += describe(*kernel);
        } else if (const auto* files = std::get_if<PersistConfig>(&step.op)) {
            for (const TextFile& file : files->write) line += "write " + file.path + ' ';
            for (const std::string& path : files->remove) line += "remove " + path + ' ';
            line.pop_back();
        } else if (const auto* probe = std::get_if<Probe>(&step.op)) {
            line += "ask " + probe->gateway.text() + " from " + probe->source.text();
        } else {
            line += "reload";
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

/// The settled line of an item; fails the test when there is none.
inline ItemResult settled(const Plan<Op>& plan, std::string_view item) {
    const auto it = std::ranges::find(plan.settled, item, &ItemResult::item);
    if (it == plan.settled.end()) {
        ADD_FAILURE() << "no settled line for " << item;
        return {};
    }
    return *it;
}

inline bool has_item(const Plan<Op>& plan, std::string_view item) {
    return std::ranges::find(plan.settled, item, &ItemResult::item) != plan.settled.end() ||
           std::ranges::find(plan.steps, item, &Step<Op>::item) != plan.steps.end();
}

/// Like plan.steps, without what is persisted.
inline std::vector<std::string> kernel_steps(const Plan<Op>& plan) {
    Plan<Op> kernel;
    for (const Step<Op>& step : plan.steps)
        if (std::holds_alternative<KernelOp>(step.op)) kernel.steps.push_back(step);
    return steps_of(kernel);
}

}  // namespace metalwright::netcfg
