#include "raid/storcli/words.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <system_error>
#include <utility>

#include "raid/storcli/value.hpp"

namespace metalwright::raid::storcli {
namespace {

std::string lower(std::string_view text) {
    std::string all;
    for (const char c : text) all += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return all;
}

template <class State>
struct Meaning {
    std::string_view prefix;
    State state;
};

/// The first that `word` begins with, whatever its case.
template <class State, std::size_t n>
State meaning(std::string_view word, const std::array<Meaning<State>, n>& table, State otherwise) {
    const std::string low = lower(word);
    for (const Meaning<State>& one : table)
        if (low.starts_with(one.prefix)) return one.state;
    return otherwise;
}

/// 512 or 4096, whichever makes `count` come out nearest to what the rounded words say.
std::uint64_t likeliest(std::uint64_t count, std::uint64_t told) {
    constexpr std::uint64_t most = UINT64_MAX / 4096;
    if (count > most) return 0;
    if (told == 0) return count * 512;
    const auto distance = [&](std::uint64_t bytes) {  // how many times the one is the other
        const auto is = static_cast<double>(std::max<std::uint64_t>(bytes, 1));
        const auto said = static_cast<double>(told);
        return std::max(is / said, said / is);
    };
    return distance(count * 4096) < distance(count * 512) ? count * 4096 : count * 512;
}

}  // namespace

DriveState drive_state(std::string_view state, std::string_view status, std::string_view group) {
    using enum DriveState;
    static constexpr std::array<Meaning<DriveState>, 6> wins{{{"failed", bad},
                                                              {"missing", missing},
                                                              {"msng", missing},
                                                              {"offl", offline},
                                                              {"rbld", rebuilding},
                                                              {"rebuild", rebuilding}}};
    for (const std::string_view word : {status, state})
        if (const DriveState won = meaning(word, wins, unknown); won != unknown) return won;

    static constexpr std::array<Meaning<DriveState>, 17> table{{{"ugood", free},
                                                                {"uconf", free},
                                                                {"ubad", bad},
                                                                {"ubunsp", bad},
                                                                {"unusbl", bad},
                                                                {"onln", member},
                                                                {"conf", member},
                                                                {"cfshld", member},
                                                                {"jbod", jbod},
                                                                {"nonraid", jbod},
                                                                {"ghs", hot_spare},
                                                                {"dhs", hot_spare},
                                                                {"hspshld", hot_spare},
                                                                {"cpybck", rebuilding},
                                                                {"cbshld", rebuilding},
                                                                {"frgn", foreign},
                                                                {"foreign", foreign}}};
    const DriveState found = meaning(state, table, unknown);
    if (group == "F") return foreign;
    if (found != free) return found;
    // "UConfShld", "UGood" that still names a group: something is going on there.
    const bool plain = lower(state) == "ugood" || (lower(state) == "uconf" && status == "Good");
    return plain && (group == "-" || group.empty()) ? free : unknown;
}

VolumeState volume_state(std::string_view state) {
    using enum VolumeState;
    static constexpr std::array<Meaning<VolumeState>, 5> table{{{"optl", optimal},
                                                                {"pdgd", partially_degraded},
                                                                {"dgrd", degraded},
                                                                {"ofln", offline},
                                                                {"rec", recovery}}};
    return meaning(state, table, unknown);
}

ControllerMode mode_of(std::string_view personality) {
    using enum ControllerMode;
    static constexpr std::array<Meaning<ControllerMode>, 3> table{
        {{"raid", raid}, {"hba", hba}, {"jbod", jbod}}};
    return meaning(personality, table, unknown);
}

DriveMedia media_of(std::string_view medium, std::string_view interface) {
    if (lower(interface) == "nvme") return DriveMedia::nvme;
    const std::string low = lower(medium);
    if (low == "hdd") return DriveMedia::hdd;
    if (low == "ssd") return DriveMedia::ssd;
    return DriveMedia::unknown;
}

std::vector<std::string> levels_in(std::string_view text) {
    std::vector<std::string> levels;
    const std::string low = lower(text);
    for (std::size_t at = low.find("raid"); at != std::string::npos; at = low.find("raid", at)) {
        std::size_t end = at + 4;
        while (end < low.size() && std::isdigit(static_cast<unsigned char>(low[end])) != 0) ++end;
        const std::string level = low.substr(at, end - at);
        if (end > at + 4 && std::ranges::find(levels, level) == levels.end())
            levels.push_back(level);
        at = end;
    }
    return levels;
}

std::string level_of(std::string_view type) {
    return lower(trimmed(type));
}

std::uint64_t bytes_in(std::string_view size) {
    size = trimmed(size);
    double amount = 0;
    const char* end = size.data() + size.size();
    const auto read = std::from_chars(size.data(), end, amount);
    if (read.ec != std::errc() || !(amount >= 0) || amount > 1e9) return 0;
    const std::string_view unit =
        trimmed(size.substr(static_cast<std::size_t>(read.ptr - size.data())));
    constexpr std::string_view steps = "BKMGTPE";
    const std::size_t step = unit.empty() ? std::string_view::npos : steps.find(unit.front());
    if (step == std::string_view::npos) return 0;
    double bytes = amount;
    for (std::size_t i = 0; i < step; ++i) bytes *= 1024;
    return bytes < 9e18 ? static_cast<std::uint64_t>(bytes + 0.5) : 0;
}

unsigned kib_in(std::string_view size) {
    const std::uint64_t kib = bytes_in(size) / 1024;
    return kib <= 1'048'576 ? static_cast<unsigned>(kib) : 0;
}

std::uint64_t bytes_of_sectors(std::string_view size, std::string_view sector) {
    const std::uint64_t told = bytes_in(size.substr(0, size.find('[')));
    const std::size_t hex = size.find("0x");
    if (hex == std::string_view::npos) return told;
    std::uint64_t count = 0;
    const char* end = size.data() + size.size();
    if (std::from_chars(size.data() + hex + 2, end, count, 16).ec != std::errc()) return told;
    return bytes_of_blocks(count, bytes_in(sector), size.substr(0, size.find('[')));
}

std::uint64_t bytes_of_blocks(std::uint64_t blocks, std::uint64_t block, std::string_view size) {
    const std::uint64_t told = bytes_in(size);
    if (blocks == 0) return told;
    if (block != 512 && block != 4096) return likeliest(blocks, told);
    return blocks <= UINT64_MAX / block ? blocks * block : told;
}

std::string pci_of(std::string_view address) {
    std::array<unsigned, 4> parts{};  // domain, bus, device, function
    const char* at = address.data();
    const char* const end = at + address.size();
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i != 0) {
            if (at == end || *at != ':') return {};
            ++at;
        }
        const auto [after, bad] = std::from_chars(at, end, parts[i], 16);
        if (bad != std::errc()) return {};
        at = after;
    }
    if (at != end || parts[0] > 0xffff || parts[1] > 0xff || parts[2] > 0x1f || parts[3] > 7)
        return {};
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%04x:%02x:%02x.%x", parts[0], parts[1], parts[2],
                  parts[3]);
    return text.data();
}

