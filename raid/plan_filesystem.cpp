#include "raid/plan_filesystem.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "raid/identity.hpp"
#include "raid/mount_unit.hpp"
#include "raid/wishes.hpp"

namespace metalwright::raid {
namespace {

/// The file system to mount.
struct Content {
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

std::vector<std::string> types_on(const Ground& ground) {
    std::vector<std::string> types;
    for (const Signature& signature : ground.signatures) types.push_back(signature.type);
    return types;
}

std::string named(const Ground& ground) {
    return ground.noun + " '" + ground.name + '\'';
}

Step<Op> make(const Ground& ground, const WantedFilesystem& filesystem,
              std::vector<std::string> overwrites) {
    const std::string label = label_of(ground.name, filesystem);
    std::string why = "make " + filesystem.type + " '" + label + "' on '" + ground.name + '\'';
    if (!overwrites.empty())
        why +=
            ", over " + tell(overwrites) + " that the re-created " + ground.noun + " brought back";
    return {"filesystem/" + ground.name, std::move(why),
            MakeFilesystem{.name = ground.name,
                           .array_uuid = ground.md_uuid,
                           .controller = ground.controller,
                           .type = filesystem.type,
                           .label = label,
                           .uuid = filesystem.uuid,
                           .overwrites = std::move(overwrites)},
            true};
}

/// It runs: what is on it, and what to do about that.
std::optional<Content> on_ground(const Ground& ground, const WantedFilesystem& filesystem,
                                 Plan<Op>& plan) {
    const std::string item = "filesystem/" + ground.name;
    const auto settle = [&](ItemResult result) { plan.settled.push_back(std::move(result)); };

    if (!ground.probe_error.empty()) {
        settle(failed(item, Errc::io,
                      "what is on " + named(ground) + " cannot be read: " + ground.probe_error,
                      ground.path));
        return std::nullopt;
    }
    const auto alone = ground.signatures.size() == 1 ? &ground.signatures.front() : nullptr;
    if (alone != nullptr && alone->type == filesystem.type &&
        same_uuid(alone->uuid, filesystem.uuid)) {
        settle(unchanged(item));
        return Content{alone->uuid, true};
    }
    const bool may_write = ground.standing == Standing::running && ground.ours &&
                           ground.memory == Memory::begun && ground.mounts.empty() && !ground.held;
    if (may_write) {
        plan.steps.push_back(make(ground, filesystem, types_on(ground)));
        return Content{filesystem.uuid, false};
    }
    const bool half_made = ground.ours && ground.memory == Memory::begun;
    if (alone != nullptr && alone->type == filesystem.type && !alone->uuid.empty() && !half_made) {
        settle(unchanged(item, "another " + filesystem.type +
                                   " than the one metalwright would make; it is left alone"));
        return Content{alone->uuid, true};
    }
    if (ground.standing == Standing::damaged) {
        settle(waits(item, ground.item));
    } else if (!ground.signatures.empty()) {
        settle(failed(item, Errc::conflict,
                      named(ground) + " holds " + tell(types_on(ground)) +
                          (ground.mounts.empty() ? "" : ", mounted at " + tell(ground.mounts)) +
                          ", the order says " + filesystem.type +
                          "; it is left alone: wipe it by hand or change the order",
                      ground.path));
    } else if (ground.ours && ground.memory == Memory::complete) {
        settle(failed(item, Errc::refused,
                      filesystem.uuid.empty()
                          ? named(ground) +
                                " was finished without a file system; data that no signature "
                                "tells of may be on it: make the file system by hand"
                          : "the file system once existed and is absent now: it will not be made "
                            "anew",
                      ground.path));
    } else {
        settle(failed(item, Errc::refused,
                      named(ground) +
                          " was not made by metalwright and holds no file system; data that no "
                          "signature tells of may be on it: make the file system by hand",
                      ground.path));
    }
    return std::nullopt;
}

std::optional<Content> plan_content(const Ground& ground, const WantedFilesystem& filesystem,
                                    Plan<Op>& plan) {
    if (ground.standing == Standing::unusable) {
        plan.settled.push_back(waits("filesystem/" + ground.name, ground.item));
        return std::nullopt;
    }
    if (!ground.path.empty()) return on_ground(ground, filesystem, plan);
    // An array that once was complete is assembled as it is, whatever file system it holds.
    if (ground.memory == Memory::complete) {
        plan.settled.push_back(waits("filesystem/" + ground.name, ground.item));
        return Content{filesystem.uuid, false};
    }
    plan.steps.push_back(make(ground, filesystem, {}));
    return Content{filesystem.uuid, false};
}

void plan_mount(const Ground& ground, const WantedFilesystem& filesystem, const Observed& observed,
                const std::optional<Content>& there, Plan<Op>& plan) {
    const std::string& at = filesystem.mount_point;
    const std::string item = "mount/" + ground.name;
    const std::string unit = mount_unit_name(at);
    const auto settle = [&](ItemResult result) { plan.settled.push_back(std::move(result)); };

    if (!there) return settle(waits(item, "filesystem/" + ground.name));
    const bool mounted = std::ranges::find(ground.mounts, at) != ground.mounts.end();
    if (!mounted && std::ranges::find(observed.active_mounts, at) != observed.active_mounts.end())
        return settle(failed(item, Errc::conflict,
                             "something else is mounted at " + at + ": unmount it first", at));
    const auto text = observed.mount_unit_texts.find(unit);
    const bool written = text != observed.mount_unit_texts.end();
    if (written && !is_our_unit(text->second))
        return settle(failed(item, Errc::conflict,
                             "there is a unit " + unit + " that metalwright did not write",
                             "/etc/systemd/system/" + unit));

    const std::string content = mount_unit_text(ground.name, at, filesystem.type, there->uuid);
    const bool same = written && text->second == content;
    const bool enabled =
        std::ranges::find(observed.mount_units, unit) != observed.mount_units.end();
    if (same && enabled && mounted) return settle(unchanged(item));
    // A mount by hand on a damaged array works as well as ours, and a damaged array gets no news.
    if (ground.standing == Standing::damaged && !mounted) return settle(waits(item, ground.item));
    if (!same) plan.steps.push_back({item, "write " + unit, WriteMountUnit{unit, content}});
    plan.steps.push_back({item, "mount '" + ground.name + "' at " + at,
                          StartMount{unit, at, ground.name, there->uuid}});
}

}  // namespace

void plan_filesystem(const Ground& ground, const WantedFilesystem& wanted, const Observed& observed,
                     bool mount_shared, Plan<Op>& plan) {
    const std::optional<Content> there = plan_content(ground, wanted, plan);
    if (wanted.mount_point.empty()) return;
    if (mount_shared)
        plan.settled.push_back(failed("mount/" + ground.name, Errc::invalid_spec,
                                      "another file system is wanted at " + wanted.mount_point,
                                      wanted.mount_point));
    else
        plan_mount(ground, wanted, observed, there, plan);
}

std::optional<RemoveMount> our_mount(const std::string& filesystem_uuid, const Observed& observed) {
    if (filesystem_uuid.empty()) return std::nullopt;
    for (const auto& [unit, text] : observed.mount_unit_texts) {
        if (!is_our_unit(text)) continue;
        if (text.find("/by-uuid/" + filesystem_uuid + '\n') == std::string::npos) continue;
        constexpr std::string_view key = "\nWhere=";
        const std::size_t at = text.find(key);
        if (at == std::string::npos) continue;
        const std::size_t from = at + key.size();
        return RemoveMount{unit, text.substr(from, text.find('\n', from) - from)};
    }
    return std::nullopt;
}

}  // namespace metalwright::raid
