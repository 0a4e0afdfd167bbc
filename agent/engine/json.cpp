#include "agent/engine/json.hpp"

#include <array>
#include <ctime>

#include "core/utc.hpp"

namespace metalwright::engine {

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json to_json(const Error& error) {
    Json json{{"code", to_string(error.code)}, {"message", error.message}, {"where", error.where}};
    if (error.sys != 0)
        json[error.code == Errc::command_failed ? "exitStatus" : "errno"] = error.sys;
    return json;
}

Json to_json(const store::Lock& lock) {
    return {{"reason", lock.reason}, {"since", utc_with_ms(lock.since_ms)}};
}

Json to_json(const ItemResult& item) {
    Json json{{"item", item.item}, {"outcome", to_string(item.outcome)}};
    json["error"] = item.error ? to_json(*item.error) : Json();
    json["tookMs"] = item.took.count();
    if (!item.note.empty()) json["note"] = item.note;
    return json;
}

Json to_json(const std::vector<ItemResult>& items) {
    Json list = Json::array();
    for (const ItemResult& item : items) list.push_back(to_json(item));
    return list;
}

Json to_json(const Errors& errors) {
    Json list = Json::array();
    for (const Error& error : errors) list.push_back(to_json(error));
    return list;
}

Json to_json(const PlannedItem& item) {
    Json json{
        {"item", item.item},
        {"outcome", item.steps.empty() && item.outcome ? to_string(*item.outcome) : "planned"},
        {"error", item.error ? to_json(*item.error) : Json()}};
    if (!item.note.empty()) json["note"] = item.note;
    Json& steps = json["steps"] = Json::array();
    for (const StepNote& step : item.steps)
        steps.push_back({{"why", step.why}, {"destroysData", step.destroys_data}});
    return json;
}

Json to_json(const agent::LinkStatus& link) {
    const auto why = [](const std::optional<Error>& error) {
        return error ? to_json(*error) : Json();
    };
    Json json{{"name", link.name}, {"lastContact", nullptr}};
    if (link.last_contact)
        json["lastContact"] = utc_with_ms(link.last_contact->time_since_epoch().count());
    json["documents"] = why(link.document_error);
    json["reports"] = why(link.report_error);
    json["refused"] = to_json(link.refused);
    json["generation"] = link.generation ? Json(*link.generation) : Json();
    json["certificate"] = Json();
    if (const auto& shown = link.certificate)
        json["certificate"] = {
            {"serial", shown->serial},
            {"until", utc_seconds(shown->until.time_since_epoch().count() * 1000)},
            {"revoked", shown->revoked}};
    json["renewal"] = why(link.certificate_error);
    return json;
}

Json script_json(const std::optional<store::ScriptRun>& run) {
    Json json{{"state", run ? run->state : "none"}, {"exitCode", nullptr}};
    if (run && run->exit_code) json["exitCode"] = *run->exit_code;
    if (run && run->signal) json["signal"] = *run->signal;
    return json;
}

Json to_json(const store::Operation& operation) {
    Json json{{"id", operation.id},
              {"source", operation.source},
              {"kind", operation.kind},
              {"state", operation.state},
              {"generation", operation.generation},
              {"instance", operation.instance},
              {"acceptedAt", utc_with_ms(operation.accepted_ms)}};
    json["finishedAt"] = operation.finished_ms ? Json(utc_with_ms(*operation.finished_ms)) : Json();
    json["netlinkMutations"] = operation.mutations;
    return json;
}

void append_events(Json& list, const store::Event& event) {
    const Json body = Json::parse(event.body, nullptr, false);
    const Json base{{"seq", event.seq}, {"at", utc_with_ms(event.at_ms)}, {"kind", event.kind}};
    const auto with = [&](const Json& more) {
        Json flat = base;
        flat.update(more);
        list.push_back(std::move(flat));
    };
    const char* several = event.kind == "intent" ? "steps" : "items";
    if (body.is_object() && body.contains(several) && body[several].is_array())
        for (Json one : body[several]) {
            one.erase("undo");  // between the journal and us
            with(one);
        }
    else if (body.is_object())
        with(body);
}

}  // namespace metalwright::engine
