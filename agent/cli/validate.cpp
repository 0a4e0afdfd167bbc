#include <ostream>

#include "agent/cli/commands.hpp"
#include "agent/cli/text.hpp"
#include "agent/spec/catalogue.hpp"
#include "agent/spec/document.hpp"

namespace metalwright::agent::cli {
namespace {

Json verdict_json(const Errors& errors, const std::vector<spec::Note>& notes) {
    Json verdict{{"valid", errors.empty()}, {"errors", Json::array()}, {"notes", Json::array()}};
    for (const Error& error : errors) verdict["errors"].push_back(to_json(error));
    for (const spec::Note& note : notes)
        verdict["notes"].push_back({{"where", note.where}, {"message", note.message}});
    return verdict;
}

Exit invalid(Session& session, Errors errors, const std::string& file, bool is_document) {
    if (!session.json) {
        tell_errors(session, errors, file);
        return Exit::wrong_document;
    }
    // The pointers of a catalogue are not those of the document that the program asked about.
    if (!is_document)
        for (Error& error : errors) error.where.insert(0, file + "#");
    session.show(verdict_json(errors, {}), {});
    return Exit::wrong_document;
}

Exit unreadable(Session& session, const Refusal& refusal) {
    if (session.json) session.show(verdict_json(refusal.errors, {}), {});
    return tell(session, refusal);
}

/// "order.json is a valid jdcloud.createInstances document for host h-1"
std::string praise(const spec::HostSpec& spec, const std::string& file) {
    const std::string name = file == "-" ? "standard input" : file;
    std::string line = name + " is a valid ";
    if (spec.release)
        line += "release of instance " + spec.release->instance_id;
    else if (!spec.dialect.empty())
        line += spec.dialect + " document";
    else
        line += "host spec";
    if (!spec.host_id.empty()) line += " for host " + spec.host_id;
    return printable(line) + "\n";
}

}  // namespace

Exit validate(Session& session, const std::string& file, const std::string& catalogue,
              const std::string& host) {
    std::optional<spec::Catalogue> known;
    if (!catalogue.empty()) {
        const Attempt<std::string> text = load(session.console, catalogue);
        if (!text) return unreadable(session, text.error());
        auto read = spec::read_catalogue(*text);
        if (!read) return invalid(session, std::move(read).error(), catalogue, false);
        known = *std::move(read);
    }
    const Attempt<std::string> document = load(session.console, file);
    if (!document) return unreadable(session, document.error());
    auto read = spec::read_document(*document, known ? &*known : nullptr, {.host_id = host});
    if (!read) return invalid(session, std::move(read).error(), file, true);

    std::string view = praise(*read, file);
    for (const spec::Note& note : read->notes)
        view += "  note: " + printable(note.where + ": " + note.message) + "\n";
    session.show(verdict_json({}, read->notes), view);
    return Exit::done;
}

}  // namespace metalwright::agent::cli
