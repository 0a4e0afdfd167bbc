#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace metalwright {

/// What became of one item of the spec. `changed` is said only when a read-back shows it.
enum class Outcome { unchanged, changed, skipped, failed };

std::string_view to_string(Outcome outcome) noexcept;
/// The reverse of to_string(); failed for an unknown word.
Outcome outcome_from(std::string_view word) noexcept;

/// One line of the report: the item, what became of it, and why.
struct ItemResult {
    std::string item;  ///< "raid/data", "filesystem/data", "address/eth0/10.0.0.5/24", "password"
    Outcome outcome = Outcome::skipped;
    std::optional<Error> error{};  ///< set when failed, and when skipped for a reason worth telling
    std::chrono::milliseconds took{0};
    std::string note{};  ///< one sentence for people: "resync 12 %, usable meanwhile"; may be empty

    bool operator==(const ItemResult&) const = default;
};

/// One thing to do. `Op` is the room's own variant: plain data, comparable and printable, so a test
/// reads a plan without running it.
template <class Op>
struct Step {
    std::string item;  ///< the report line this step belongs to; several steps may share one
    std::string why;   ///< in words, with serials: "create RAID 10 'data' over DATA0, DATA1, ..."
    Op op;
    bool destroys_data = false;  ///< writes to a disk that may have held something: commits alone
    /// Steps of one group stand next to each other and come true together or not at all; empty: by
    /// itself. A check is a step too, the last one of its group.
    std::string group{};
    std::vector<Op> undo{};  ///< what takes this step of a group back, in this order
    std::string needs{};     ///< another item without which this step is skipped; may be empty

    bool operator==(const Step&) const = default;
};

/// Ordered work for one room. No steps means the machine already matches, or may not be touched.
template <class Op>
struct Plan {
    std::vector<Step<Op>> steps{};
    std::vector<ItemResult> settled{};  ///< items with nothing to do: unchanged, refused, reported

    bool empty() const noexcept { return steps.empty(); }
    bool operator==(const Plan&) const = default;
};

/// A step as the journal, `metalwright plan` and the log see it.
struct StepNote {
    std::string item;
    std::string why;
    bool destroys_data = false;
    std::string group{};
    /// The room's own text of each operation of Step::undo: what takes a group back after a crash.
    std::vector<std::string> undo{};

    bool operator==(const StepNote&) const = default;
};

}  // namespace metalwright
