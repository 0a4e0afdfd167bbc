// What becomes of hardware RAID between operations.

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/engine/engine.hpp"
#include "agent/engine/json.hpp"
#include "agent/engine/log.hpp"
#include "core/utc.hpp"
#include "raid/storcli/differ.hpp"

namespace metalwright::engine {
namespace {

/// What takes hours is told in so many steps, one event each.
constexpr int percent_step = 5;

std::string volume_note(const raid::Controller& controller, const raid::VirtualDrive& volume) {
    std::string broken = raid::storcli::damage(controller, volume);
    return broken.empty() ? raid::storcli::progress_note(controller, volume) : broken;
}

std::string name_of(const raid::Controller& controller, const raid::VirtualDrive& volume) {
    return volume.name.empty() ? controller.id + "/v" + std::to_string(volume.id) : volume.name;
}

Json task_json(const std::optional<raid::Task>& task) {
    if (!task) return nullptr;
    return {{"action", to_string(task->kind)},
            {"percent", task->percent < 0 ? Json() : Json(task->percent)},
            {"timeLeft", task->time_left}};
}

bool further(int last, int now) {
    return last < 0 || last / percent_step != now / percent_step;
}

/// What the controller does to the volume, if it has come on since; once more when it is done.
std::optional<raid::Task> news(const raid::VirtualDrive& volume, const raid::Controllers& before) {
    const raid::VirtualDrive* last = nullptr;
    for (const raid::Controller& controller : before.list)
        for (const raid::VirtualDrive& one : controller.volumes)
            if (!volume.wwn.empty() && one.wwn == volume.wwn) last = &one;
    const std::optional<raid::Task> was = last == nullptr ? std::nullopt : last->task;
    if (!volume.task && was) {
        constexpr int all = 100;
        return raid::Task{.kind = was->kind, .name = was->name, .percent = all};
    }
    const bool same = volume.task && was && was->kind == volume.task->kind;
    if (same && !further(was->percent, volume.task->percent)) return std::nullopt;
    return volume.task;
}

bool is_news(const raid::Drive& drive, const raid::Controllers& before) {
    if (drive.state != raid::DriveState::rebuilding || drive.percent < 0) return false;
    for (const raid::Controller& controller : before.list)
        for (const raid::Drive& last : controller.drives)
            if (last.serial == drive.serial && last.percent >= 0)
                return further(last.percent, drive.percent);
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
                               {"note", volume_note(controller, volume)},
                               {"task", task_json(volume.task)}});
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
    bool told = !turns.empty();
    {
        const std::lock_guard lock(arrays_mutex_);
        controllers_seen_ = now;
    }
    ++looks_;
    for (const raid::ControllerTurn& turn : turns) tell(turn);
    for (const raid::Controller& controller : now.list)
        for (const raid::VirtualDrive& volume : controller.volumes) {
            const auto drive = std::ranges::find_if(controller.drives, [&](const raid::Drive& one) {
                return std::ranges::find(volume.drives, one.selector) != volume.drives.end() &&
                       is_news(one, before);
            });
            Json body{{"item", "volume/" + name_of(controller, volume)},
                      {"note", volume_note(controller, volume)}};
            if (drive != controller.drives.end()) {
                body["action"] = "rebuild";
                body["percent"] = drive->percent;
            } else if (const auto task = news(volume, before)) {
                body["action"] = to_string(task->kind);
                body["percent"] = task->percent < 0 ? Json() : Json(task->percent);
            } else {
                continue;
            }
            if (auto put = store_.event(0, "progress", dump(body), clock_()); !put)
                log(Level::error, "cannot note progress: " + describe(put.error()));
            told = true;
        }
    if (told) changed();
}

void Engine::tell(const raid::ControllerTurn& turn) {
    const std::int64_t now = clock_();
    Json event{{"item", turn.item}, {"controller", turn.controller}};
    event["was"] = turn.was.empty() ? Json() : Json(turn.was);
    event["is"] = turn.is;
    event["note"] = turn.note;
    Json report{{"kind", "controller"}, {"at", utc_with_ms(now)}, {"host", options_.host_id}};
    report.update(event);
    log(turn.trouble ? Level::warn : Level::info, turn.item + " is " + turn.is,
        {{"controller", turn.controller}, {"was", turn.was}, {"note", turn.note}});
    const std::vector<std::string> reports{dump(report)};
    if (auto put = store_.event_with_reports("controller", dump(event), reports, now); !put)
        log(Level::error, "cannot note what became of a controller: " + describe(put.error()));
}

}  // namespace metalwright::engine
