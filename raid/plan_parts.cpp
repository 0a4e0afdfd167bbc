#include <algorithm>
#include <map>
#include <utility>

#include "raid/plan.hpp"

namespace metalwright::raid {
namespace {

/// Only what makes, lists and mounts: everything else may concern the disks of others.
bool may_be_apart(const Op& op) {
    return std::holds_alternative<CreateArray>(op) || std::holds_alternative<AssembleArray>(op) ||
           std::holds_alternative<ListInMdadmConf>(op) ||
           std::holds_alternative<MakeFilesystem>(op) ||
           std::holds_alternative<WriteMountUnit>(op) || std::holds_alternative<StartMount>(op);
}

/// "data" of "filesystem/data".
std::string name_of(const std::string& item) {
    return item.substr(item.find('/') + 1);
}

}  // namespace

std::vector<Plan<Op>> independent_parts(Plan<Op> plan) {
    std::vector<Plan<Op>> parts(1);
    if (!std::ranges::all_of(plan.steps, may_be_apart, &Step<Op>::op)) {
        parts.front() = std::move(plan);
        return parts;
    }
    parts.front().settled = std::move(plan.settled);
    std::map<std::string, std::size_t> part_of;
    for (Step<Op>& step : plan.steps) {
        const auto [it, fresh] = part_of.try_emplace(name_of(step.item), part_of.size());
        if (fresh && it->second > 0) parts.emplace_back();
        parts[it->second].steps.push_back(std::move(step));
    }
    return parts;
}

}  // namespace metalwright::raid
