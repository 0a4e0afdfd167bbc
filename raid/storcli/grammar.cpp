#include "raid/storcli/grammar.hpp"

#include <algorithm>

#include "raid/storcli/words.hpp"

namespace metalwright::raid::storcli {
namespace {

std::string at(const Controller& controller) {
    return "/c" + std::to_string(controller.number);
}

std::string at(const Controller& controller, unsigned volume) {
    return at(controller) + "/v" + std::to_string(volume);
}

/// "252:1", or "24" of a drive without an enclosure.
std::string place_words(const Place& place) {
    return (place.enclosure ? std::to_string(*place.enclosure) + ":" : "") +
           std::to_string(*place.slot);
}

std::string upper(std::string text) {
    for (char& c : text)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return text;
}

std::unexpected<Error> no_io_policy(const Controller& controller) {
    return fail(Errc::unsupported, controller.id + " knows no IO policy: leave it out",
                controller.id);
}

}  // namespace

bool is_storcli2(std::string_view tool_version) {
    const auto major = small_number(tool_version.substr(0, tool_version.find('.')));
    return major.value_or(0) >= 8;
}

Result<Words> create_words(const CreateVolume& op, const Controller& controller) {
    const bool newer = is_storcli2(controller.tool_version);
    if (newer && !op.cache.io.empty()) return no_io_policy(controller);
    std::string drives;
    for (const Seat& seat : op.drives) {
        const auto place = place_in_selector(seat.selector);
        if (!place) return fail(Errc::internal, "no such seat: " + seat.selector, op.name);
        drives += (drives.empty() ? "" : ",") + place_words(*place);
    }
    Words words{at(controller), "add", "vd", "r" + std::to_string(op.level)};
    // In MB the tool rounds down, never beyond what was asked for.
    if (op.bytes != 0) words.push_back("Size=" + std::to_string(op.bytes >> 20) + "MB");
    words.push_back("name=" + op.name);
    words.push_back("drives=" + drives);
    if (op.per_span != 0) words.push_back("PDperArray=" + std::to_string(op.per_span));
    if (!op.cache.drive.empty()) words.push_back("pdcache=" + op.cache.drive);
    for (const std::string* one : {&op.cache.write, &op.cache.read, &op.cache.io})
        if (!one->empty()) words.push_back(*one);
    if (op.strip_kib != 0) words.push_back("Strip=" + std::to_string(op.strip_kib));
    return words;
}

Result<std::vector<Words>> cache_words(const CachePolicy& cache, unsigned volume,
                                       const Controller& controller) {
    const bool newer = is_storcli2(controller.tool_version);
    if (newer && !cache.io.empty()) return no_io_policy(controller);
    Words settings;
    if (!cache.read.empty()) settings.push_back("rdcache=" + upper(cache.read));
    if (!cache.write.empty()) settings.push_back("wrcache=" + upper(cache.write));
    if (!cache.io.empty()) settings.push_back("iopolicy=" + cache.io);
    std::vector<Words> commands;
    for (const std::string& setting : settings) {
        if (newer || commands.empty()) commands.push_back({at(controller, volume), "set"});
        commands.back().push_back(setting);
    }
    return commands;
}

Words spare_words(const Seat& drive, unsigned group) {
    return {drive.selector, "add", "hotsparedrive", "DGs=" + std::to_string(group)};
}

Words global_spare_words(const Seat& drive) {
    return {drive.selector, "add", "hotsparedrive"};
}

Words no_spare_words(const Seat& drive) {
    return {drive.selector, "delete", "hotsparedrive"};
}

Words offline_words(const Seat& drive) {
    return {drive.selector, "set", "offline"};
}

Words locate_words(const Seat& drive, bool on) {
    return {drive.selector, on ? "start" : "stop", "locate"};
}

Result<Words> boot_words(unsigned volume, const Controller& controller) {
    if (is_storcli2(controller.tool_version))
        return fail(Errc::unsupported,
                    "how storcli2 is told to boot from a volume is not known: set it in the "
                    "controller's setup",
                    controller.id);
    return Words{at(controller, volume), "set", "bootdrive=on"};
}

Words init_words(unsigned volume, bool full, const Controller& controller) {
    Words words{at(controller, volume), "start", "init"};
    if (full) words.emplace_back("full");
    // Without it used media are refused; nobody but us has written to this volume yet.
    words.emplace_back("force");
    return words;
}

Words delete_words(unsigned volume, const Controller& controller) {
    return {at(controller, volume), "del", "force"};
}

}  // namespace metalwright::raid::storcli
