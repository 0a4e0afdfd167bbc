#include "agent/api/vendor_route.hpp"

#include <algorithm>
#include <array>
#include <boost/url/parse.hpp>
#include <ctime>

#include "sys/random.hpp"

namespace metalwright::agent::api {
namespace {

/// "Fri, 27 Nov 2026 20:38:47 GMT": some clients set their clock by it when they are refused.
std::string http_date() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::array<char, 40> text{};
    const std::size_t size =
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    return {text.data(), size};
}

Response response_of(const VendorReply& reply) {
    Response response{.status = reply.status, .body = reply.body};
    response.headers = {{"Date", http_date()},
                        {"x-request-id", reply.request_id},
                        {"x-bce-request-id", reply.request_id}};
    return response;
}

}  // namespace

std::optional<VendorPath> vendor_path(const Request& request) {
    const auto url = boost::urls::parse_origin_form(request.target);
    if (!url) return std::nullopt;
    VendorRequest asked{.method = request.method,
                        .action = std::string(header_of(request, "x-zc-action")),
                        .body = request.body};
    for (const auto& segment : url->segments()) asked.path.push_back(segment);
    for (const auto& parameter : url->params()) asked.query[parameter.key] = parameter.value;
    vendor::Found found = vendor::find(asked);
    if (found.dialect == nullptr) return std::nullopt;
    return VendorPath{std::move(asked), std::move(found)};
}

Response refusal_of(const VendorPath& path, const vendor::Refusal& refusal) {
    const std::string id = sys::random_uuid().value_or("unknown");
    Response response =
        response_of({refusal.status, path.found.dialect->frame_refusal(refusal, id), id});
    response.allow = path.found.allow;
    return response;
}

std::optional<Response> vendor_call(Desk& desk, const Call& call, bool last) {
    if (!call.handed_in) {
        auto path = vendor_path(call.request);
        if (!path) return Response{.status = 404};
        call.handed_in = desk.call(std::move(path->request));
    }
    const auto reply = call.handed_in->reply(last);
    if (!reply) return std::nullopt;
    return response_of(*reply);
}

}  // namespace metalwright::agent::api
