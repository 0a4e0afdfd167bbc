#pragma once

#include <cstddef>
#include <string>

#include "agent/cli/fields.hpp"
#include "agent/cli/style.hpp"
#include "agent/cli/table.hpp"

namespace metalwright::agent::cli {

/// How a view is drawn.
struct Look {
    Style style{};
    std::size_t width = 0;  ///< columns to wrap tables to; 0 where a row is a line
};

/// GET /v1/status.
std::string status_view(const Json& status, const Look& look);
/// GET /v1/operations.
std::string operations_view(const Json& operations, const Look& look);
/// GET /v1/operations/{id}: its facts, then report_view().
std::string operation_view(const Json& operation, const Look& look);
/// POST /v1/arm: what it was locked for, what is unlocked, and what to do next.
std::string arm_view(const Json& armed);
/// The items of an operation or of the status as a table, user data as its last row; empty when
/// there are none.
std::string report_view(const Json& operation, const Look& look);
/// "operation 7 degraded: 2 of 14 items failed, after 3.1 s".
std::string verdict(const Json& operation, const Look& look);
/// POST /v1/plan; `file` is what the document is called in "metalwright apply FILE".
std::string plan_view(const Json& plan, const std::string& file, const Look& look);
/// GET /v1/inventory: disks, arrays, NICs.
std::string inventory_view(const Json& inventory, const Look& look);

/// What became of user data, {"state","exitCode","signal"}: "exited with 0", "killed by signal 9",
/// "pending"; empty when the instance has none.
Cell user_data_in_words(const Json& user_data);

/// Items of a plan or report with this outcome.
std::size_t count_outcome(const Json& holder, const char* outcome);

}  // namespace metalwright::agent::cli
