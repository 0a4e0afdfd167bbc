#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "agent/engine/engine.hpp"

namespace metalwright::engine {

/// One operation while it is performed.
struct Engine::Work {
    store::Operation operation;
    spec::HostSpec spec;
    std::optional<store::Lock> lock{};  ///< as it was when the operation was begun
    std::vector<ItemResult> items{};    ///< in the order in which they are reported

    void add(std::vector<ItemResult> more) {
        items.insert(items.end(), std::make_move_iterator(more.begin()),
                     std::make_move_iterator(more.end()));
    }
    bool any_failed() const;
};

/// The only result of a room that could not be looked at.
std::vector<ItemResult> failed_room(std::string item, const Error& error);

/// "volume/<name>", which is also what the store knows a volume by.
inline std::string volume_item(const std::string& name) {
    return "volume/" + name;
}

/// What the store knows the global spares of a controller by; with a slash, as no array's name has.
inline std::string spares_key(const std::string& controller) {
    return "spares/" + controller;
}

/// The disks or drives that an array or a volume was planned over, or stand in it since.
std::vector<std::string> members_of(const store::Identity& identity);

/// Lines of text that the store keeps of a list.
std::vector<std::string> lines_of(const std::string& text);

/// The operation's final state: `failed` when nothing of it came true, or the ground it stands on
/// did not (arrays, file systems, mounts, the primary address), or user data did not exit 0;
/// `degraded` when some other item failed, or anything did on a host that has been running;
/// else `done`.
std::string final_state(const std::vector<ItemResult>& items,
                        const std::optional<store::ScriptRun>& script, bool has_run);

}  // namespace metalwright::engine
