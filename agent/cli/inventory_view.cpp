#include "agent/cli/table.hpp"
#include "agent/cli/text.hpp"
#include "agent/cli/views.hpp"

namespace metalwright::agent::cli {
namespace {

std::string size_of(const Json& object) {
    const std::optional<std::int64_t> bytes = number(object, "bytes");
    return bytes && *bytes >= 0 ? bytes_in_words(static_cast<std::uint64_t>(*bytes)) : "";
}

std::string kind_of(const Json& disk) {
    std::string kind = text(disk, "transport");
    if (!kind.empty()) kind += " ";
    return kind + (flag(disk, "rotational") ? "HDD" : "SSD");
}

/// What stands between this disk and being written to, the strongest first.
Cell use_of(const Json& disk) {
    std::vector<std::string> uses;
    if (const auto mounts = texts(disk, "mounts"); !mounts.empty())
        uses.push_back("mounted at " + join(mounts, ", "));
    if (const auto holders = texts(disk, "holders"); !holders.empty())
        uses.push_back("used by " + join(holders, ", "));
    std::vector<std::string> found;
    for (const Json& signature : list(disk, "signatures")) {
        std::string one = text(signature, "type");
        if (const std::string label = text(signature, "label"); !label.empty())
            one += " '" + label + "'";
        found.push_back(std::move(one));
    }
    if (!found.empty()) uses.push_back("holds " + join(found, ", "));
    if (const auto partitions = texts(disk, "partitions"); !partitions.empty())
        uses.push_back("partitions " + join(partitions, ", "));
    if (const std::string why = text(disk, "probeError"); !why.empty())
        uses.push_back("not readable: " + why);
    if (flag(disk, "readOnly")) uses.emplace_back("read-only");
    if (uses.empty() && flag(disk, "blank")) return {"blank", Tone::good};
    if (uses.empty()) return {"not known to be blank", Tone::warning};
    return {join(uses, "; ")};
}

std::string disks(const Json& inventory, const Look& look) {
    Table table({{"DISK"}, {"SIZE", true}, {"KIND"}, {"SERIAL"}, {"MODEL", false, true}, {"USE"}});
    for (const Json& disk : list(inventory, "disks"))
        table.row({{text(disk, "name")},
                   {size_of(disk)},
                   {kind_of(disk)},
                   {text(disk, "serial").empty() ? text(disk, "wwn") : text(disk, "serial")},
                   {text(disk, "model")},
                   use_of(disk)});
    return table.empty() ? "No disks.\n" : table.render(look.style, look.width);
}

std::string members_of(const Json& array) {
    std::vector<std::string> members;
    std::int64_t slots = 0;
    for (const Json& member : list(array, "members")) {
        // A role is a slot's number, or "spare", or "faulty".
        const std::string role = text(member, "role");
        const bool in_slot = role != "spare" && role != "faulty";
        if (in_slot) ++slots;
        members.push_back(text(member, "disk") + (in_slot ? "" : " (" + role + ")"));
    }
    if (const auto devices = number(array, "raidDevices"); devices && *devices > slots)
        members.push_back(std::to_string(*devices - slots) + " missing");
    return join(members, ", ");
}

Cell state_of(const Json& array) {
    std::string state = text(array, "state");
    Tone tone = tone_of(state);
    if (number(array, "degraded").value_or(0) > 0) {
        state += state.empty() ? "degraded" : ", degraded";
        tone = Tone::warning;
    }
    const std::string action = text(array, "syncAction");
    if (!action.empty() && action != "idle" && action != "none") {
        state += ", " + action;
        if (const auto percent = real(array, "syncPercent"))
            state += " " + std::to_string(static_cast<int>(*percent)) + " %";
    }
    return {state, tone};
}

std::string arrays(const Json& inventory, const Look& look) {
    Table table({{"ARRAY"},
                 {"NAME", false, true},
                 {"LEVEL"},
                 {"SIZE", true},
                 {"STATE"},
                 {"MOUNTED", false, true},
                 {"MEMBERS"}});
    for (const Json& array : list(inventory, "arrays")) {
        const std::string path = text(array, "path");
        table.row({{path.starts_with("/dev/") ? path.substr(5) : path},
                   {text(array, "name")},
                   {text(array, "level")},
                   {size_of(array)},
                   state_of(array),
                   {join(texts(array, "mounts"), ", ")},
                   {members_of(array)}});
    }
    return table.empty() ? "No arrays.\n" : table.render(look.style, look.width);
}

std::string nics(const Json& inventory, const Look& look) {
    Table table({{"NIC"}, {"MAC"}, {"LINK"}, {"MTU", true}, {"ADDRESSES", false, true}});
    for (const Json& nic : list(inventory, "nics")) {
        const bool up = flag(nic, "up");
        const bool carrier = flag(nic, "carrier");
        const auto mtu = number(nic, "mtu");
        table.row({{text(nic, "name")},
                   {text(nic, "mac")},
                   {!up       ? "down"
                    : carrier ? "up"
                              : "no carrier",
                    !up       ? Tone::faint
                    : carrier ? Tone::good
                              : Tone::warning},
                   {mtu ? std::to_string(*mtu) : ""},
                   {join(texts(nic, "addresses"), ", ")}});
    }
    return table.empty() ? "No NICs.\n" : table.render(look.style, look.width);
}

}  // namespace

std::string inventory_view(const Json& inventory, const Look& look) {
    const std::string controllers = controllers_view(inventory, look);
    return disks(inventory, look) + "\n" + arrays(inventory, look) + "\n" +
           (controllers.empty() ? "" : controllers + "\n") + nics(inventory, look);
}

std::string raid_view(const Json& inventory, const Look& look) {
    const std::string controllers = controllers_view(inventory, look);
    return disks(inventory, look) + "\n" + arrays(inventory, look) + "\n" +
           (controllers.empty() ? "No controllers.\n" : controllers);
}

}  // namespace metalwright::agent::cli
