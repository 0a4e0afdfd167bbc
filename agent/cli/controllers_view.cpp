#include "agent/cli/table.hpp"
#include "agent/cli/text.hpp"
#include "agent/cli/views.hpp"

namespace metalwright::agent::cli {
namespace {

std::string size_of(const Json& object) {
    const std::optional<std::int64_t> bytes = number(object, "sizeBytes");
    return bytes && *bytes > 0 ? bytes_in_words(static_cast<std::uint64_t>(*bytes)) : "";
}

Tone tone_of_state(const std::string& state) {
    for (const char* good : {"free", "member", "hot-spare", "optimal"})
        if (state == good) return Tone::good;
    for (const char* bad : {"bad", "missing", "offline"})
        if (state == bad) return Tone::bad;
    for (const char* neutral : {"jbod", "unknown"})
        if (state == neutral) return Tone::plain;
    return Tone::warning;
}

/// " 12 %, 5 Minutes left", or less where the tool does not say.
std::string how_far(const Json& object, const char* percent, const char* time_left) {
    std::string words;
    if (const auto done = number(object, percent)) words += " " + std::to_string(*done) + " %";
    if (const std::string left = text(object, time_left); !left.empty())
        words += ", " + left + " left";
    return words;
}

/// Its state, and the tool's own word where ours says less; then how far it is with what it does.
Cell state_of(const Json& object) {
    const std::string state = text(object, "state");
    const std::string raw = text(object, "rawState");
    const bool says_more = state == "unknown" && !raw.empty();
    std::string words = says_more ? state + " (" + raw + ")" : state;
    words += how_far(object, "rebuildPercent", "rebuildTimeLeft");
    if (const Json& task = part(object, "task"); task.is_object()) {
        const std::string action = text(task, "action");
        words += ", " + (action == "other" ? text(task, "name") : action) +
                 how_far(task, "percent", "timeLeft");
    }
    return {words, tone_of_state(state)};
}

std::string numbers(const Json& object, const char* key) {
    std::vector<std::string> words;
    for (const Json& one : list(object, key))
        if (one.is_number_integer()) words.push_back(std::to_string(one.get<std::int64_t>()));
    return join(words, ", ");
}

std::string controller_rows(const Json& inventory, const Look& look) {
    Table table({{"CONTROLLER"},
                 {"MODEL"},
                 {"SERIAL", false, true},
                 {"FIRMWARE", false, true},
                 {"MODE"},
                 {"LEVELS", false, true},
                 {"FLAGS", false, true}});
    for (const Json& one : list(inventory, "controllers")) {
        const std::string flags = join(texts(one, "flags"), ", ");
        table.row({{text(one, "id")},
                   {text(one, "model")},
                   {text(one, "serial")},
                   {text(one, "firmware")},
                   {text(one, "mode")},
                   {join(texts(one, "levels"), ", ")},
                   {flags, Tone::warning}});
    }
    return table.empty() ? "" : table.render(look.style, look.width);
}

std::string drive_rows(const Json& inventory, const Look& look) {
    Table table({{"DRIVE"},
                 {"CONTROLLER"},
                 {"SIZE", true},
                 {"MEDIA"},
                 {"SERIAL", false, true},
                 {"MODEL", false, true},
                 {"STATE"},
                 {"VOLUMES", false, true}});
    for (const Json& controller : list(inventory, "controllers"))
        for (const Json& drive : list(controller, "drives")) {
            const std::string selector = text(drive, "selector");
            table.row({{selector.empty() ? "-" : selector},
                       {text(controller, "id")},
                       {size_of(drive)},
                       {text(drive, "media")},
                       {text(drive, "serial")},
                       {text(drive, "model")},
                       state_of(drive),
                       {numbers(drive, "volumes")}});
        }
    return table.empty() ? "" : "\n" + table.render(look.style, look.width);
}

std::string volume_rows(const Json& inventory, const Look& look) {
    Table table({{"VOLUME", true},
                 {"CONTROLLER"},
                 {"NAME", false, true},
                 {"LEVEL"},
                 {"SIZE", true},
                 {"STRIP", true, true},
                 {"STATE"},
                 {"DRIVES", false, true}});
    for (const Json& controller : list(inventory, "controllers"))
        for (const Json& volume : list(controller, "volumes")) {
            const auto strip = number(volume, "stripKiB").value_or(0);
            const auto id = number(volume, "id");
            table.row({{id ? std::to_string(*id) : ""},
                       {text(controller, "id")},
                       {text(volume, "name")},
                       {text(volume, "level")},
                       {size_of(volume)},
                       {strip > 0 ? std::to_string(strip) + " KiB" : ""},
                       state_of(volume),
                       {join(texts(volume, "drives"), ", ")}});
        }
    return table.empty() ? "" : "\n" + table.render(look.style, look.width);
}

std::string errors(const Json& inventory, const Look& look) {
    std::string lines;
    const auto tell = [&](const Json& holder, const char* key) {
        for (const Json& one : list(holder, key))
            lines += look.style(Tone::bad, "not read:") + " " +
                     printable(text(one, "where") + ": " + text(one, "message")) + "\n";
    };
    tell(inventory, "controllerErrors");
    for (const Json& controller : list(inventory, "controllers")) tell(controller, "errors");
    return lines;
}

}  // namespace

std::string controllers_view(const Json& inventory, const Look& look) {
    const std::string rows = controller_rows(inventory, look) + drive_rows(inventory, look) +
                             volume_rows(inventory, look);
    const std::string unread = errors(inventory, look);
    return rows + (rows.empty() || unread.empty() ? "" : "\n") + unread;
}

}  // namespace metalwright::agent::cli
