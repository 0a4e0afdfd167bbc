#include "agent/cli/table.hpp"
#include "agent/cli/text.hpp"
#include "agent/cli/views.hpp"

namespace metalwright::agent::cli {
namespace {

/// "put back" for a thing that was, "not put back" for one that could not be.
Cell what_happened(const Json& event) {
    const std::string kind = text(event, "kind");
    if (kind == "drift") {
        const std::string outcome = text(event, "outcome");
        if (outcome == "changed") return {"put back", Tone::good};
        if (outcome == "failed") return {"not put back", Tone::bad};
        return {outcome, tone_of(outcome)};
    }
    if (kind == "contested") return {"contested", Tone::warning};
    return {kind, Tone::plain};
}

std::string what_more(const Json& event) {
    if (const std::optional<Error> why = error(event, "error")) return describe(*why);
    if (text(event, "kind") == "contested")
        return "somebody keeps taking it away; it is put back at longer intervals";
    return text(event, "note");
}

/// What a scope freezes, as the end of "Until then ...".
std::string frozen(bool network, bool storage) {
    const std::string what = network && storage ? "the network or the disks"
                             : network          ? "the network"
                                                : "the disks";
    return std::string(network ? "nothing that somebody takes away is put back, and operations"
                               : "operations") +
           " that would touch " + what + " wait";
}

std::string listing(const Json& answer, const char* key) {
    std::vector<std::string> cidrs = texts(answer, key);
    for (std::string& cidr : cidrs) cidr = printable(cidr);
    return join(cidrs, ", ");
}

}  // namespace

std::string hold_in_words(const Json& hold) {
    std::vector<std::string> parts;
    for (const char* scope : {"network", "storage"})
        if (const std::string until = text(hold, scope); !until.empty())
            parts.push_back(std::string(scope) + " until " + moment_in_words(until));
    return join(parts, ", ");
}

std::string hold_view(const Json& answer, const std::string& scope, bool ended) {
    const Json& hold = part(answer, "hold");
    const std::string held = hold_in_words(hold);
    if (held.empty()) return "Nothing is held: the host is kept as it was ordered.\n";
    const bool network = !text(hold, "network").empty();
    const bool storage = !text(hold, "storage").empty();
    if (ended) return "The hold of " + scope + " has ended. Still held: " + printable(held) + ".\n";
    return "Held: " + printable(held) + ".\nUntil then " + frozen(network, storage) +
           ". It ends by itself, or with `metalwright hold --end`.\n";
}

std::string addresses_view(const Json& addresses, const Look& look) {
    Table table(
        {{"ADDRESS"}, {"KIND"}, {"STATE"}, {"SOURCE"}, {"ID", false, true}, {"NOTE", false, true}});
    for (const Json& one : list(addresses, "addresses")) {
        const std::string state = text(one, "state");
        const Tone tone = state == "present"  ? Tone::good
                          : state == "failed" ? Tone::bad
                                              : Tone::warning;
        table.row({{text(one, "address")},
                   {text(one, "kind")},
                   {state, tone},
                   {text(one, "source")},
                   {text(one, "id")},
                   {text(one, "note")}});
    }
    if (table.empty())
        return "No address is wanted of this host: `metalwright apply FILE` orders some.\n";
    return table.render(look.style, look.width);
}

std::string address_change_view(const Json& answer, bool with_hint) {
    std::string view;
    if (const std::string already = listing(answer, "unchanged"); !already.empty())
        view += "unchanged: " + already + " is wanted already\n";
    const std::optional<std::int64_t> id = number(answer, "operation");
    if (!id) return view;
    std::vector<std::string> parts;
    if (const std::string added = listing(answer, "added"); !added.empty())
        parts.push_back("adds " + added);
    if (const std::string removed = listing(answer, "removed"); !removed.empty())
        parts.push_back("removes " + removed);
    view += "operation " + std::to_string(*id) + " " + join(parts, ", ") + "\n";
    if (with_hint)
        view += "watch it with: metalwright operations " + std::to_string(*id) + " --follow\n";
    return view;
}

std::string address_plan_view(const Json& plan, const std::string& command, const Look& look) {
    // With thousands of addresses the few that are asked about would not be found.
    Json shown = plan;
    Json& items = shown["items"] = Json::array();
    std::size_t unchanged = 0;
    for (const Json& item : list(plan, "items"))
        if (text(item, "outcome") == "unchanged")
            ++unchanged;
        else
            items.push_back(item);
    std::string view;
    if (const std::string already = listing(plan, "unchanged"); !already.empty())
        view += "unchanged: " + already + " is wanted already\n\n";
    view += plan_view(shown, "", look);
    if (unchanged > 0)
        view += counted(unchanged, "item is", "items are") + " as wanted and not shown.\n";
    if (!items.empty()) view += "To do it: " + command + " --wait\n";
    return view;
}

std::string host_event_line(const Json& event, const Look& look) {
    constexpr std::size_t word_width = 12;  // "not put back"
    constexpr std::size_t item_width = 24;
    const Cell what = what_happened(event);
    const auto padded = [](std::string text, std::size_t width) {
        if (const std::size_t used = columns(text); used < width) text.append(width - used, ' ');
        return text;
    };
    const std::string more = printable(what_more(event));
    std::string item = printable(text(event, "item"));
    if (!more.empty()) item = padded(std::move(item), item_width) + "  " + more;
    return printable(moment_in_words(text(event, "at"))) + "  " +
           look.style(what.tone, padded(printable(what.text), word_width)) + "  " + item;
}

}  // namespace metalwright::agent::cli