std::optional<Task> task_in(std::string_view words) {
    constexpr unsigned all = 100;
    words = trimmed(words);
    std::string low(words);
    for (char& c : low)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (low.empty() || low == "none" || low == "-" || low == "na" || low == "n/a")
        return std::nullopt;
    const auto says = [&](std::string_view part) { return low.contains(part); };
    Task task{.name = std::string(words)};
    if (says("bgi") || (says("back") && says("init")))
        task.kind = TaskKind::background_initialization;
    else if (says("init"))
        task.kind = TaskKind::initialization;
    else if (says("consistency") || low == "cc")
        task.kind = TaskKind::consistency_check;
    if (const std::size_t open = words.rfind('('); open != std::string_view::npos)
        if (const std::size_t end = words.find('%', open); end != std::string_view::npos)
            if (const auto percent =
                    small_number(trimmed(words.substr(open + 1, end - open - 1)), all)) {
                task.percent = static_cast<int>(*percent);
                task.name = trimmed(words.substr(0, open));
            }
    return task;
}

std::optional<unsigned> small_number(std::string_view word, unsigned most) {
    unsigned number = 0;
    const char* end = word.data() + word.size();
    const auto read = std::from_chars(word.data(), end, number);
    if (word.empty() || read.ec != std::errc() || read.ptr != end || number > most)
        return std::nullopt;
    return number;
}

std::optional<Place> place_in(std::string_view eid_slot) {
    const std::size_t colon = eid_slot.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    Place place{.slot = small_number(trimmed(eid_slot.substr(colon + 1)))};
    if (!place.slot) return std::nullopt;
    const std::string_view enclosure = trimmed(eid_slot.substr(0, colon));
    place.enclosure = small_number(enclosure);
    const bool without = enclosure.empty() || enclosure == "-";
    return place.enclosure || without ? std::optional(place) : std::nullopt;
}

std::optional<Place> place_in_selector(std::string_view text) {
    const std::size_t start = text.find("/c");
    if (start == std::string_view::npos) return std::nullopt;
    text = text.substr(start, text.find(' ', start) - start);
    Place place;
    while (!text.empty()) {
        text.remove_prefix(1);  // the slash
        const std::string_view one = text.substr(0, text.find('/'));
        text.remove_prefix(one.size());
        const auto number = one.size() < 2 ? std::nullopt : small_number(one.substr(1));
        if (!number) return std::nullopt;
        if (one.front() == 'e') place.enclosure = number;
        if (one.front() == 's') place.slot = number;
    }
    return place.slot ? std::optional(place) : std::nullopt;
}

std::string selector_of(unsigned controller, const Place& place) {
    if (!place.slot) return {};
    std::string text = "/c" + std::to_string(controller);
    if (place.enclosure) text += "/e" + std::to_string(*place.enclosure);
    return text + "/s" + std::to_string(*place.slot);
}

}  // namespace metalwright::raid::storcli
