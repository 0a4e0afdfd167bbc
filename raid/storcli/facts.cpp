#include "raid/storcli/seen.hpp"
#include "raid/storcli/words.hpp"

namespace metalwright::raid::storcli {
namespace {

using Keys = std::initializer_list<std::string_view>;

/// `show` has its facts flat, `show all` in sections; the same key in other sections is of
/// something else.
std::string fact(const Value& data, Keys keys) {
    if (std::string word = data.word_of(keys); !word.empty()) return word;
    for (const char* section : {"Basics", "Version", "Status", "Capabilities"})
        if (std::string word = data[section].word_of(keys); !word.empty()) return word;
    return {};
}

void fill(std::string& into, std::string word) {
    if (into.empty()) into = std::move(word);
}

void flag_if(Controller& controller, const Value& data, Keys keys, std::string_view flag) {
    if (fact(data, keys) == "Yes") add_flag(controller, flag);
}

bool has_volumes_at_all(const Value& data) {
    for (const char* key : {"Virtual Drives", "VD LIST", "Drive Groups", "TOPOLOGY"})
        if (!data[key].is(Value::Kind::nothing)) return true;
    return false;
}

ControllerMode mode_told(const Value& data) {
    std::string personality = fact(data, {"Current Personality", "Controller Personality"});
    for (const Value& row : data["Controller Properties"].items)
        if (row["Ctrl_Prop"].word == "Current Personality") personality = row["Value"].word;
    return mode_of(personality);
}

}  // namespace

void take_facts(const Value& data, Controller& into) {
    fill(into.model, fact(data, {"Model", "Product Name"}));
    fill(into.serial, fact(data, {"Serial Number"}));
    std::string address = fact(data, {"PCI Address"});
    if (address.empty()) address = data["HostInterface"].word_of({"PCI Address"});
    fill(into.pci, pci_of(address));
    fill(into.firmware, fact(data, {"Firmware Package Build", "FW Package Build", "Package Version",
                                    "Firmware Version", "FW Version"}));
    if (into.levels.empty())
        into.levels = levels_in(fact(data, {"RAID Level Supported", "Supported RAID Levels"}));
    if (into.strip_min_kib == 0) into.strip_min_kib = kib_in(fact(data, {"Min Strip Size"}));
    if (into.strip_max_kib == 0) into.strip_max_kib = kib_in(fact(data, {"Max Strip Size"}));
    if (const ControllerMode told = mode_told(data); told != ControllerMode::unknown)
        into.mode = told;
    if (into.mode == ControllerMode::unknown) {
        // Old firmware has no personalities: what it can do tells what it is.
        if (fact(data, {"Driver Name"}).starts_with("mpt"))
            into.mode = ControllerMode::hba;
        else if (!into.levels.empty() || has_volumes_at_all(data))
            into.mode = ControllerMode::raid;
    }
    flag_if(into, data, {"Any Offline VD Cache Preserved"}, "preserved-cache");
    flag_if(into, data, {"Preserved Cache Present"}, "preserved-cache");
    flag_if(into, data, {"Controller has booted into safe mode"}, "safe-mode");
    flag_if(into, data, {"System Reboot Required"}, "reboot-required");
    flag_if(into, data, {"Personality Change Pending"}, "reboot-required");
    const std::string status = fact(data, {"Controller Status"});
    if (!status.empty() && status != "Optimal" && status != "OK") add_flag(into, "needs-attention");
}

}  // namespace metalwright::raid::storcli
