#include "raid/storcli/apply.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include "core/fail_point.hpp"
#include "raid/storcli/answer.hpp"
#include "raid/storcli/ask.hpp"
#include "raid/storcli/choose.hpp"
#include "raid/storcli/differ.hpp"
#include "raid/storcli/grammar.hpp"

namespace metalwright::raid::storcli {
namespace {

class Applier {
 public:
    Applier(const Controllers& planned, sys::Exec& exec, VirtualDrive* seen)
        : planned_(planned), exec_(exec), seen_(seen) {}

    Result<void> operator()(const CreateVolume& op);
    Result<void> operator()(const SetCache& op);
    Result<void> operator()(const AddSpares& op);
    Result<void> operator()(const SetBootDrive& op);
    Result<void> operator()(const StartInit& op);
    Result<void> operator()(const AwaitInit& op);
    Result<void> operator()(const DeleteVolume& op);
    Result<void> operator()(const TakeOffline& op);
    Result<void> operator()(const GiveDrive& op);
    Result<void> operator()(const LocateDrive& op);
    Result<void> operator()(const AddGlobalSpares& op);
    Result<void> operator()(const RemoveSpares& op);

 private:
    Result<Controller> look(const std::string& id);
    Result<void> run(const Controller& controller, Words words);
    /// The controller, and its volume of this name.
    Result<std::pair<Controller, VirtualDrive>> volume(const std::string& id,
                                                       const std::string& name);
    static Result<Drive> drive_now(const Seat& seat, const Controller& controller);
    static Result<void> still_free(const std::vector<Seat>& drives, const Controller& controller);

