#include "agent/gate/messages.hpp"

#include <algorithm>
#include <utility>

#include "agent/gate/reader.hpp"

namespace metalwright::agent::gate {
namespace {

std::string flag(bool on) {
    return on ? "1" : "0";
}

/// The value, when the reader has nothing to object.
template <class T>
Result<T> read(const Reader& reader, T value) {
    if (auto ended = reader.ended(); !ended) return std::unexpected(ended.error());
    return value;
}

std::optional<File> file_named(std::string_view name) {
    for (const File file : files)
        if (to_string(file) == name) return file;
    return std::nullopt;
}

}  // namespace

std::string_view to_string(File file) noexcept {
    switch (file) {
        case File::token: return "token";
        case File::ca: return "ca";
        case File::cert: return "cert";
        case File::key: return "key";
        case File::tcp_cert: return "tcp-cert";
        case File::tcp_key: return "tcp-key";
        case File::enrolment: return "enrolment";
        case File::crl: return "crl";
    }
    return "";
}

bool Hello::names(File file) const {
    return std::ranges::find(named, file) != named.end();
}

Frame to_frame(const Hello& hello) {
    Frame frame{Kind::hello, 0, {std::to_string(version), hello.host_id, flag(hello.tcp)}};
    frame.fields.push_back(std::to_string(hello.named.size()));
    for (const File file : hello.named) frame.fields.emplace_back(to_string(file));
    frame.fields.push_back(flag(hello.https.has_value()));
    if (!hello.https) return frame;
    const HttpsTerms& terms = *hello.https;
    for (const std::string& field :
         {terms.proxy, flag(terms.enrols), flag(terms.reports), std::to_string(terms.batch),
          std::to_string(terms.wait_s), std::to_string(terms.backoff_least_ms),
          std::to_string(terms.backoff_most_ms)})
        frame.fields.push_back(field);
    frame.fields.insert(frame.fields.end(), terms.urls.begin(), terms.urls.end());
    return frame;
}

Result<Hello> hello_in(const Frame& frame) {
    Reader reader(frame, Kind::hello);
    if (frame.kind == Kind::hello && reader.number() != version)
        return fail(Errc::unsupported,
                    "metalwrightd is of another version than metalwright-link: restart both");
    Hello hello{.host_id = reader.text(), .tcp = reader.flag()};
    for (auto count = reader.number(files.size()); count > 0 && reader.left() > 0; --count) {
        const auto file = file_named(reader.text());
        reader.require(file.has_value());
        if (file) hello.named.push_back(*file);
    }
    if (reader.flag()) {
        HttpsTerms terms{.proxy = reader.text(),
                         .enrols = reader.flag(),
                         .reports = reader.flag(),
                         .batch = reader.number(most_rows),
                         .wait_s = reader.number(),
                         .backoff_least_ms = reader.number(),
                         .backoff_most_ms = reader.number()};
        while (reader.left() > 0) terms.urls.push_back(reader.text());
        hello.https = std::move(terms);
    }
    return read(reader, std::move(hello));
}

Frame to_frame(std::uint32_t id, const Submission& submission) {
    const auto& generation = submission.generation;
    return {Kind::submit,
            id,
            {submission.document, generation ? std::to_string(*generation) : "",
             flag(submission.signature.has_value()), submission.signature.value_or("")}};
}

Result<Submission> submission_in(const Frame& frame) {
    Reader reader(frame, Kind::submit);
    Submission submission{.source = {}, .document = reader.text()};
    // One without a generation has an empty field.
    if (frame.fields.size() > 1 && frame.fields[1].empty())
        (void)reader.text();
    else
        submission.generation = reader.number();
    const bool is_signed = reader.flag();
    submission.signature = reader.text();
    reader.require(is_signed || submission.signature->empty());
    if (!is_signed) submission.signature.reset();
    return read(reader, std::move(submission));
}

Frame unsent_frame(std::uint32_t id, std::size_t limit) {
    return {Kind::unsent, id, {std::to_string(limit)}};
}

Result<std::size_t> limit_in(const Frame& frame) {
    Reader reader(frame, Kind::unsent);
    const std::size_t limit = reader.number(most_rows);
    reader.require(limit > 0);
    return read(reader, limit);
}

Frame acknowledge_frame(std::uint32_t id, std::int64_t seq) {
    return {Kind::acknowledge, id, {std::to_string(seq)}};
}

Result<std::int64_t> seq_in(const Frame& frame) {
    Reader reader(frame, Kind::acknowledge);
    const auto seq = static_cast<std::int64_t>(reader.number(INT64_MAX));
    reader.require(seq > 0);
    return read(reader, seq);
}

Frame file_frame(std::uint32_t id, File file) {
    return {Kind::file, id, {std::string(to_string(file))}};
}

Result<File> file_in(const Frame& frame) {
    Reader reader(frame, Kind::file);
    const auto file = file_named(reader.text());
    reader.require(file.has_value());
    return read(reader, file.value_or(File::token));
}

Frame to_frame(std::uint32_t id, const Accepted& accepted) {
    return {Kind::accepted,
            id,
            {std::to_string(accepted.operation), std::to_string(accepted.generation),
             accepted.instance, flag(accepted.repeated), flag(accepted.finished)}};
}

Frame to_frame(std::uint32_t id, const Errors& errors) {
    Frame frame{Kind::refused, id, {}};
    constexpr std::size_t most = most_fields / 4;
    for (std::size_t i = 0; i < std::min(errors.size(), most); ++i) {
        const Error& error = errors[i];
        for (std::string field : {std::string(to_string(error.code)), error.message, error.where,
                                  std::to_string(std::max(error.sys, 0))})
            frame.fields.push_back(std::move(field));
    }
    return frame;
}

std::optional<Errors> errors_in(const Frame& frame) {
    if (frame.kind != Kind::refused) return std::nullopt;
    Reader reader(frame, Kind::refused);
    Errors errors;
    while (reader.left() > 0)
        errors.push_back({errc_from(reader.text()), reader.text(), reader.text(),
                          static_cast<int>(reader.number(INT32_MAX))});
    if (!reader.ended() || errors.empty())
        return Errors{{Errc::internal, "metalwrightd refuses it and does not say why"}};
    return errors;
}

Result<std::expected<Accepted, Errors>> submitted_in(const Frame& frame) {
    if (auto errors = errors_in(frame))
        return std::expected<Accepted, Errors>(std::unexpected(std::move(*errors)));
    Reader reader(frame, Kind::accepted);
    Accepted accepted{.operation = static_cast<std::int64_t>(reader.number(INT64_MAX)),
                      .generation = reader.number(),
                      .instance = reader.text(),
                      .repeated = reader.flag(),
                      .finished = reader.flag()};
    return read(reader, std::expected<Accepted, Errors>(std::move(accepted)));
}

Frame to_frame(std::uint32_t id, const std::vector<OutboxRow>& rows) {
    Frame frame{Kind::reports, id, {}};
    std::size_t size = 64;
    for (const OutboxRow& row : rows) {
        size += row.body.size() + 40;
        if (&row != &rows.front() && (size > most_frame || frame.fields.size() + 2 > most_fields))
            break;
        frame.fields.push_back(std::to_string(row.seq));
        frame.fields.push_back(row.body);
    }
    return frame;
}

Result<std::vector<OutboxRow>> rows_in(const Frame& frame) {
    Reader reader(frame, Kind::reports);
    std::vector<OutboxRow> rows;
    while (reader.left() > 0)
        rows.push_back({static_cast<std::int64_t>(reader.number(INT64_MAX)), reader.text()});
    return read(reader, std::move(rows));
}

std::int64_t last_seq_in(const Frame& reports) {
    if (reports.fields.size() < 2) return 0;
    const Frame last{Kind::acknowledge, 0, {reports.fields[reports.fields.size() - 2]}};
    return seq_in(last).value_or(0);
}

Frame content_frame(std::uint32_t id, std::string content) {
    Frame frame{Kind::content, id, {}};
    frame.fields.push_back(std::move(content));
    return frame;
}

Result<std::string> content_in(const Frame& frame) {
    Reader reader(frame, Kind::content);
    std::string content = reader.text();
    return read(reader, std::move(content));
}

}  // namespace metalwright::agent::gate
