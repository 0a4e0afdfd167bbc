#include <algorithm>
#include <set>

#include "raid/storcli/plan.hpp"

namespace metalwright::raid::storcli {
namespace {

/// storcli and storcli2 both say GHS; a dedicated one is DHS.
bool is_global_spare(const Drive& drive) {
    return drive.state == DriveState::hot_spare && drive.raw_state.starts_with("GHS");
}

/// The drives that are still to be made spares; none: all is as wanted.
DriveRule lacking(const WantedSpares& wanted, const Controller& controller) {
    DriveRule rule = wanted.drives;
    const auto there = [&](const std::string& id) {
        return std::ranges::any_of(controller.drives, [&](const Drive& drive) {
            return is_global_spare(drive) && means(id, drive);
        });
    };
    if (!rule.ids.empty()) {
        std::erase_if(rule.ids, there);
        return rule;
    }
    const auto have =
        static_cast<unsigned>(std::ranges::count_if(controller.drives, [&](const Drive& drive) {
            return is_global_spare(drive) && passes(wanted.drives, drive);
        }));
    const unsigned want = std::max(rule.count, 1U);
    rule.count = want - std::min(want, have);
    return rule;
}

/// A step, or a settled line; or why there is neither.
std::optional<Error> plan_one(const WantedSpares& wanted, const Controllers& there, Claims& claims,
                              Plan<VolumeOp>& plan) {
    const std::string item = item_of(wanted);
    const Result<const Controller*> found = controller_for(wanted.controller, item, there);
    if (!found) return found.error();
    const Controller& controller = **found;
    const WantedVolume lacks{.name = item, .drives = lacking(wanted, controller)};
    if (lacks.drives.ids.empty() && lacks.drives.count == 0) {
        plan.settled.push_back({.item = item, .outcome = Outcome::unchanged});
        return std::nullopt;
    }
    if (const Error* unread = unread_of(controller, there))
        return Error{Errc::refused,
                     "not all of " + controller.id + " could be read (" + unread->message +
                         "): nothing is made of its drives",
                     controller.id};
    if (controller.mode != ControllerMode::raid)
        return Error{Errc::unsupported,
                     controller.id + " is in " + std::string(to_string(controller.mode)) +
                         " mode and keeps no spares",
                     controller.id};
    const Result<std::vector<Seat>> seats = choose(lacks, controller, claims);
    if (!seats) return seats.error();
    std::string told;
    for (const Seat& seat : *seats) {
        claim(claims, controller, seat);
        told += (told.empty() ? "" : ", ") + seat.serial;
    }
    plan.steps.push_back({item, "keep " + told + " as global hot spare of " + controller.id,
                          AddGlobalSpares{controller.id, *seats}, true});
    return std::nullopt;
}

}  // namespace

std::string item_of(const WantedSpares& wanted) {
    return wanted.controller.empty() ? "spares" : "spares/" + wanted.controller;
}

Plan<VolumeOp> plan_spares(std::span<const WantedSpares> wanted, const Controllers& there,
                           Claims& claims) {
    Plan<VolumeOp> plan;
    for (const WantedSpares& one : wanted)
        if (std::optional<Error> error = plan_one(one, there, claims, plan))
            plan.settled.push_back(
                {.item = item_of(one), .outcome = Outcome::failed, .error = std::move(error)});
    return plan;
}

}  // namespace metalwright::raid::storcli
