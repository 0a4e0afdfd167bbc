#include "raid/watch_controllers.hpp"

#include <algorithm>
#include <utility>

#include "raid/storcli/choose.hpp"
#include "raid/storcli/differ.hpp"

namespace metalwright::raid {
namespace {

/// The same hardware, not only at the same number.
const Controller* same(const Controller& controller, const Controllers& all) {
    const auto it = std::ranges::find_if(all.list, [&](const Controller& other) {
        return other.id == controller.id && other.serial == controller.serial;
    });
    return it == all.list.end() ? nullptr : &*it;
}

const VirtualDrive* same(const VirtualDrive& volume, const std::vector<VirtualDrive>& all) {
    const auto it = std::ranges::find_if(all, [&](const VirtualDrive& other) {
        return volume.wwn.empty() || other.wwn.empty()
                   ? other.id == volume.id && other.name == volume.name
                   : other.wwn == volume.wwn;
    });
    return it == all.end() ? nullptr : &*it;
}

/// A drive that was moved to another slot is the same one.
const Drive* same(const Drive& drive, const std::vector<Drive>& all) {
    const auto it = std::ranges::find_if(all, [&](const Drive& other) {
        return drive.serial.empty() ? other.selector == drive.selector
                                    : other.serial == drive.serial;
    });
    return it == all.end() ? nullptr : &*it;
}

std::string name_of(const VirtualDrive& volume, const Controller& controller) {
    return volume.name.empty() ? controller.id + "/v" + std::to_string(volume.id) : volume.name;
}

std::string name_of(const Drive& drive) {
    return drive.serial.empty() ? drive.selector : drive.serial;
}

bool trouble(DriveState state) {
    return state == DriveState::bad || state == DriveState::offline ||
           state == DriveState::foreign || state == DriveState::unknown;
}

bool half_read(const Controller& controller) {
    return !controller.errors.empty() &&
           std::ranges::none_of(controller.drives,
                                [](const Drive& drive) { return !drive.serial.empty(); });
}

class Comparison {
 public:
    Comparison(const Controllers& before, const Controllers& after)
        : before_(before), after_(after) {}

    std::vector<ControllerTurn> run() {
        for (const Controller& now : after_.list) controller(same(now, before_), now);
        for (const Controller& last : before_.list)
            if (same(last, after_) == nullptr)
                add(last, "controller/" + last.id, health(last), "gone",
                    "no tool shows it any more", true);
        return std::move(turns_);
    }

 private:
    void controller(const Controller* last, const Controller& now) {
        const std::string is = health(now);
        const std::string was = last == nullptr ? "" : health(*last);
        const bool other = last != nullptr && (was != is || last->flags != now.flags);
        if (other || (last == nullptr && is != "optimal"))
            add(now, "controller/" + now.id, was, is, note_of(now), is != "optimal");
        // What was never read whole says nothing of what has come or gone since.
        const Controller* basis = last == nullptr || half_read(*last) ? nullptr : last;
        for (const VirtualDrive& volume : now.volumes) changed(basis, now, volume);
        for (const Drive& drive : now.drives)
            if (drive.slot) changed(basis, now, drive);
        if (basis != nullptr) gone(*basis, now);
    }

    static std::string note_of(const Controller& controller) {
        if (!controller.errors.empty()) return controller.errors.front().message;
        std::string note;
        for (const std::string& flag : controller.flags) note += (note.empty() ? "" : ", ") + flag;
        return note;
    }

    void changed(const Controller* last, const Controller& now, const VirtualDrive& volume) {
        const VirtualDrive* before = last == nullptr ? nullptr : same(volume, last->volumes);
        const std::string is(to_string(volume.state));
        const std::string was(before == nullptr ? "" : to_string(before->state));
        if (was == is || (before == nullptr && volume.state == VolumeState::optimal)) return;
        std::string note = storcli::damage(now, volume);
        if (note.empty()) note = storcli::progress_note(now, volume);
        add(now, "volume/" + name_of(volume, now), was, is, std::move(note),
            volume.state != VolumeState::optimal);
    }

    void changed(const Controller* last, const Controller& now, const Drive& drive) {
        const Drive* before = last == nullptr ? nullptr : same(drive, last->drives);
        const std::string is(to_string(drive.state));
        const std::string item = "drive/" + name_of(drive);
        if (before == nullptr) {
            const bool told =
                last != nullptr || (trouble(drive.state) && drive.state != DriveState::unknown);
            if (told)
                add(now, item, "", is,
                    storcli::tell(drive) + (last == nullptr ? "" : " was put in"),
                    trouble(drive.state));
            return;
        }
        if (before->state == drive.state || (in_order(before->state) && in_order(drive.state)))
            return;
        add(now, item, std::string(to_string(before->state)), is, storcli::tell(drive),
            trouble(drive.state));
    }

    void gone(const Controller& last, const Controller& now) {
        for (const VirtualDrive& volume : last.volumes)
            if (same(volume, now.volumes) == nullptr)
                add(now, "volume/" + name_of(volume, last), std::string(to_string(volume.state)),
                    "gone", "it was deleted", false);
        for (const Drive& drive : last.drives)
            if (drive.slot && same(drive, now.drives) == nullptr)
                add(now, "drive/" + name_of(drive), std::string(to_string(drive.state)), "gone",
                    storcli::tell(drive) + " was taken out, or is dead",
                    drive.state == DriveState::member || drive.state == DriveState::hot_spare);
    }

    void add(const Controller& controller, std::string item, std::string was, std::string is,
             std::string note, bool trouble) {
        turns_.push_back({.controller = controller.id,
                          .item = std::move(item),
                          .was = std::move(was),
                          .is = std::move(is),
                          .note = std::move(note),
                          .trouble = trouble});
    }

    const Controllers& before_;
    const Controllers& after_;
    std::vector<ControllerTurn> turns_{};
};

}  // namespace

bool in_order(DriveState state) {
    return state == DriveState::free || state == DriveState::member ||
           state == DriveState::hot_spare || state == DriveState::jbod;
}

std::string health(const Controller& controller) {
    if (!controller.errors.empty()) return "unreadable";
    return controller.flags.empty() ? "optimal" : "attention";
}

Controllers known_now(const Controllers& before, Controllers seen) {
    for (const Controller& last : before.list) {
        const auto now = std::ranges::find(seen.list, last.id, &Controller::id);
        const auto silent = std::ranges::find(seen.errors, last.tool, &Error::where);
        Errors errors = now == seen.list.end() ? Errors() : now->errors;
        if (errors.empty() && silent != seen.errors.end()) errors.push_back(*silent);
        if (errors.empty()) continue;
        if (now == seen.list.end()) {
            seen.list.push_back(last);
            seen.list.back().errors = std::move(errors);
        } else if (now->serial.empty() || now->serial == last.serial) {
            *now = last;
            now->errors = std::move(errors);
        }
    }
    return seen;
}

std::vector<ControllerTurn> turns(const Controllers& before, const Controllers& after) {
    return Comparison(before, after).run();
}

}  // namespace metalwright::raid
