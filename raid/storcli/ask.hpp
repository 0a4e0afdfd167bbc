#pragma once

#include <span>
#include <string>
#include <vector>

#include "raid/controller.hpp"
#include "sys/exec.hpp"
#include "sys/files.hpp"

namespace metalwright::raid::storcli {

/// What is asked first: "/call show all".
std::vector<std::string> first_question();
/// What else is worth asking, once what came of that is known: volumes where there are any, drives
/// whose serial number is not known, a foreign configuration where there is one. Every tool call
/// costs seconds on a host with many drives.
std::vector<std::vector<std::string>> further_questions(std::span<const Controller> controllers);
/// Then, how far rebuilds and initializations are, where there may be any.
std::vector<std::vector<std::string>> progress_questions(std::span<const Controller> controllers);

/// Of the paths that the packages of storcli, perccli, storcli2 and perccli2 install to, those that
/// are there.
std::vector<std::string> installed_tools(sys::Files& files);

/// Asks each of these programs (absolute paths) of the family; no command twice. One that has not
/// answered within 30 s is killed with all its children, and not asked again. A controller that two
/// tools show is listed once, as the first shows it.
Controllers observe_controllers(sys::Exec& exec, std::span<const std::string> tools);

}  // namespace metalwright::raid::storcli
