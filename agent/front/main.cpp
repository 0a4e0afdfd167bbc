// metalwright-link: the part of the agent that faces the network. docs/man/metalwright-link.8

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <syslog.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "agent/front/front.hpp"
#include "sys/heap.hpp"

namespace {

/// Lines for stderr, each after the priority that systemd takes off it (sd-daemon(3)).
class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 protected:
    void sink_it_(const spdlog::details::log_msg& line) override {
        const int priority = line.level >= spdlog::level::err    ? LOG_ERR
                             : line.level == spdlog::level::warn ? LOG_WARNING
                             : line.level == spdlog::level::info ? LOG_INFO
                                                                 : LOG_DEBUG;
        const std::string whole = '<' + std::to_string(priority) + '>' +
                                  std::string(line.payload.data(), line.payload.size()) + '\n';
        [[maybe_unused]] const ssize_t written = ::write(2, whole.data(), whole.size());
    }
    void flush_() override {}
};

constexpr const char* usage =
    "usage: metalwright-link [SOCKET]\n"
    "The part of metalwright that faces the network, without privileges; systemd starts it.\n"
    "SOCKET: where metalwrightd is met [/run/metalwright-link/link.sock]\n"
    "See metalwright-link(8).\n";

}  // namespace

int main(int argc, char** argv) {
    using namespace metalwright;
    sys::one_heap_for_all_threads();
    agent::front::FrontOptions options;
    const std::string_view word = argc > 1 ? argv[1] : "";
    if (word == "--version") return std::puts("metalwright-link " METALWRIGHT_VERSION) < 0;
    if (argc > 2 || word.starts_with('-')) {
        const bool asked = argc == 2 && word == "--help";
        std::fputs(usage, asked ? stdout : stderr);
        return asked ? 0 : 2;
    }
    if (!word.empty()) options.gate = word;
    const char* const state = std::getenv("STATE_DIRECTORY");  // systemd.exec(5)
    if (state != nullptr && *state != '\0') options.state = state;
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("metalwright-link", std::make_shared<StderrSink>()));
    return agent::front::run(options);
}
