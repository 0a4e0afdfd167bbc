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

std::string format_result(const ScriptStatus& status) {
    std::string text(to_string(status.state));
    if (status.exit_code) text += ' ' + std::to_string(*status.exit_code);
    if (status.signal) text += ' ' + std::to_string(*status.signal);
    return text + '\n';
}

Result<ScriptStatus> parse_result(std::string_view text) {
    const std::vector<std::string_view> words = words_of(text);
    ScriptStatus status{.state = script_state_from(words.empty() ? "" : words[0])};
    int number = 0;
    const bool has_number = words.size() == 2 && read_number(words[1], number);
    if (status.state == ScriptState::exited && has_number) {
        status.exit_code = number;
        return status;
    }
    if (status.state == ScriptState::killed && has_number) {
        status.signal = number;
        return status;
    }
    const bool bare =
        status.state == ScriptState::timed_out || status.state == ScriptState::interrupted;
    if (bare && words.size() == 1) return status;
    return fail(Errc::invalid_spec, "not the result of a run");
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
