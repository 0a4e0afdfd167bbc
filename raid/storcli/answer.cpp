#include "raid/storcli/answer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace metalwright::raid::storcli {
namespace {

constexpr int code_foreign_incomplete = 59;
constexpr std::string_view words_foreign_incomplete = "Incomplete foreign configuration";

std::optional<unsigned> number_in(std::string_view word) {
    unsigned number = 0;
    const char* end = word.data() + word.size();
    const auto read = std::from_chars(word.data(), end, number);
    if (word.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return number;
}

std::string said(std::string_view description) {
    return description == "None" || description == "-" ? std::string() : std::string(description);
}

/// The name of what a row is about; which key holds it depends on the command.
std::string target_of(const Value& row) {
    for (const char* key : {"Drive", "EID:Slt"})
        if (std::string word = row.word_of({key}); !word.empty()) return word;
    for (const char* key : {"VD", "Ctrl", "Controller", "PID"})
        if (const std::string word = row.word_of({key}); !word.empty())
            return std::string(key) + " " + word;
    return {};
}

bool is_success(const Value& row) {
    const std::string status = row["Status"].word;
    if (!status.empty()) return status == "Success";
    const auto code = row["ErrCd"].whole();
    return !code || *code == 0;
}

Problem problem_of(const Value& row) {
    Problem problem{.target = target_of(row)};
    problem.code = static_cast<int>(row["ErrCd"].whole().value_or(0) % 100'000);
    problem.text = row.word_of({"ErrMsg", "Description", "Msg"});
    return problem;
}

Part part_of(const Value& controller) {
    const Value& status = controller["Command Status"];
    Part part{.controller = number_in(status["Controller"].word),
              .success = status["Status"].word == "Success",
              .description = said(status["Description"].word),
              .data = controller["Response Data"]};
    for (const Value& row : status["Detailed Status"].items)
        if (!is_success(row)) part.problems.push_back(problem_of(row));
    if (!part.problems.empty()) part.success = false;
    return part;
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!(line = trimmed(line)).empty()) {
        const std::size_t end = std::min(line.find(' '), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
    return words;
}

/// "/c0/e8/s14 Failure 46 -", a row of a table under "Detailed Status".
std::optional<Problem> problem_in(std::string_view line) {
    const std::vector<std::string_view> words = words_of(line);
    const auto failed = std::ranges::find_if(
        words, [](std::string_view word) { return word == "Failure" || word == "Failed"; });
    if (words.empty() || failed == words.begin() || failed == words.end()) return std::nullopt;
    Problem problem{.target = std::string(words.front())};
    auto rest = failed + 1;
    if (rest != words.end())
        if (const auto code = number_in(*rest)) {
            problem.code = static_cast<int>(*code % 100'000);
            ++rest;
        }
    for (; rest != words.end(); ++rest)
        if (*rest != "-") problem.text += (problem.text.empty() ? "" : " ") + std::string(*rest);
    return problem;
}

/// "Status = Failure" lines, a part for each controller. Tables of data are not read: no grammar
/// tells where a model's name ends and the next column begins.
Answer read_text(std::string_view text) {
    Answer answer;
    Part part{.text = true};
    bool has_status = false;
    bool details = false;
    const auto finish = [&] {
        if (has_status) {
            if (!part.problems.empty()) part.success = false;
            answer.parts.push_back(std::move(part));
        }
        part = Part{.text = true};
        has_status = details = false;
    };
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.starts_with("Detailed Status")) details = true;
        if (details)
            if (auto problem = problem_in(line)) part.problems.push_back(std::move(*problem));
        const std::size_t equals = line.find(" = ");
        if (equals == std::string_view::npos) continue;
        const std::string_view key = trimmed(line.substr(0, equals));
        const std::string_view value = trimmed(line.substr(equals + 3));
        if (key == "CLI Version") {
            finish();
            answer.version = value;
        } else if (key == "Controller" && !part.controller) {
            if (has_status) finish();
            part.controller = number_in(value);
        } else if (key == "Status" && !has_status) {
            has_status = true;
            part.success = value == "Success";
        } else if (key == "Description" && part.description.empty()) {
            part.description = said(value);
        }
    }
    finish();
    return answer;
}

/// "/c0/e8/s14 (code 46)", "VD 999 Invalid VD number (code 255)"
std::string in_words(const Problem& problem) {
    std::string words = problem.target;
    if (!problem.text.empty()) words += (words.empty() ? "" : " ") + problem.text;
    if (words.empty()) words = "failed";
    if (problem.code != 0) words += " (code " + std::to_string(problem.code) + ")";
    return words;
}

}  // namespace

bool Part::none() const {
    // As the tools of ten years spell it; each is followed or preceded by nothing of weight.
    constexpr std::array<std::string_view, 8> spellings{
        "No Controller found",  "Drives not found",         "No drive found",
        "No VDs have been",     "No VD's have been",        "Un-supported command",
        "Un-supported Command", "Couldn't find any foreign"};
    const auto spelt = [&](std::string_view words) {
        return std::ranges::any_of(spellings,
                                   [&](std::string_view s) { return words.contains(s); });
    };
    if (success) return spelt(description);
    if (problems.empty())
        return spelt(description) ||
               (description.starts_with("Controller ") && description.ends_with(" not found"));
    return std::ranges::all_of(problems, [&](const Problem& p) { return spelt(p.text); });
}

bool Part::foreign_incomplete() const {
    return description.contains(words_foreign_incomplete) ||
           std::ranges::any_of(problems, [](const Problem& p) {
               return p.code == code_foreign_incomplete ||
                      p.text.contains(words_foreign_incomplete);
           });
}

std::string Part::complaint() const {
    if (success) return {};
    std::string told = description;
    while (told.ends_with('.')) told.pop_back();
    constexpr std::size_t most_told = 8;
    std::size_t count = 0;
    for (const Problem& problem : problems) {
        if (count == most_told) {
            told += " and " + std::to_string(problems.size() - count) + " more";
            break;
        }
        told += told.empty() ? "" : count == 0 ? ": " : "; ";
        told += in_words(problem);
        ++count;
    }
    return told.empty() ? "it failed and did not say why" : told;
}

int Part::code() const {
    const auto with_code =
        std::ranges::find_if(problems, [](const Problem& p) { return p.code != 0; });
    return with_code == problems.end() ? 0 : with_code->code;
}

Result<Answer> read_answer(std::string_view out) {
    Result<Value> json = read_json(out);
    if (json) {
        Answer answer;
        for (const Value& controller : (*json)["Controllers"].items) {
            answer.parts.push_back(part_of(controller));
            if (answer.version.empty())
                answer.version = controller["Command Status"]["CLI Version"].word;
        }
        if (!answer.parts.empty()) return answer;
    }
    Answer text = read_text(out);
    if (!text.parts.empty()) return text;
    if (trimmed(out).empty()) return fail(Errc::io, "it answered nothing at all");
    if (json) return fail(Errc::io, "its JSON names no controller");
    return fail(Errc::io, json.error().message);
}

}  // namespace metalwright::raid::storcli
