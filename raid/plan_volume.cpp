#include "raid/plan_volume.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "raid/identity.hpp"
#include "raid/mount_unit.hpp"
#include "raid/wishes.hpp"

namespace metalwright::raid {
namespace {

/// The file system to mount; empty when it cannot be had.
struct Volume {
    std::string uuid;
    bool there = false;  ///< now, not only after the steps
};

ItemResult waits(std::string item, const std::string& for_item) {
    return {.item = std::move(item),
            .outcome = Outcome::skipped,
            .error = Error{Errc::refused, "it waits for " + for_item, for_item}};
}

ItemResult failed(std::string item, Errc code, std::string message, std::string where) {
    return {.item = std::move(item),
            .outcome = Outcome::failed,
            .error = Error{code, std::move(message), std::move(where)}};
}

ItemResult unchanged(std::string item, std::string note = {}) {
    return {.item = std::move(item), .outcome = Outcome::unchanged, .note = std::move(note)};
}

std::vector<std::string> types_on(const Array& array) {
    std::vector<std::string> types;
    for (const Signature& signature : array.signatures) types.push_back(signature.type);
    return types;
}

Step<Op> make(const WantedArray& wanted, std::vector<std::string> overwrites) {
    const WantedFilesystem& filesystem = *wanted.filesystem;
    std::string why =
        "make " + filesystem.type + " '" + label_of(wanted) + "' on '" + wanted.name + '\'';
    if (!overwrites.empty())
        why += ", over " + tell(overwrites) + " that the re-created array brought back";
    return {"filesystem/" + wanted.name, std::move(why),
            MakeFilesystem{.array_name = wanted.name,
                           .array_uuid = wanted.uuid,
                           .type = filesystem.type,
                           .label = label_of(wanted),
                           .uuid = filesystem.uuid,
                           .overwrites = std::move(overwrites)},
            true};
}

/// The array runs: what is on it, and what to do about that.
std::optional<Volume> on_array(const WantedArray& wanted, const Standing& standing,
                               Plan<Op>& plan) {
    const Array& array = *standing.array;
    const WantedFilesystem& filesystem = *wanted.filesystem;
    const std::string item = "filesystem/" + wanted.name;
    const auto settle = [&](ItemResult result) { plan.settled.push_back(std::move(result)); };

    if (!array.probe_error.empty()) {
        settle(failed(item, Errc::io,
                      "what is on array '" + wanted.name + "' cannot be read: " + array.probe_error,
                      array.path));
        return std::nullopt;
    }
    const auto alone = array.signatures.size() == 1 ? &array.signatures.front() : nullptr;
    if (alone != nullptr && alone->type == filesystem.type &&
        same_uuid(alone->uuid, filesystem.uuid)) {
        settle(unchanged(item));
        return Volume{alone->uuid, true};
    }
    const bool may_write = standing.state == Standing::State::running && standing.ours &&
                           wanted.memory == Memory::begun && array.mounts.empty();
    if (may_write) {
        plan.steps.push_back(make(wanted, types_on(array)));
        return Volume{filesystem.uuid, false};
    }
    const bool half_made = standing.ours && wanted.memory == Memory::begun;
    if (alone != nullptr && alone->type == filesystem.type && !alone->uuid.empty() && !half_made) {
        settle(unchanged(item, "another " + filesystem.type +
                                   " than the one metalwright would make; it is left alone"));
        return Volume{alone->uuid, true};
    }
    if (standing.state == Standing::State::damaged) {
        settle(waits(item, "raid/" + wanted.name));
    } else if (!array.signatures.empty()) {
        settle(failed(item, Errc::conflict,
                      "array '" + wanted.name + "' holds " + tell(types_on(array)) +
                          (array.mounts.empty() ? "" : ", mounted at " + tell(array.mounts)) +
                          ", the order says " + filesystem.type +
                          "; it is left alone: wipe it by hand or change the order",
                      array.path));
    } else if (standing.ours && wanted.memory == Memory::complete) {
        settle(failed(item, Errc::refused,
                      filesystem.uuid.empty()
                          ? "array '" + wanted.name +
                                "' was finished without a file system; data that no signature "
                                "tells of may be on it: make the file system by hand"
                          : "the file system once existed and is absent now: it will not be made "
                            "anew",
                      array.path));
    } else {
        settle(failed(item, Errc::refused,
                      "array '" + wanted.name +
                          "' was not made by metalwright and holds no file system; data that no "
                          "signature tells of may be on it: make the file system by hand",
                      array.path));
    }
    return std::nullopt;
}

std::optional<Volume> plan_filesystem(const WantedArray& wanted, const Standing& standing,
                                      Plan<Op>& plan) {
    if (standing.state == Standing::State::unusable) {
        plan.settled.push_back(waits("filesystem/" + wanted.name, "raid/" + wanted.name));
        return std::nullopt;
    }
    if (standing.array != nullptr) return on_array(wanted, standing, plan);
    // An array that once was complete is assembled as it is, whatever file system it holds.
    if (wanted.memory == Memory::complete) {
        plan.settled.push_back(waits("filesystem/" + wanted.name, "raid/" + wanted.name));
        return Volume{wanted.filesystem->uuid, false};
    }
    plan.steps.push_back(make(wanted, {}));
    return Volume{wanted.filesystem->uuid, false};
}

void plan_mount(const WantedArray& wanted, const Observed& observed, const Standing& standing,
                const std::optional<Volume>& volume, Plan<Op>& plan) {
    const std::string& at = wanted.filesystem->mount_point;
    const std::string item = "mount/" + wanted.name;
    const std::string unit = mount_unit_name(at);
    const auto settle = [&](ItemResult result) { plan.settled.push_back(std::move(result)); };

    if (!volume) return settle(waits(item, "filesystem/" + wanted.name));
    const bool mounted =
        standing.array != nullptr &&
        std::ranges::find(standing.array->mounts, at) != standing.array->mounts.end();
    if (!mounted && std::ranges::find(observed.active_mounts, at) != observed.active_mounts.end())
        return settle(failed(item, Errc::conflict,
                             "something else is mounted at " + at + ": unmount it first", at));
    const auto text = observed.mount_unit_texts.find(unit);
    const bool written = text != observed.mount_unit_texts.end();
    if (written && !is_our_unit(text->second))
        return settle(failed(item, Errc::conflict,
                             "there is a unit " + unit + " that metalwright did not write",
                             "/etc/systemd/system/" + unit));

    const std::string content =
        mount_unit_text(wanted.name, at, wanted.filesystem->type, volume->uuid);
    const bool same = written && text->second == content;
    const bool enabled =
        std::ranges::find(observed.mount_units, unit) != observed.mount_units.end();
    if (same && enabled && mounted) return settle(unchanged(item));
    // A mount by hand on a damaged array works as well as ours, and a damaged array gets no news.
    if (standing.state == Standing::State::damaged && !mounted)
        return settle(waits(item, "raid/" + wanted.name));
    if (!same) plan.steps.push_back({item, "write " + unit, WriteMountUnit{unit, content}});
    plan.steps.push_back({item, "mount '" + wanted.name + "' at " + at,
                          StartMount{unit, at, wanted.name, volume->uuid}});
}

}  // namespace

void plan_volume(const WantedArray& wanted, const Observed& observed, const Standing& standing,
                 bool mount_shared, Plan<Op>& plan) {
    const std::optional<Volume> volume = plan_filesystem(wanted, standing, plan);
    if (wanted.filesystem->mount_point.empty()) return;
    if (mount_shared)
        plan.settled.push_back(
            failed("mount/" + wanted.name, Errc::invalid_spec,
                   "another array is wanted at " + wanted.filesystem->mount_point,
                   wanted.filesystem->mount_point));
    else
        plan_mount(wanted, observed, standing, volume, plan);
}

}  // namespace metalwright::raid
