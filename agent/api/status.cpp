#include "agent/api/status.hpp"

#include <boost/beast/http/status.hpp>
#include <nlohmann/json.hpp>
#include <string_view>

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
        case Errc::no_space: return 507;
        case Errc::command_failed:
        case Errc::kernel_refused:
        case Errc::io:
        case Errc::internal: return 500;
    }
    return 500;
}

namespace {

/// Of what is wrong in a document it is a JSON pointer; else a disk, a NIC or a path.
bool is_pointer(const Error& error) {
    return (error.code == Errc::invalid_spec || error.code == Errc::conflict) &&
           error.where.starts_with('/');
}

Response problem(unsigned status, const Errors& errors) {
    return {
        .status = status, .body = problem_body(status, errors), .type = "application/problem+json"};
}

}  // namespace

std::string problem_body(unsigned status, const Errors& errors) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Error& error : errors) {
        nlohmann::ordered_json line;
        line["code"] = to_string(error.code);
        line["message"] = error.message;
        line["where"] = error.where;
        if (is_pointer(error)) line["pointer"] = '#' + error.where;
        list.push_back(std::move(line));
    }
    nlohmann::ordered_json body;
    body["type"] = "about:blank";  // what kind it is says the code of each error
    body["title"] =
        std::string_view(boost::beast::http::obsolete_reason(boost::beast::http::status(status)));
    body["status"] = status;
    body["detail"] = errors.empty() ? "" : errors.front().message;
    body["errors"] = std::move(list);
    // A message may quote a tool that does not speak UTF-8.
    return body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Response error_response(const Errors& errors) {
    const Errc first = errors.empty() ? Errc::internal : errors.front().code;
    return problem(http_status(first), errors);
}

Response error_response(Error error) {
    const unsigned status = http_status(error.code);
    return error_response(status, std::move(error));
}

Response error_response(unsigned status, Error error) {
    return problem(status, {std::move(error)});
}

}  // namespace metalwright::agent::api
