#include "agent/cli/daemon.hpp"

namespace metalwright::agent::cli {
namespace {

Exit exit_for(int status, const Errors& errors) {
    switch (status) {
        case 400:
        case 409:
        case 413:
        case 422: return Exit::wrong_document;
        case 503:
            return !errors.empty() && errors.front().code == Errc::busy ? Exit::failed
                                                                        : Exit::unreachable;
        default: return Exit::failed;
    }
}

Errc code_for(int status) {
    if (status == 404) return Errc::not_found;
    if (status == 403) return Errc::refused;
    if (status == 503) return Errc::unavailable;
    return status >= 400 && status < 500 ? Errc::invalid_spec : Errc::internal;
}

Refusal refusal(int status, const Json& body, const std::string& socket) {
    Errors errors;
    for (const Json& one : list(body, "errors"))
        if (one.is_object()) errors.push_back(to_error(one));
    if (errors.empty())
        errors.push_back({code_for(status),
                          "metalwrightd answered with HTTP status " + std::to_string(status) +
                              " and no reason; see `journalctl -u metalwright`",
                          socket});
    return {exit_for(status, errors), std::move(errors)};
}

}  // namespace

Attempt<std::string> Daemon::body(const Request& request, std::chrono::milliseconds timeout,
                                  const std::function<void()>& tick) const {
    Result<Reply> reply = client_.send(request, timeout, tick);
    if (!reply) {
        const Exit exit = reply.error().code == Errc::internal ? Exit::failed : Exit::unreachable;
        return std::unexpected(Refusal{exit, {std::move(reply).error()}});
    }
    if (reply->status >= 300)
        return std::unexpected(
            refusal(reply->status, Json::parse(reply->body, nullptr, false), socket_path()));
    return std::move(reply->body);
}

Answer Daemon::ask(const Request& request, std::chrono::milliseconds timeout,
                   const std::function<void()>& tick) const {
    const Attempt<std::string> text = body(request, timeout, tick);
    if (!text) return std::unexpected(text.error());
    Json answer = Json::parse(*text, nullptr, false);
    if (!answer.is_object())
        return std::unexpected(
            Refusal{Exit::failed,
                    {{Errc::internal,
                      "the answer to " + request.target +
                          " is not the JSON expected; are metalwright and metalwrightd of one "
                          "version? (`metalwright --version`, `metalwrightd --version`)",
                      socket_path()}}});
    return answer;
}

Attempt<std::string> Daemon::text(const std::string& target,
                                  std::chrono::milliseconds timeout) const {
    return body({.target = target}, timeout, {});
}

Answer Daemon::get(const std::string& target, std::chrono::milliseconds timeout,
                   const std::function<void()>& tick) const {
    return ask({.target = target}, timeout, tick);
}

Answer Daemon::post(const std::string& target, std::string document,
                    std::chrono::milliseconds timeout, const std::function<void()>& tick) const {
    return ask({.method = "POST", .target = target, .body = std::move(document)}, timeout, tick);
}

}  // namespace metalwright::agent::cli
