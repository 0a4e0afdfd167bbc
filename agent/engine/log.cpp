#include "agent/engine/log.hpp"

#include <spdlog/spdlog.h>

namespace metalwright::engine {
namespace {

thread_local Fields fields_of_line;

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::debug: return spdlog::level::debug;
        case Level::info: return spdlog::level::info;
        case Level::warn: return spdlog::level::warn;
        case Level::error: return spdlog::level::err;
    }
    return spdlog::level::err;
}

}  // namespace

void log(Level level, std::string_view message, Fields fields) {
    fields_of_line = std::move(fields);
    spdlog::default_logger_raw()->log(to_spdlog(level), message);
    fields_of_line.clear();
}

const Fields& current_fields() {
    return fields_of_line;
}

}  // namespace metalwright::engine
