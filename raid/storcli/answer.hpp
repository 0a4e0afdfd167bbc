#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "raid/storcli/value.hpp"

namespace metalwright::raid::storcli {

/// One row of "Detailed Status" that is no success.
struct Problem {
    std::string target;  ///< "/c0/e8/s14", "VD 999", "252:3"; may be empty
    int code = 0;        ///< ErrCd; 0 where the tool gives none
    std::string text{};  ///< ErrMsg, or what the tool calls it

    bool operator==(const Problem&) const = default;
};

/// What was answered for one controller, or for the host where `controller` is absent. `data` is
/// worth reading whatever the status: of sixteen drives one may have failed.
struct Part {
    std::optional<unsigned> controller{};
    bool success = false;       ///< "Command Status" and every row of its "Detailed Status" say so
    std::string description{};  ///< "Description", empty for "None"
    std::vector<Problem> problems{};
    Value data{};       ///< "Response Data"; nothing in a text answer
    bool text = false;  ///< it came as text although JSON was asked for

    /// There is nothing of the kind that was asked for: no controller, no volume, no drive, or a
    /// command that an HBA does not have. An empty list, whatever the status says.
    bool none() const;
    /// The firmware holds a foreign configuration of which drives are missing: the status is a
    /// failure, the data are whole.
    bool foreign_incomplete() const;
    /// "Show Drive Information Failed.: /c0/e8/s14 (code 46)"; empty for a success.
    std::string complaint() const;
    /// The code of the first problem that has one; else 0.
    int code() const;
};

struct Answer {
    std::string version{};  ///< "007.1616.0000.0000 Dec 24, 2020"; absent in old tools
    std::vector<Part> parts{};
};

/// Reads whatever a tool of the family wrote to stdout. The exit status plays no part: storcli2
/// exits 0 for an absent controller and 6 for a success.
/// Errors: io when it holds neither JSON nor text with a status.
Result<Answer> read_answer(std::string_view out);

}  // namespace metalwright::raid::storcli
