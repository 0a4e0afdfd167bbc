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
/// POST /v1/plan; `file` is what the document is called in "metalwright apply FILE"; "-" and "" are
/// not named.
std::string plan_view(const Json& plan, const std::string& file, const Look& look);
/// A hold, {"network":time|null,"storage":time|null}: "network until 2026-11-26 14:00:00 UTC";
/// empty when there is none.
std::string hold_in_words(const Json& hold);
/// POST /v1/hold: until when, and what is frozen; `ended`: it was to end the hold of `scope`.
std::string hold_view(const Json& answer, const std::string& scope, bool ended);
/// GET /v1/addresses.
std::string addresses_view(const Json& addresses, const Look& look);
/// POST /v1/addresses: what is added, removed, and was there; with the hint how to watch it.
std::string address_change_view(const Json& answer, bool with_hint);
/// POST /v1/addresses, a dry run: the items that are not unchanged; `command` does it.
std::string address_plan_view(const Json& plan, const std::string& command, const Look& look);
/// One event of GET /v1/events as a line: time, what, item; without its line feed.
std::string host_event_line(const Json& event, const Look& look);
/// GET /v1/inventory: disks, arrays, controllers where there are any, NICs.
std::string inventory_view(const Json& inventory, const Look& look);
/// The same without NICs.
std::string raid_view(const Json& inventory, const Look& look);
/// Its controllers with their drives and volumes, and what could not be read; empty when there is
/// none of it.
std::string controllers_view(const Json& inventory, const Look& look);

/// What became of user data, {"state","exitCode","signal"}: "exited with 0", "killed by signal 9",
/// "pending"; empty when the instance has none.
Cell user_data_in_words(const Json& user_data);

/// Items of a plan or report with this outcome.
std::size_t count_outcome(const Json& holder, const char* outcome);

}  // namespace metalwright::agent::cli
