#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "agent/desk/link_status.hpp"
#include "agent/engine/room_run.hpp"
#include "agent/store/store.hpp"
#include "netcfg/model.hpp"
#include "raid/controller.hpp"
#include "raid/model.hpp"

namespace metalwright::engine {

// The shapes that leave the agent, in one place: schema/report.schema.json describes them.
// Keys come out in the order they are put in.
using Json = nlohmann::ordered_json;

Json to_json(const Error& error);
Json to_json(const store::Lock& lock);  ///< {"reason","since"}
Json to_json(const ItemResult& item);   ///< {"item","outcome","error","tookMs","note"?}
Json to_json(const PlannedItem& item);
Json to_json(const std::vector<ItemResult>& items);
Json to_json(const Errors& errors);
/// Of a status: [{"name","uuid","level","health","degraded","sync":{...}|null,"note"}].
Json arrays_json(const std::vector<raid::Array>& arrays);
/// Of a status: [{"id","model","health","flags","note","volumes":[{"name","level","state","note"}],
/// "drives":[{"selector","serial","state"}]}], of the drives those that are not in order.
Json controllers_json(const raid::Controllers& controllers);
/// Of a status: {"name","lastContact","documents","reports","refused":[...],"generation",
/// "certificate":{"serial","until","revoked"}|null,"renewal"}; "documents", "reports" and "renewal"
/// are null or the error that keeps them.
Json to_json(const agent::LinkStatus& link);
/// {"state","exitCode"} of a run of user data; state "none" when there is none.
Json script_json(const std::optional<store::ScriptRun>& run);
/// One operation without its items.
Json to_json(const store::Operation& operation);

/// One stored event as the flat events that people follow: an intent or outcome of a batch is one
/// line a step.
void append_events(Json& list, const store::Event& event);

/// Never throws on text that is not UTF-8 (a tool's last words may be anything).
std::string dump(const Json& json);

}  // namespace metalwright::engine
