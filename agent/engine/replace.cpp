// What is asked of one disk: its LED is lit; it is replaced, by a document of a source of its own,
// which wants nothing but that.

#include "agent/engine/engine.hpp"
#include "agent/engine/json.hpp"
#include "agent/spec/model.hpp"

namespace metalwright::engine {
namespace {

constexpr const char* raid_source = "raid";

std::string text_of(const Json& value, const char* key) {
    const auto it = value.find(key);
    return it != value.end() && it->is_string() ? it->get<std::string>() : std::string();
}

}  // namespace

std::expected<std::string, Errors> Engine::replace_disk(std::string_view request) {
    const Json asked = Json::parse(request, nullptr, false);
    if (!asked.is_object() || text_of(asked, "disk").empty())
        return std::unexpected(Errors{
            {Errc::invalid_spec, R"(expected {"disk": "<serial or WWN>", "with": "<the same>"})"}});
    Json one{{"disk", text_of(asked, "disk")}};
    if (asked.contains("with") && !asked["with"].is_null()) one["with"] = asked["with"];

    const std::lock_guard one_at_a_time(accept_mutex_);
    const auto instance = store_.instance();
    if (!instance) return std::unexpected(Errors{instance.error()});
    if (!*instance)
        return std::unexpected(
            Errors{{Errc::conflict,
                    "no instance is in force on this host, so metalwright keeps no arrays "
                    "for it: replace the disk with mdadm, or with its controller's tool"}});
    Json document{{"apiVersion", spec::api_version}};
    document["host"]["id"] = options_.host_id;
    document["instance"]["id"] = **instance;
    document["operation"]["replace"] = Json::array({one});
    const agent::Submission submission{raid_source, dump(document)};
    auto spec = read(submission);
    if (!spec) {
        Errors errors = spec.error();
        for (Error& error : errors)  // a pointer into our document says nothing to the caller
            if (error.where.starts_with("/operation/replace/0"))
                error.where.erase(0, std::string_view("/operation/replace/0").size());
        return std::unexpected(std::move(errors));
    }
    const auto accepted = take_in(submission, std::move(*spec));
    if (!accepted) return std::unexpected(accepted.error());
    Json answer{{"operation", accepted->operation},
                {"generation", accepted->generation},
                {"instance", accepted->instance},
                {"repeated", accepted->repeated},
                {"finished", accepted->finished}};
    return dump(answer);
}

std::expected<std::string, Errors> Engine::locate_disk(std::string_view request) {
    const Json asked = Json::parse(request, nullptr, false);
    const bool whole = asked.is_object() && !text_of(asked, "disk").empty() &&
                       (!asked.contains("on") || asked["on"].is_boolean());
    if (!whole)
        return std::unexpected(Errors{
            {Errc::invalid_spec, R"(expected {"disk": "<serial or WWN>", "on": true or false})"}});
    const std::string disk = text_of(asked, "disk");
    const bool on = !asked.contains("on") || asked["on"].get<bool>();
    const auto place = machine_.locate(disk, on);
    if (!place) return std::unexpected(Errors{place.error()});
    return dump({{"disk", disk}, {"on", on}, {"place", *place}});
}

}  // namespace metalwright::engine