    const Controllers& planned_;
    sys::Exec& exec_;
    VirtualDrive* seen_;
};

Result<Controller> Applier::look(const std::string& id) {
    const auto known = std::ranges::find(planned_.list, id, &Controller::id);
    if (known == planned_.list.end())
        return fail(Errc::not_found, "there is no controller " + id, id);
    const std::vector<std::string> tools{known->tool};
    Controllers now = observe_controllers(exec_, tools);
    // What was not read is not known to be absent.
    if (!now.errors.empty()) return std::unexpected(now.errors.front());
    const auto there = std::ranges::find(now.list, id, &Controller::id);
    if (there == now.list.end()) return fail(Errc::not_found, "controller " + id + " has gone", id);
    if (!there->errors.empty()) return std::unexpected(there->errors.front());
    if (there->serial != known->serial)
        return fail(
            Errc::refused,
            id + " is another controller than planned: " + there->serial + ", not " + known->serial,
            id);
    return std::move(*there);
}

Result<void> Applier::run(const Controller& controller, Words words) {
    // A command that takes longer (a delete that flushes a large cache) is still under way.
    constexpr std::chrono::seconds patience{120};
    words.emplace_back("J");
    words.emplace_back("nolog");
    std::string line;
    for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
    const sys::Command command{
        .program = controller.tool, .args = std::move(words), .timeout = patience};
    const Result<sys::Output> output = exec_.run(command);
    if (!output) return std::unexpected(output.error());
    const Result<Answer> answer = read_answer(output->out);
    if (!answer)
        return fail(Errc::command_failed, line + ": " + answer.error().message, controller.id);
    for (const Part& part : answer->parts)
        if (!part.success)
            return fail(Errc::command_failed, line + ": " + part.complaint(), controller.id,
                        part.code());
    return {};
}

Result<std::pair<Controller, VirtualDrive>> Applier::volume(const std::string& id,
                                                            const std::string& name) {
    Result<Controller> controller = look(id);
    if (!controller) return std::unexpected(controller.error());
    const auto there = std::ranges::find(controller->volumes, name, &VirtualDrive::name);
    if (there == controller->volumes.end())
        return fail(Errc::not_found, "volume '" + name + "' is not there: see volume/" + name, id);
    VirtualDrive found = *there;
    return std::pair{std::move(*controller), std::move(found)};
}

/// The drive that an operation names, where it names it.
Result<Drive> Applier::drive_now(const Seat& seat, const Controller& controller) {
    const auto there = std::ranges::find(controller.drives, seat.selector, &Drive::selector);
    if (there == controller.drives.end() || there->serial != seat.serial)
        return fail(Errc::refused, "drive " + seat.serial + " is no longer at " + seat.selector,
                    seat.serial);
    return *there;
}

Result<void> Applier::still_free(const std::vector<Seat>& drives, const Controller& controller) {
    for (const Seat& seat : drives) {
        const Result<Drive> there = drive_now(seat, controller);
        if (!there) return std::unexpected(there.error());
        if (const std::string why = obstacle(*there, controller); !why.empty())
            return fail(Errc::refused, "it is no longer as it was planned: " + why, seat.serial);
    }
    return {};
}

Result<void> Applier::operator()(const CreateVolume& op) {
    Result<Controller> before = look(op.controller);
    if (!before) return std::unexpected(before.error());
    if (Result<void> free = still_free(op.drives, *before); !free) return free;
    Result<Words> words = create_words(op, *before);
    if (!words) return std::unexpected(words.error());
    const Result<void> told = run(*before, *words);
    fail_point("raid.after-create");
    const Result<Controller> after = look(op.controller);
    if (!after) return std::unexpected(after.error());
    std::set<std::string> wanted;
    for (const Seat& seat : op.drives) wanted.insert(seat.selector);
    const auto made = std::ranges::find_if(after->volumes, [&](const VirtualDrive& v) {
        return std::set<std::string>(v.drives.begin(), v.drives.end()) == wanted;
    });
    if (made != after->volumes.end()) {
        if (seen_ != nullptr) *seen_ = *made;
        return {};
    }
    if (!told) return told;
    return fail(Errc::command_failed,
                "the tool says that volume '" + op.name + "' was made, but it is not there",
                op.controller);
}

Result<void> Applier::operator()(const SetCache& op) {
    const auto there = volume(op.controller, op.name);
    if (!there) return std::unexpected(there.error());
    Result<std::vector<Words>> commands = cache_words(op.cache, there->second.id, there->first);
    if (!commands) return std::unexpected(commands.error());
    for (const Words& words : *commands)
        if (Result<void> done = run(there->first, words); !done) return done;
    return {};
}

Result<void> Applier::operator()(const AddSpares& op) {
    const auto there = volume(op.controller, op.name);
    if (!there) return std::unexpected(there.error());
    const auto& [controller, volume] = *there;
    if (!volume.group)
        return fail(Errc::not_found, "the drive group of '" + op.name + "' is not told",
                    op.controller);
    if (Result<void> free = still_free(op.drives, controller); !free) return free;
    for (const Seat& seat : op.drives)
        if (Result<void> done = run(controller, spare_words(seat, *volume.group)); !done)
            return done;
    return {};
}

Result<void> Applier::operator()(const TakeOffline& op) {
    const auto there = volume(op.controller, op.name);
    if (!there) return std::unexpected(there.error());
    const auto& [controller, volume] = *there;
    const Result<Drive> drive = drive_now(op.drive, controller);
    if (!drive) return std::unexpected(drive.error());
    // Without redundancy left it would be the end of the volume.
    if (volume.state != VolumeState::optimal || drive->state != DriveState::member)
        return fail(Errc::refused,
                    "it is no longer as it was planned: " + storcli::tell(*drive) + " is " +
                        std::string(to_string(drive->state)) + ", '" + op.name + "' is " +
                        std::string(to_string(volume.state)),
                    op.drive.serial);
    return run(controller, offline_words(op.drive));
}

/// A dedicated spare of a volume that lacks a drive.
Result<void> Applier::operator()(const GiveDrive& op) {
    return (*this)(AddSpares{op.controller, op.name, {op.drive}});
}

/// It shines, or it does not: nothing depends on it.
Result<void> Applier::operator()(const LocateDrive& op) {
    const Result<Controller> controller = look(op.controller);
    if (!controller) return std::unexpected(controller.error());
    return run(*controller, locate_words(op.drive, op.on));
}

Result<void> Applier::operator()(const AddGlobalSpares& op) {
    const Result<Controller> controller = look(op.controller);
    if (!controller) return std::unexpected(controller.error());
    if (Result<void> free = still_free(op.drives, *controller); !free) return free;
    for (const Seat& seat : op.drives)
        if (Result<void> done = run(*controller, global_spare_words(seat)); !done) return done;
    return {};
}

Result<void> Applier::operator()(const RemoveSpares& op) {
    const Result<Controller> controller = look(op.controller);
    if (!controller) return std::unexpected(controller.error());
    for (const Seat& seat : op.drives) {
        const Result<Drive> drive = drive_now(seat, *controller);
        if (!drive) return std::unexpected(drive.error());
        if (drive->state != DriveState::hot_spare) continue;
        if (Result<void> done = run(*controller, no_spare_words(seat)); !done) return done;
    }
    return {};
}

Result<void> Applier::operator()(const SetBootDrive& op) {
    const auto there = volume(op.controller, op.name);
    if (!there) return std::unexpected(there.error());
    if (seen_ != nullptr) *seen_ = there->second;
    Result<Words> words = boot_words(there->second.id, there->first);
    if (!words) return std::unexpected(words.error());
    return run(there->first, *words);
}

Result<void> Applier::operator()(const StartInit& op) {
    const auto there = volume(op.controller, op.name);
    if (!there) return std::unexpected(there.error());
    if (seen_ != nullptr) *seen_ = there->second;
    return run(there->first, init_words(there->second.id, op.full, there->first));
}

/// One look; whoever waits looks again.
Result<void> Applier::operator()(const AwaitInit& op) {
    const auto there = volume(op.controller, op.name);
    if (!there) return std::unexpected(there.error());
    const auto& [controller, volume] = *there;
    if (seen_ != nullptr) *seen_ = volume;
    if (!volume.task || volume.task->kind != TaskKind::initialization) return {};
    return fail(Errc::busy, progress_note(controller, volume), op.name);
}

Result<void> Applier::operator()(const DeleteVolume& op) {
    const auto find = [&](const Controller& controller) {
        return std::ranges::find(controller.volumes, op.wwn, &VirtualDrive::wwn);
    };
    const Result<Controller> before = look(op.controller);
    if (!before) return std::unexpected(before.error());
    const auto there = find(*before);
    if (op.wwn.empty() || there == before->volumes.end()) return {};
    const Result<void> told = run(*before, delete_words(there->id, *before));
    const Result<Controller> after = look(op.controller);
    if (!after) return std::unexpected(after.error());
    if (find(*after) == after->volumes.end()) return {};
    if (!told) return told;
    return fail(Errc::command_failed,
                "the tool says that volume '" + op.name + "' was deleted, but it is there",
                op.controller);
}

}  // namespace

Result<void> apply(const VolumeOp& op, const Controllers& planned, sys::Exec& exec,
                   VirtualDrive* seen) {
    return std::visit(Applier(planned, exec, seen), op);
}

std::vector<Result<void>> apply(std::span<const Step<VolumeOp>> steps, const Controllers& planned,
                                sys::Exec& exec, Journal& journal) {
    std::vector<Result<void>> results;
    for (const Step<VolumeOp>& step : steps) {
        journal.progress(step.item, step.why, -1);
        results.push_back(apply(step.op, planned, exec));
    }
    return results;
}

}  // namespace metalwright::raid::storcli
