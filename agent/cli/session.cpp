#include "agent/cli/session.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <istream>
#include <ostream>

#include "agent/cli/table.hpp"
#include "agent/cli/text.hpp"

namespace metalwright::agent::cli {
namespace {

constexpr std::size_t longest_document = std::size_t{1} << 20;

std::string name_of(const std::string& file) {
    return file == "-" ? "standard input" : file;
}

}  // namespace

Look Session::look() const {
    return {.style = Style(color && console.out_is_terminal && console.escapes),
            .width = console.out_is_terminal ? console.width : 0};
}

Style Session::error_style() const {
    return Style(color && console.err_is_terminal && console.escapes);
}

void Session::show(const Json& answer, const std::string& view) {
    console.out << (json ? pretty(answer) : view) << std::flush;
}

Attempt<std::string> load(const Console& console, const std::string& file) {
    const auto wrong = [&](std::string why) {
        return std::unexpected(
            Refusal{Exit::wrong_document, {{Errc::io, std::move(why), name_of(file)}}});
    };
    std::ifstream opened;
    if (file != "-") {
        errno = 0;
        opened.open(file, std::ios::binary);
        if (!opened) return wrong(std::string("cannot be read: ") + std::strerror(errno));
    }
    std::istream& in = file == "-" ? console.in : opened;
    std::string document;
    std::array<char, std::size_t{16} << 10> piece;  // most documents are one
    while (document.size() <= longest_document && in) {
        in.read(piece.data(), piece.size());
        if (in.bad()) return wrong("cannot be read to its end; is it a directory?");
        document.append(piece.data(), static_cast<std::size_t>(in.gcount()));
    }
    if (document.size() > longest_document)
        return wrong("holds more than 1 MiB, the most a document may have");
    return document;
}

void tell_errors(Session& session, const Errors& errors, const std::string& file) {
    const Style style = session.error_style();
    session.console.err << printable(name_of(file)) << ": "
                        << style(Tone::bad, counted(errors.size(), "error", "errors")) << "\n";
    std::size_t widest = 0;
    for (const Error& error : errors)
        if (const std::size_t width = columns(printable(error.where)); width <= 40)
            widest = std::max(widest, width);
    for (const Error& error : errors) {
        const std::string where = printable(error.where);
        std::string line = "  " + style(Tone::heading, where);
        if (widest > 0) line.append(std::max(widest, columns(where)) - columns(where) + 2, ' ');
        session.console.err << line
                            << printable(describe({error.code, error.message, {}, error.sys}))
                            << "\n";
    }
    session.console.err << std::flush;
}

Exit tell(Session& session, const Refusal& refusal, const std::string& file) {
    const bool about_document = refusal.exit == Exit::wrong_document && !file.empty() &&
                                refusal.errors.front().where != name_of(file);
    if (about_document) {
        tell_errors(session, refusal.errors, file);
        return refusal.exit;
    }
    for (const Error& error : refusal.errors) {
        // The errno is in the sentence already, in words.
        const std::string where = error.where.empty() ? "" : error.where + ": ";
        session.console.err << session.error_style()(Tone::bad, "metalwright:") << " "
                            << printable(where + error.message) << "\n";
    }
    session.console.err << std::flush;
    return refusal.exit;
}

Exit complain(Session& session, const Refusal& refusal, const std::string& file) {
    if (session.json) {
        Json errors = Json::array();
        for (const Error& error : refusal.errors) errors.push_back(to_json(error));
        session.console.out << pretty({{"errors", std::move(errors)}}) << std::flush;
    }
    return tell(session, refusal, file);
}

}  // namespace metalwright::agent::cli
