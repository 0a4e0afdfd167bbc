#include "agent/api/status.hpp"

#include <nlohmann/json.hpp>

namespace metalwright::agent::api {

unsigned http_status(Errc code) noexcept {
    switch (code) {
        case Errc::invalid_spec: return 400;
        case Errc::not_found: return 404;
        case Errc::conflict:
        case Errc::refused: return 409;
        case Errc::unsupported: return 422;
        case Errc::busy:
        case Errc::unavailable: return 503;
        case Errc::timed_out: return 504;
        case Errc::command_failed:
        case Errc::kernel_refused:
        case Errc::io:
        case Errc::internal: return 500;
    }
    return 500;
}

std::string errors_body(const Errors& errors) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Error& error : errors) {
        nlohmann::ordered_json line;
        line["code"] = to_string(error.code);
        line["message"] = error.message;
        line["where"] = error.where;
        list.push_back(std::move(line));
    }
    nlohmann::ordered_json body;
    body["errors"] = std::move(list);
    // A message may quote a tool that does not speak UTF-8.
    return body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Response error_response(const Errors& errors) {
    const Errc first = errors.empty() ? Errc::internal : errors.front().code;
    return {.status = http_status(first), .body = errors_body(errors)};
}

Response error_response(Error error) {
    const unsigned status = http_status(error.code);
    return error_response(status, std::move(error));
}

Response error_response(unsigned status, Error error) {
    return {.status = status, .body = errors_body({std::move(error)})};
}

}  // namespace metalwright::agent::api
