#include "agent/engine/hold.hpp"

#include "core/utc.hpp"

namespace metalwright::engine {
namespace {

constexpr std::int64_t longest_hold_s = std::int64_t{30} * 24 * 3600;

}  // namespace

Json to_json(const Hold& hold, std::int64_t now) {
    if (!hold.network(now) && !hold.storage(now)) return {};
    Json json;
    json["network"] = hold.network(now) ? Json(utc_with_ms(hold.network_until)) : Json();
    json["storage"] = hold.storage(now) ? Json(utc_with_ms(hold.storage_until)) : Json();
    return json;
}

std::string to_store(const Hold& hold) {
    return dump({{"network", hold.network_until}, {"storage", hold.storage_until}});
}

Hold hold_from_store(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false);
    Hold hold;
    if (!json.is_object()) return hold;
    hold.network_until = json.value("network", std::int64_t{0});
    hold.storage_until = json.value("storage", std::int64_t{0});
    return hold;
}

Result<Hold> changed_hold(Hold hold, std::string_view request, std::int64_t now) {
    const Json json = Json::parse(request, nullptr, false);
    if (!json.is_object())
        return fail(Errc::invalid_spec, R"(must be {"scope":"network","seconds":7200})");
    const Json scope = json.value("scope", Json("all"));
    if (scope != "network" && scope != "storage" && scope != "all")
        return fail(Errc::invalid_spec, "must be network, storage or all", "/scope");
    const Json seconds = json.value("seconds", Json());
    if (!seconds.is_number_integer() || seconds < 0 || seconds > longest_hold_s)
        return fail(Errc::invalid_spec,
                    "must be a whole number from 0 to " + std::to_string(longest_hold_s),
                    "/seconds");
    const auto length = seconds.get<std::int64_t>();
    const std::int64_t until = length == 0 ? 0 : now + length * 1000;
    if (scope != "storage") hold.network_until = until;
    if (scope != "network") hold.storage_until = until;
    return hold;
}

}  // namespace metalwright::engine
