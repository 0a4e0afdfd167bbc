#include "cloudinit/run_record.hpp"

#include <charconv>
#include <vector>

namespace metalwright::cloudinit {
namespace {

std::vector<std::string_view> words_of(std::string_view text) {
    constexpr std::string_view blanks = " \n";
    std::vector<std::string_view> words;
    for (;;) {
        const std::size_t first = text.find_first_not_of(blanks);
        if (first == std::string_view::npos) return words;
        text.remove_prefix(first);
        words.push_back(text.substr(0, text.find_first_of(blanks)));
        text.remove_prefix(words.back().size());
    }
}

template <class Number>
bool read_number(std::string_view word, Number& into) {
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), into);
    return error == std::errc{} && end == word.data() + word.size();
}

}  // namespace

std::string format_claim(const Claim& claim) {
    return "pid " + std::to_string(claim.pid) + "\nstart " + std::to_string(claim.start_time) +
           "\nboot " + claim.boot_id +
           (claim.invocation.empty() ? "\n" : "\ninvocation " + claim.invocation + "\n");
}

Result<Claim> parse_claim(std::string_view text) {
    Claim claim;
    const std::vector<std::string_view> words = words_of(text);
    for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
        if (words[i] == "pid" && !read_number(words[i + 1], claim.pid)) break;
        if (words[i] == "start" && !read_number(words[i + 1], claim.start_time)) break;
        if (words[i] == "boot") claim.boot_id = words[i + 1];
        if (words[i] == "invocation") claim.invocation = words[i + 1];
    }
    if (claim.pid <= 0 || claim.start_time == 0 || claim.boot_id.empty())
        return fail(Errc::invalid_spec, "not the claim of a run");
    return claim;
}

std::string script_file(std::size_t part) {
    std::string name = run_files::script;
    return part == 1 ? name : name + '.' + std::to_string(part);
}

std::string join_nul(const std::vector<std::string>& texts) {
    std::string joined;
    for (const std::string& text : texts) (joined += text) += '\0';
    return joined;
}

std::vector<std::string> split_nul(std::string_view joined) {
    std::vector<std::string> texts;
    for (std::size_t end = joined.find('\0'); end != std::string_view::npos;
         end = joined.find('\0')) {
        texts.emplace_back(joined.substr(0, end));
        joined.remove_prefix(end + 1);
    }
    return texts;
}

std::string format_result(const ScriptStatus& status) {
    std::string text(to_string(status.state));
    if (status.exit_code) text += ' ' + std::to_string(*status.exit_code);
    if (status.signal) text += ' ' + std::to_string(*status.signal);
    text += '\n';
    if (status.attempts > 1) text += "attempts " + std::to_string(status.attempts) + '\n';
    if (!status.failed_part.empty()) text += "part " + status.failed_part + '\n';
    return text;
}

Result<ScriptStatus> parse_result(std::string_view text) {
    const std::string_view first = text.substr(0, text.find('\n'));
    const std::vector<std::string_view> words = words_of(first);
    const std::vector<std::string_view> more = words_of(text.substr(first.size()));
    ScriptStatus status{.state = script_state_from(words.empty() ? "" : words[0])};
    int number = 0;
    const bool has_number = words.size() == 2 && read_number(words[1], number);
    const bool bare = words.size() == 1 && (status.state == ScriptState::timed_out ||
                                            status.state == ScriptState::interrupted);
    bool good = bare;
    if (status.state == ScriptState::exited && has_number) {
        status.exit_code = number;
        good = true;
    } else if (status.state == ScriptState::killed && has_number) {
        status.signal = number;
        good = true;
    }
    for (std::size_t i = 0; i + 1 < more.size(); i += 2) {
        if (more[i] == "attempts") good = read_number(more[i + 1], status.attempts) && good;
        if (more[i] == "part") status.failed_part = more[i + 1];
    }
    if (!good) return fail(Errc::invalid_spec, "not the result of a run");
    return status;
}

std::uint64_t start_time_of(std::string_view proc_stat) {
    const std::size_t name_end = proc_stat.rfind(')');
    if (name_end == std::string_view::npos) return 0;
    const std::vector<std::string_view> words = words_of(proc_stat.substr(name_end + 1));
    constexpr std::size_t state = 0;        // field 3 is the first after the name
    constexpr std::size_t start_time = 19;  // field 22
    std::uint64_t ticks = 0;
    if (words.size() <= start_time || words[state] == "Z" || words[state] == "X") return 0;
    return read_number(words[start_time], ticks) ? ticks : 0;
}

}  // namespace metalwright::cloudinit
