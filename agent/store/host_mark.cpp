#include "agent/store/host_mark.hpp"

#include <charconv>

namespace metalwright::store {
namespace {

constexpr const char* heading =
    "# metalwright works on this host. Without this file, or with another state.db, it destroys no "
    "data until `metalwright arm`.\n";

std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

}  // namespace

std::string format_host_mark(const HostMark& mark) {
    return heading + ("store " + mark.store) + "\nwrites " + std::to_string(mark.writes) + "\n";
}

Result<HostMark> parse_host_mark(std::string_view text) {
    HostMark mark;
    bool counted = false;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.starts_with("store ")) {
            mark.store = line.substr(6);
        } else if (line.starts_with("writes ")) {
            const std::string_view number = line.substr(7);
            const auto [end, error] =
                std::from_chars(number.data(), number.data() + number.size(), mark.writes);
            counted = error == std::errc{} && end == number.data() + number.size();
        } else if (!line.starts_with('#')) {
            return fail(Errc::invalid_spec, "a line of it is none of metalwright's");
        }
    }
    if (mark.store.empty() || !counted) return fail(Errc::invalid_spec, "it is not whole");
    return mark;
}

std::optional<std::string> doubt_of(const HostEvidence& evidence) {
    if (!evidence.found)
        return "what the store left outside itself cannot be read (" +
               describe(evidence.found.error()) + ")";
    if (const std::optional<HostMark>& found = *evidence.found) {
        if (found->store != evidence.own.store)
            return evidence.has_operations
                       ? "another store than this one was at work on this host last"
                       : "the store was made anew, and another one was at work on this host before";
        if (found->writes > evidence.own.writes)
            return "the store is an older copy: it does not know what was last done to the disks";
        return std::nullopt;
    }
    if (evidence.marked)
        return "the store has been at work, and what it left outside itself is gone: it was copied "
               "here, or host-in-use was removed";
    if (!evidence.has_operations && evidence.user_data_has_run)
        return "the store was made anew, and user data has run on this host before";
    return std::nullopt;
}

}  // namespace metalwright::store
