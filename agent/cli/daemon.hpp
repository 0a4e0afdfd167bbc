#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "agent/cli/client.hpp"
#include "agent/cli/exit.hpp"
#include "agent/cli/fields.hpp"

namespace metalwright::agent::cli {

using Answer = Attempt<Json>;

/// The daemon as the commands see it: a question in, JSON or a Refusal out. The Refusal's errors
/// are the daemon's own, its exit is decided here and nowhere else.
class Daemon {
 public:
    explicit Daemon(std::string socket_path) : client_(std::move(socket_path)) {}

    const std::string& socket_path() const noexcept { return client_.socket_path(); }

    Answer get(const std::string& target, std::chrono::milliseconds timeout,
               const std::function<void()>& tick = {}) const;
    /// What is no JSON, as it comes.
    Attempt<std::string> text(const std::string& target, std::chrono::milliseconds timeout) const;
    Answer post(const std::string& target, std::string document, std::chrono::milliseconds timeout,
                const std::function<void()>& tick = {}) const;

 private:
    Attempt<std::string> body(const Request& request, std::chrono::milliseconds timeout,
                              const std::function<void()>& tick) const;
    Answer ask(const Request& request, std::chrono::milliseconds timeout,
               const std::function<void()>& tick) const;
    Client client_;
};

}  // namespace metalwright::agent::cli
