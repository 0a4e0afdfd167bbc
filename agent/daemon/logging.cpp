#include "agent/daemon/logging.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/engine/log.hpp"
#include "sys/journal.hpp"

namespace metalwright::daemon {
namespace {

constexpr const char* pattern = "%Y-%m-%dT%H:%M:%S.%e%z %l %v";

int priority(spdlog::level::level_enum level) {
    switch (level) {
        case spdlog::level::critical: return LOG_CRIT;
        case spdlog::level::err: return LOG_ERR;
        case spdlog::level::warn: return LOG_WARNING;
        case spdlog::level::info: return LOG_INFO;
        default: return LOG_DEBUG;
    }
}

/// "exitCode" -> "EXIT_CODE": journal fields are upper case.
std::string field_name(std::string_view name) {
    std::string upper;
    for (const char c : name) {
        if (std::isupper(static_cast<unsigned char>(c)) != 0) upper += '_';
        upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return upper;
}

class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 protected:
    void sink_it_(const spdlog::details::log_msg& line) override {
        spdlog::memory_buf_t text;
        formatter_->format(line, text);
        std::string whole(text.data(), text.size());
        if (!whole.empty() && whole.back() == '\n') whole.pop_back();
        for (const auto& [name, value] : engine::current_fields())
            if (!value.empty()) whole += " " + std::string(name) + "=" + value;
        whole += '\n';
        [[maybe_unused]] const ssize_t written = ::write(2, whole.data(), whole.size());
    }
    void flush_() override {}
};

/// Where the journal does not take a line, stderr has it: systemd keeps that too.
class JournalSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
    explicit JournalSink(spdlog::sink_ptr otherwise) : otherwise_(std::move(otherwise)) {}

 protected:
    void sink_it_(const spdlog::details::log_msg& line) override {
        std::vector<sys::JournalField> fields{
            {"MESSAGE", std::string(line.payload.data(), line.payload.size())},
            {"PRIORITY", std::to_string(priority(line.level))},
            {"SYSLOG_IDENTIFIER", "metalwrightd"}};
        for (const auto& [name, value] : engine::current_fields())
            fields.emplace_back(field_name(name), value);
        if (!sys::send_to_journal(fields)) otherwise_->log(line);
    }
    void flush_() override {}

 private:
    spdlog::sink_ptr otherwise_;
};

/// Whether our stderr is the journal's own stream, as systemd tells in JOURNAL_STREAM=dev:inode.
bool stderr_is_journal() {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat st{};
    if (stream == nullptr || ::fstat(2, &st) != 0) return false;
    return std::to_string(st.st_dev) + ":" + std::to_string(st.st_ino) == stream;
}

}  // namespace

void set_up_log(const std::string& target, const std::string& level) {
    const bool journal = target == "journal" || (target == "auto" && stderr_is_journal());
    spdlog::sink_ptr sink = std::make_shared<StderrSink>();
    sink->set_pattern(pattern);
    if (journal) sink = std::make_shared<JournalSink>(std::move(sink));
    auto logger = std::make_shared<spdlog::logger>("metalwrightd", sink);
    logger->set_level(spdlog::level::from_str(level));
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace metalwright::daemon
