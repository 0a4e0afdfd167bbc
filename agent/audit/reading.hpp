#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace metalwright::agent::audit {

/// The newest lines, at most `limit`, oldest first, each a JSON object as it was written; those
/// that are none are left to check(). `since`: none that is older, in the form of `at` or a
/// beginning of it; empty: all. Errors: refused (root alone may read), io. No file: no lines.
Result<std::vector<std::string>> newest(const std::filesystem::path& directory, std::size_t limit,
                                        const std::string& since);

/// The first line that does not fit.
struct Misfit {
    std::string file;
    std::int64_t line = 0;  ///< from 1; 0: the file as a whole
    std::string what;       ///< in words

    bool operator==(const Misfit&) const = default;
};

struct Checked {
    std::int64_t lines = 0;  ///< that fit
    std::int64_t from = 0;   ///< the number of the first
    std::int64_t to = 0;     ///< and of the last
    std::string chain{};     ///< of the last; kept elsewhere, it shows a chain that was made anew
    std::int64_t missing = 0;
    std::int64_t left_out = 0;
    std::int64_t torn = 0;  ///< lines that were cut off in the middle, as the next ones say
    std::optional<Misfit> misfit{};
};

/// Goes along the chain, over both files. Errors: as newest().
Result<Checked> check(const std::filesystem::path& directory);

/// {"lines":[{...}]}
std::string newest_json(const std::vector<std::string>& lines);
/// {"whole":bool,"lines","from","to","chain","missing","leftOut","torn","misfit":{"file","line",
/// "what"}|null}
std::string check_json(const Checked& checked);

}  // namespace metalwright::agent::audit
