#include "raid/storcli/seen.hpp"

#include <algorithm>
#include <tuple>

#include "raid/storcli/words.hpp"

namespace metalwright::raid::storcli {
namespace {

std::string file_name(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));
}

constexpr std::size_t most_errors = 32;
constexpr unsigned last_controller = 255;

void add_error(Errors& errors, Error error) {
    if (errors.size() < most_errors && std::ranges::find(errors, error) == errors.end())
        errors.push_back(std::move(error));
}

/// The rows of `show`: "System Overview", and "IT System Overview" of HBAs.
const Value& overview_of(const Value& data) {
    const Value& raid = data["System Overview"];
    return raid.is(Value::Kind::list) ? raid : data["IT System Overview"];
}

/// As the status says, else as the data do: old tools leave one of them out.
std::optional<unsigned> number_of(const Part& part) {
    if (part.controller)
        return *part.controller <= last_controller ? part.controller : std::nullopt;
    return small_number(part.data["Basics"]["Controller"].word, last_controller);
}

}  // namespace

Controller& Seen::controller(unsigned number) {
    const auto there = std::ranges::find(controllers_, number, &Controller::number);
    if (there != controllers_.end()) return *there;
    return controllers_.emplace_back(Controller{
        .id = file_name(tool_) + "/c" + std::to_string(number), .tool = tool_, .number = number});
}

void Seen::take(const Answer& answer, std::string_view asked) {
    for (const Part& part : answer.parts) take(part, asked, answer.version);
}

void Seen::take(const Part& part, std::string_view asked, const std::string& version) {
    for (const Value& row : overview_of(part.data).items) {
        const auto number = small_number(row.word_of({"Ctl", "Ctrl"}), last_controller);
        if (!number) continue;
        Controller& one = controller(*number);
        if (one.model.empty()) one.model = row.word_of({"Model", "Product Name"});
        if (one.serial.empty()) one.serial = row.word_of({"SerialNumber"});
        if (one.mode == ControllerMode::unknown) one.mode = mode_of(row["Personality"].word);
    }
    const std::string about(asked);
    if (part.text && part.success && !part.none()) {
        add_error(errors_, {Errc::command_failed,
                            about + " was answered with text where JSON was asked for", tool_});
        return;
    }
    const std::optional<unsigned> number = number_of(part);
    const bool of_the_host = !part.data["Number of Controllers"].is(Value::Kind::nothing);
    const bool complaint = !part.success && !part.none() && !part.foreign_incomplete();
    if (!number) {
        if (complaint)
            add_error(errors_,
                      {Errc::command_failed, about + ": " + part.complaint(), tool_, part.code()});
        else if (!of_the_host && !part.data.is(Value::Kind::nothing))
            add_error(errors_,
                      {Errc::command_failed,
                       about + " was answered for a controller that it does not name", tool_});
        return;
    }
    if (part.none() && part.data.is(Value::Kind::nothing)) return;
    Controller& one = controller(*number);
    if (one.tool_version.empty()) one.tool_version = version;
    if (part.foreign_incomplete()) add_flag(one, "foreign-incomplete");
    if (complaint)
        add_error(one.errors,
                  {Errc::command_failed, about + ": " + part.complaint(), one.id, part.code()});
    if (of_the_host) return;
    take_facts(part.data, one);
    take_drives_and_volumes(part.data, one);
}

void Seen::take_progress(const Answer& answer) {
    for (const Part& part : answer.parts) {
        const std::optional<unsigned> number = number_of(part);
        const auto one = std::ranges::find(controllers_, number, &Controller::number);
        if (number && one != controllers_.end()) take_drives_and_volumes(part.data, *one);
    }
}

void Seen::fail(Error error, std::string_view asked) {
    error.message = std::string(asked) + ": " + error.message;
    error.where = tool_;
    add_error(errors_, std::move(error));
}

Controllers Seen::finish() && {
    for (Controller& one : controllers_) {
        link_drives_and_volumes(one);
        std::ranges::sort(one.flags);
        std::ranges::sort(one.volumes, {}, &VirtualDrive::id);
        std::ranges::sort(one.drives, {}, [](const Drive& d) {
            return std::tuple(!d.slot, !d.enclosure, d.enclosure, d.slot, d.group);
        });
    }
    std::ranges::sort(controllers_, {}, &Controller::number);
    return {.list = std::move(controllers_), .errors = std::move(errors_)};
}

void add_flag(Controller& controller, std::string_view flag) {
    if (std::ranges::find(controller.flags, flag) == controller.flags.end())
        controller.flags.emplace_back(flag);
}

}  // namespace metalwright::raid::storcli
