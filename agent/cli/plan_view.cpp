#include "agent/cli/table.hpp"
#include "agent/cli/text.hpp"
#include "agent/cli/views.hpp"

namespace metalwright::agent::cli {
namespace {

struct Count {
    std::size_t steps = 0;
    std::size_t items = 0;
    std::size_t destroying = 0;
};

std::string headline(const Json& plan) {
    std::string line = "Plan";
    if (const std::string host = text(plan, "host"); !host.empty()) line += " for host " + host;
    if (const std::string instance = text(plan, "instance"); !instance.empty())
        line += ", instance " + instance;
    return printable(line);
}

std::string last_lines(const Count& count, std::size_t failed, const std::string& file,
                       const Look& look) {
    std::string lines;
    if (failed > 0)
        lines += look.style(Tone::bad, counted(failed, "item", "items") + " cannot be done") +
                 ": the table says why.\n";
    if (count.steps == 0) {
        if (failed == 0) lines += "Nothing to do: the host already is what the document says.\n";
        return lines;
    }
    lines +=
        counted(count.steps, "step", "steps") + " for " + counted(count.items, "item", "items");
    if (count.destroying > 0)
        lines +=
            ", " + look.style(Tone::bad, std::to_string(count.destroying) +
                                             (count.destroying == 1 ? " of them destroys data"
                                                                    : " of them destroy data"));
    lines += ". Nothing has been changed";
    if (!file.empty() && file != "-")
        lines += "; to do it: metalwright apply " + printable(file) + " --wait";
    return lines + "\n";
}

}  // namespace

std::string plan_view(const Json& plan, const std::string& file, const Look& look) {
    Table table({{"ITEM"}, {"PLAN"}, {"DATA", false, true}, {"STEP", false, true}});
    Count count;
    for (const Json& item : list(plan, "items")) {
        const std::string outcome = text(item, "outcome");
        const std::string name = text(item, "item");
        const Json& steps = list(item, "steps");
        if (steps.empty()) {
            const std::optional<Error> why = error(item, "error");
            table.row({{name},
                       {outcome == "planned" ? "change" : outcome, tone_of(outcome)},
                       {},
                       {why ? describe(*why) : text(item, "note")}});
            continue;
        }
        ++count.items;
        bool first = true;
        for (const Json& step : steps) {
            ++count.steps;
            const bool destroys = flag(step, "destroysData");
            if (destroys) ++count.destroying;
            table.row({{first ? name : ""},
                       {first ? "change" : "", Tone::good},
                       {destroys ? "destroyed" : "", Tone::bad},
                       {text(step, "why")}});
            first = false;
        }
    }
    std::string view = headline(plan) + "\n\n";
    // What a release does is no list of steps: it depends on what is there when it comes to it.
    if (const std::string note = text(plan, "note"); table.empty() && !note.empty())
        return view + printable(note) + "\n";
    if (!table.empty()) view += table.render(look.style, look.width) + "\n";
    return view + last_lines(count, count_outcome(plan, "failed"), file, look);
}

}  // namespace metalwright::agent::cli
