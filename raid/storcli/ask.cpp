#include "raid/storcli/ask.hpp"

#include <algorithm>
#include <array>

#include "raid/storcli/answer.hpp"
#include "raid/storcli/seen.hpp"

namespace metalwright::raid::storcli {
namespace {

constexpr std::chrono::seconds patience{30};
constexpr std::size_t longest_answer = 32U << 20;

std::string in_words(const std::vector<std::string>& question) {
    std::string words;
    for (const std::string& word : question) words += (words.empty() ? "" : " ") + word;
    return words;
}

std::string_view last_line(std::string_view text) {
    text = trimmed(text);
    constexpr std::size_t most = 200;
    return text.substr(text.rfind('\n') + 1).substr(0, most);
}

std::string how_it_ended(const sys::Output& output) {
    std::string how;
    if (output.signal != 0)
        how = "killed by signal " + std::to_string(output.signal);
    else if (output.exit_code != 0)
        how = "exit status " + std::to_string(output.exit_code);
    if (const std::string_view words = last_line(output.err); !words.empty())
        how += (how.empty() ? "" : ": ") + std::string(words);
    return how.empty() ? "" : " (" + how + ")";
}

Result<sys::Output> put(sys::Exec& exec, const std::string& tool,
                        const std::vector<std::string>& question) {
    sys::Command command{
        .program = tool, .args = question, .timeout = patience, .output_limit = longest_answer};
    // Without nolog each call leaves a log in the working directory.
    command.args.emplace_back("J");
    command.args.emplace_back("nolog");
    return exec.run(command);
}

/// Whether it makes sense to ask this tool on.
bool ask(sys::Exec& exec, const std::string& tool, const std::vector<std::string>& question,
         Seen& seen) {
    const std::string asked = in_words(question);
    const Result<sys::Output> output = put(exec, tool, question);
    if (!output) {
        seen.fail(output.error(), asked);
        return false;
    }
    if (output->truncated) {
        seen.fail({Errc::io, "its answer is longer than 32 MiB"}, asked);
        return false;
    }
    Result<Answer> answer = read_answer(output->out);
    if (!answer) {
        Error error = std::move(answer).error();
        error.message += how_it_ended(*output);
        seen.fail(std::move(error), asked);
        return true;
    }
    seen.take(*answer, asked);
    return true;
}

/// Not every firmware has every operation, and no tool has all of these questions: that one is not
/// answered says nothing against the controller.
bool ask_for_progress(sys::Exec& exec, const std::string& tool,
                      const std::vector<std::string>& question, Seen& seen) {
    const Result<sys::Output> output = put(exec, tool, question);
    if (!output) return false;
    if (const Result<Answer> answer = read_answer(output->out)) seen.take_progress(*answer);
    return true;
}

}  // namespace

std::vector<std::string> first_question() {
    return {"/call", "show", "all"};
}

std::vector<std::vector<std::string>> further_questions(std::span<const Controller> controllers) {
    const auto any_controller = [&](auto test) { return std::ranges::any_of(controllers, test); };
    const auto any_unread = [&](bool in_enclosure) {
        return any_controller([&](const Controller& c) {
            return std::ranges::any_of(c.drives, [&](const Drive& d) {
                return d.slot && d.enclosure.has_value() == in_enclosure && d.serial.empty();
            });
        });
    };
    const auto not_told = [](const Controller& c) { return c.drives.empty() && !c.errors.empty(); };
    const bool in_the_dark = any_controller(not_told);
    std::vector<std::vector<std::string>> questions;
    if (in_the_dark || any_controller([](const Controller& c) { return !c.volumes.empty(); }))
        questions.push_back({"/call/vall", "show", "all"});
    if (in_the_dark || any_unread(true)) questions.push_back({"/call/eall/sall", "show", "all"});
    if (any_unread(false)) questions.push_back({"/call/sall", "show", "all"});
    const auto is_foreign = [](const Controller& c) {
        return std::ranges::find(c.flags, "foreign-config") != c.flags.end();
    };
    if (any_controller(is_foreign)) questions.push_back({"/call/fall", "show", "all"});
    return questions;
}

std::vector<std::vector<std::string>> progress_questions(std::span<const Controller> controllers) {
    bool in_enclosure = false;
    bool without = false;
    bool initialization = false;
    bool background = false;
    for (const Controller& controller : controllers) {
        for (const Drive& drive : controller.drives)
            if (drive.state == DriveState::rebuilding)
                (drive.enclosure ? in_enclosure : without) = true;
        for (const VirtualDrive& volume : controller.volumes) {
            const TaskKind kind = volume.task ? volume.task->kind : TaskKind::other;
            initialization |= !volume.task_told || kind == TaskKind::initialization;
            background |= !volume.task_told || kind == TaskKind::background_initialization;
        }
    }
    std::vector<std::vector<std::string>> questions;
    if (in_enclosure) questions.push_back({"/call/eall/sall", "show", "rebuild"});
    if (without) questions.push_back({"/call/sall", "show", "rebuild"});
    if (initialization) questions.push_back({"/call/vall", "show", "init"});
    if (background) questions.push_back({"/call/vall", "show", "bgi"});
    return questions;
}

std::vector<std::string> installed_tools(sys::Files& files) {
    constexpr std::array<const char*, 4> places{
        "/opt/MegaRAID/storcli/storcli64", "/opt/MegaRAID/perccli/perccli64",
        "/opt/MegaRAID/storcli2/storcli2", "/opt/MegaRAID/perccli2/perccli2"};
    std::vector<std::string> found;
    for (const char* place : places)
        if (files.exists(place)) found.emplace_back(place);
    return found;
}

Controllers observe_controllers(sys::Exec& exec, std::span<const std::string> tools) {
    Controllers all;
    for (std::size_t i = 0; i < tools.size(); ++i) {
        const std::string& tool = tools[i];
        if (std::ranges::find(tools.first(i), tool) != tools.first(i).end()) continue;
        Seen seen(tool);
        const auto answered = [&](const auto& questions, auto how) {
            return std::ranges::all_of(questions,
                                       [&](const auto& one) { return how(exec, tool, one, seen); });
        };
        if (ask(exec, tool, first_question(), seen) &&
            answered(further_questions(seen.controllers()), ask))
            answered(progress_questions(seen.controllers()), ask_for_progress);
        Controllers found = std::move(seen).finish();
        const std::size_t others = all.list.size();
        for (Controller& one : found.list) {
            const auto before = std::span(all.list).first(others);
            const bool known =
                !one.serial.empty() &&
                std::ranges::find(before, one.serial, &Controller::serial) != before.end();
            if (!known) all.list.push_back(std::move(one));
        }
        std::ranges::move(found.errors, std::back_inserter(all.errors));
    }
    return all;
}

}  // namespace metalwright::raid::storcli
