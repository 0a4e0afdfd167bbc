#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "raid/controller.hpp"
#include "raid/storcli/answer.hpp"

namespace metalwright::raid::storcli {

/// What one tool has told so far. Whichever command an answer is of, all that it holds of
/// controllers, drives and volumes is taken: the same row stands in several of them, and each adds
/// what the others leave out.
class Seen {
 public:
    /// `tool` is the program's absolute path.
    explicit Seen(std::string tool) : tool_(std::move(tool)) {}

    /// `asked` is the command, for the errors: "/call show all".
    void take(const Answer& answer, std::string_view asked);
    /// How far controllers are with what they do, and nothing else of it: neither complaints.
    void take_progress(const Answer& answer);
    /// The tool did not answer, or nothing that can be read.
    void fail(Error error, std::string_view asked);

    const std::vector<Controller>& controllers() const noexcept { return controllers_; }

    /// All of it: drives linked with volumes, in order.
    Controllers finish() &&;

 private:
    void take(const Part& part, std::string_view asked, const std::string& version);
    Controller& controller(unsigned number);

    std::string tool_;
    std::vector<Controller> controllers_{};
    Errors errors_{};
};

// Parts of the above, a file each.

/// Model, serial, firmware, mode, levels and flags out of `show`, `show all`, `show personality`.
void take_facts(const Value& data, Controller& into);
/// Every drive and volume anywhere in `data`.
void take_drives_and_volumes(const Value& data, Controller& into);
/// Which drives each volume is over, where no answer has said so: those of its drive group.
void link_drives_and_volumes(Controller& controller);

/// Adds it once.
void add_flag(Controller& controller, std::string_view flag);

}  // namespace metalwright::raid::storcli
