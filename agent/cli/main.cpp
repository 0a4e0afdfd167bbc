#include "agent/cli/program.hpp"

int main(int count, char** arguments) {
    using namespace metalwright::agent::cli;
    Console console = process_console();
    std::vector<std::string> given(arguments, arguments + count);
    if (!given.empty()) given.erase(given.begin());  // our own name
    return static_cast<int>(run(std::move(given), console, METALWRIGHT_VERSION));
}
