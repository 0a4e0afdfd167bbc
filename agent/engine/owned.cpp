#include "agent/engine/owned.hpp"

#include <map>
#include <optional>
#include <sstream>

namespace metalwright::engine {
namespace {

/// "10.1.0.0/16 via 10.0.0.1 metric 5"; the parts after the prefix only where they are set.
std::string route_text(const netcfg::StaticRoute& route) {
    std::string text = route.to.text();
    if (route.via) text += " via " + route.via->text();
    if (route.metric) text += " metric " + std::to_string(*route.metric);
    return text;
}

Result<netcfg::StaticRoute> route_from(const std::string& text) {
    netcfg::StaticRoute route;
    std::vector<std::string> words;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        words.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    auto to = netcfg::Prefix::parse(words.front());
    if (!to) return std::unexpected(to.error());
    route.to = *to;
    for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
        if (words[i] == "via") {
            auto via = netcfg::Address::parse(words[i + 1]);
            if (!via) return std::unexpected(via.error());
            route.via = *via;
        } else {
            route.metric = static_cast<std::uint32_t>(std::stoul(words[i + 1]));
        }
    }
    return route;
}

/// "52:54:00:4d:57:01 eth1 rp_filter 1", the value being that of before.
std::string setting_text(const netcfg::Owned::Setting& setting) {
    return setting.mac + ' ' + setting.nic + ' ' + std::string(to_string(setting.key)) + ' ' +
           std::to_string(setting.before);
}

Result<netcfg::Owned::Setting> setting_from(const std::string& text) {
    std::istringstream words(text);
    netcfg::Owned::Setting setting;
    std::string key;
    words >> setting.mac >> setting.nic >> key >> setting.before;
    const std::optional<netcfg::NicSetting> known = netcfg::nic_setting_from(key);
    if (words.fail() || !words.eof() || !known)
        return fail(Errc::internal, "the store holds a NIC's setting that cannot be read: " + text);
    setting.key = *known;
    return setting;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> owned_rows(const netcfg::Owned& owned) {
    std::vector<std::pair<std::string, std::string>> rows;
    if (!owned.mac.empty()) rows.emplace_back("mac", owned.mac);
    for (const netcfg::Prefix& p : owned.primaries) rows.emplace_back("primary", p.text());
    for (const netcfg::Prefix& p : owned.secondaries) rows.emplace_back("secondary", p.text());
    for (const netcfg::Prefix& p : owned.elastics) rows.emplace_back("elastic", p.text());
    for (const netcfg::Prefix& p : owned.addresses) rows.emplace_back("address", p.text());
    for (const netcfg::Prefix& p : owned.local_routes) rows.emplace_back("local", p.text());
    for (const netcfg::StaticRoute& r : owned.routes) rows.emplace_back("route", route_text(r));
    // On another NIC: "52:54:00:4d:57:01 10.0.0.5/32 alias".
    for (const netcfg::Owned::Elsewhere& other : owned.elsewhere)
        rows.emplace_back("elsewhere", other.mac + " " + other.prefix.text() + " " +
                                           std::string(netcfg::to_string(other.kind)));
    for (const netcfg::Owned::Setting& s : owned.settings)
        rows.emplace_back("setting", setting_text(s));
    return rows;
}

Result<netcfg::Owned> owned_from(const std::vector<std::pair<std::string, std::string>>& rows) {
    netcfg::Owned owned;
    const std::map<std::string_view, std::vector<netcfg::Prefix>*> lists{
        {"primary", &owned.primaries},
        {"secondary", &owned.secondaries},
        {"elastic", &owned.elastics},
        {"address", &owned.addresses},
        {"local", &owned.local_routes}};
    for (const auto& [kind, value] : rows) {
        if (kind == "mac") {
            owned.mac = value;
        } else if (kind == "route") {
            auto route = route_from(value);
            if (!route) return std::unexpected(route.error());
            owned.routes.push_back(*route);
        } else if (kind == "setting") {
            auto setting = setting_from(value);
            if (!setting) return std::unexpected(setting.error());
            owned.settings.push_back(*setting);
        } else if (kind == "elsewhere") {
            const std::size_t blank = value.find(' ');
            const std::size_t end = value.rfind(' ');
            auto prefix =
                netcfg::Prefix::parse(std::string_view(value).substr(blank + 1, end - blank - 1));
            if (!prefix) return std::unexpected(prefix.error());
            const auto what = netcfg::kind_from(std::string_view(value).substr(end + 1));
            if (!what)
                return fail(Errc::internal, "the store owns an address of no kind: " + value);
            owned.elsewhere.push_back({value.substr(0, blank), *prefix, *what});
        } else if (const auto list = lists.find(kind); list != lists.end()) {
            auto prefix = netcfg::Prefix::parse(value);
            if (!prefix) return std::unexpected(prefix.error());
            list->second->push_back(*prefix);
        } else {
            return fail(Errc::internal, "the store owns something of an unknown kind: " + kind);
        }
    }
    return owned;
}

}  // namespace metalwright::engine
