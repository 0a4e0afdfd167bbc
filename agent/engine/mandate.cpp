#include "agent/engine/mandate.hpp"

#include "agent/engine/json.hpp"

namespace metalwright::engine {

Mandate mandate_of(const spec::HostSpec& document) {
    return {.wipe = document.wipe_consent,
            .replace = document.replace,
            .remove_arrays = document.release && document.release->remove_arrays,
            .password_hash =
                document.reset ? document.reset->password.hash.value_or("") : std::string()};
}

std::string to_store(const Mandate& mandate) {
    if (mandate == Mandate()) return {};
    Json json{{"removeArrays", mandate.remove_arrays}};
    if (!mandate.password_hash.empty()) json["passwordHash"] = mandate.password_hash;
    Json& wipe = json["wipe"] = Json::array();
    for (const raid::WipeConsent& one : mandate.wipe)
        wipe.push_back({{"disk", one.disk}, {"found", one.found}});
    Json& replace = json["replace"] = Json::array();
    for (const raid::Replacement& one : mandate.replace)
        replace.push_back({{"disk", one.disk}, {"with", one.with}});
    return dump(json);
}

Mandate mandate_from_store(std::string_view text) {
    Mandate mandate;
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return mandate;
    mandate.remove_arrays = json.value("removeArrays", false);
    mandate.password_hash = json.value("passwordHash", "");
    for (const Json& one : json.value("wipe", Json::array()))
        mandate.wipe.push_back(
            {one.value("disk", ""), one.value("found", std::vector<std::string>())});
    for (const Json& one : json.value("replace", Json::array()))
        mandate.replace.push_back({one.value("disk", ""), one.value("with", "")});
    return mandate;
}

}  // namespace metalwright::engine
