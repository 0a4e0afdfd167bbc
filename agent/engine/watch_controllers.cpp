// What becomes of hardware RAID between operations.

#include <algorithm>
#include <utility>

#include "agent/engine/engine.hpp"
#include "agent/engine/json.hpp"
#include "agent/engine/log.hpp"
#include "raid/storcli/differ.hpp"

namespace metalwright::engine {
namespace {

/// A rebuild of hours is told in so many steps, one event each.
constexpr int percent_step = 5;

std::string volume_note(const raid::Controller& controller, const raid::VirtualDrive& volume) {
    std::string broken = raid::storcli::damage(controller, volume);
    return broken.empty() ? raid::storcli::progress_note(controller, volume) : broken;
}

std::string name_of(const raid::Controller& controller, const raid::VirtualDrive& volume) {
    return volume.name.empty() ? controller.id + "/v" + std::to_string(volume.id) : volume.name;
}

bool is_news(const raid::Drive& drive, const raid::Controllers& before) {
    if (drive.state != raid::DriveState::rebuilding || drive.percent < 0) return false;
    for (const raid::Controller& controller : before.list)
        for (const raid::Drive& last : controller.drives)
            if (last.serial == drive.serial && last.percent >= 0)
                return last.percent / percent_step != drive.percent / percent_step;
    return true;
}

}  // namespace

Json controllers_json(const raid::Controllers& controllers) {
    Json list = Json::array();
    for (const raid::Controller& controller : controllers.list) {
        Json one{{"id", controller.id},
                 {"model", controller.model},
                 {"health", raid::health(controller)},
                 {"flags", controller.flags}};
        one["note"] = controller.errors.empty() ? "" : controller.errors.front().message;
        Json& volumes = one["volumes"] = Json::array();
        for (const raid::VirtualDrive& volume : controller.volumes)
            volumes.push_back({{"name", name_of(controller, volume)},
                               {"level", volume.level},
                               {"state", to_string(volume.state)},
                               {"note", volume_note(controller, volume)}});
        Json& drives = one["drives"] = Json::array();
        for (const raid::Drive& drive : controller.drives)
            if (!raid::in_order(drive.state))
                drives.push_back({{"selector", drive.selector},
                                  {"serial", drive.serial},
                                  {"state", to_string(drive.state)}});
        list.push_back(std::move(one));
    }
    return list;
}

void Engine::watch_controllers() {
    raid::Controllers before;
    {
        const std::lock_guard lock(arrays_mutex_);
        before = controllers_seen_;
    }
    raid::Controllers now = raid::known_now(before, machine_.observe_controllers());
    const std::vector<raid::ControllerTurn> turns = raid::turns(before, now);
    bool news = !turns.empty();
    {
        const std::lock_guard lock(arrays_mutex_);
        controllers_seen_ = now;
    }
    for (const raid::ControllerTurn& turn : turns) tell(turn);
    for (const raid::Controller& controller : now.list)
        for (const raid::VirtualDrive& volume : controller.volumes) {
            const auto drive = std::ranges::find_if(controller.drives, [&](const raid::Drive& one) {
                return std::ranges::find(volume.drives, one.selector) != volume.drives.end() &&
                       is_news(one, before);
            });
            if (drive == controller.drives.end()) continue;
            Json body{{"item", "volume/" + name_of(controller, volume)},
                      {"note", volume_note(controller, volume)},
                      {"action", "rebuild"},
                      {"percent", drive->percent}};
            if (auto put = store_.event(0, "progress", dump(body), clock_()); !put)
                log(Level::error, "cannot note progress: " + describe(put.error()));
            news = true;
        }
    if (news) changed();
}

void Engine::tell(const raid::ControllerTurn& turn) {
    const std::int64_t now = clock_();
    Json event{{"item", turn.item}, {"controller", turn.controller}};
    event["was"] = turn.was.empty() ? Json() : Json(turn.was);
    event["is"] = turn.is;
    event["note"] = turn.note;
    Json report{{"kind", "controller"}, {"at", iso_time(now)}, {"host", options_.host_id}};
    report.update(event);
    log(turn.trouble ? Level::warn : Level::info, turn.item + " is " + turn.is,
        {{"controller", turn.controller}, {"was", turn.was}, {"note", turn.note}});
    const std::vector<std::string> reports{dump(report)};
    if (auto put = store_.event_with_reports("controller", dump(event), reports, now); !put)
        log(Level::error, "cannot note what became of a controller: " + describe(put.error()));
}

}  // namespace metalwright::engine
