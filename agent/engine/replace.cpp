// A disk is replaced: a document of its own source, which wants nothing but that.

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
        return std::unexpected(
            Errors{{Errc::invalid_spec,
                    "expected {\"disk\": \"<serial or WWN>\", \"with\": \"<the same>\"}"}});
    Json one{{"disk", text_of(asked, "disk")}};
    if (asked.contains("with") && !asked["with"].is_null()) one["with"] = asked["with"];

    const std::lock_guard one_at_a_time(accept_mutex_);
    const auto instance = store_.instance();
    if (!instance) return std::unexpected(Errors{instance.error()});
    if (!*instance)
        return std::unexpected(
            Errors{{Errc::conflict,
                    "no instance is in force on this host, so metalwright keeps no arrays "
                    "for it: replace the disk with mdadm"}});
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

}  // namespace metalwright::engine
