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

// Of a LinkStatus: what its words are cut to, and how many errors a document is refused with.
constexpr std::size_t most_text = 1024;
constexpr std::size_t most_told = 16;
constexpr std::uint64_t most_ms = 253'402'300'799'999;  ///< the end of the year 9999

using Moment = std::chrono::sys_time<std::chrono::milliseconds>;

Moment at_ms(std::uint64_t ms) {
    return Moment(std::chrono::milliseconds(ms));
}

/// Within what is read again: a clock before 1970 says 0.
std::uint64_t ms_of(Moment moment) {
    const std::int64_t ms = moment.time_since_epoch().count();
    return std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0)), most_ms);
}

void add_error(Frame& frame, const Error& error, std::size_t most = most_frame) {
    for (std::string field : {std::string(to_string(error.code)), error.message.substr(0, most),
                              error.where.substr(0, most), std::to_string(std::max(error.sys, 0))})
        frame.fields.push_back(std::move(field));
}

Error error_in(Reader& reader, std::size_t most = most_frame) {
    return {errc_from(reader.text(most)), reader.text(most), reader.text(most),
            static_cast<int>(reader.number(INT32_MAX))};
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
    submission.generation = reader.optional_number();
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

Frame to_frame(std::uint32_t id, const LinkStatus& status) {
    Frame frame{Kind::standing, id, {}};
    frame.fields.push_back(status.last_contact ? std::to_string(ms_of(*status.last_contact)) : "");
    frame.fields.push_back(status.generation ? std::to_string(*status.generation) : "");
    frame.fields.push_back(flag(status.certificate.has_value()));
    if (const auto& certificate = status.certificate) {
        frame.fields.push_back(certificate->serial.substr(0, most_text));
        frame.fields.push_back(std::to_string(ms_of(certificate->until)));
        frame.fields.push_back(flag(certificate->revoked));
    }
    for (const auto* error :
         {&status.document_error, &status.report_error, &status.certificate_error}) {
        frame.fields.push_back(flag(error->has_value()));
        if (*error) add_error(frame, **error, most_text);
    }
    for (std::size_t i = 0; i < std::min(status.refused.size(), most_told); ++i)
        add_error(frame, status.refused[i], most_text);
    return frame;
}

Result<LinkStatus> standing_in(const Frame& frame) {
    Reader reader(frame, Kind::standing);
    LinkStatus status;
    if (const auto ms = reader.optional_number(most_ms)) status.last_contact = at_ms(*ms);
    status.generation = reader.optional_number();
    if (reader.flag()) {
        const std::string& serial = reader.text(most_text);
        const auto until = std::chrono::floor<std::chrono::seconds>(at_ms(reader.number(most_ms)));
        status.certificate = LinkCertificate{serial, until, reader.flag()};
    }
    for (auto* error : {&status.document_error, &status.report_error, &status.certificate_error})
        if (reader.flag()) *error = error_in(reader, most_text);
    while (reader.left() > 0) {
        reader.require(status.refused.size() < most_told);
        status.refused.push_back(error_in(reader, most_text));
    }
    return read(reader, std::move(status));
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
    for (std::size_t i = 0; i < std::min(errors.size(), most); ++i) add_error(frame, errors[i]);
    return frame;
}

std::optional<Errors> errors_in(const Frame& frame) {
    if (frame.kind != Kind::refused) return std::nullopt;
    Reader reader(frame, Kind::refused);
    Errors errors;
    while (reader.left() > 0) errors.push_back(error_in(reader));
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
