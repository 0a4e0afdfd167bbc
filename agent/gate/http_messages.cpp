// A request over TCP on its way to the part that is root, and the answer to it.

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

#include "agent/gate/messages.hpp"
#include "agent/gate/reader.hpp"

namespace metalwright::agent::gate {
namespace {

constexpr std::size_t most_body = std::size_t{256} << 10, most_head = std::size_t{32} << 10;

bool is_token(std::string_view text) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               marks.contains(c);
    });
}

/// What a header's value may be: bytes, but no control characters.
bool is_value(std::string_view text) {
    return std::ranges::none_of(text, [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
    });
}

bool is_address(const std::string& text) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return text.empty() || ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

void put_headers(Frame& frame, const std::vector<std::pair<std::string, std::string>>& headers) {
    for (const auto& [name, value] : headers) {
        frame.fields.push_back(name);
        frame.fields.push_back(value);
    }
}

std::vector<std::pair<std::string, std::string>> headers_of(Reader& reader) {
    std::vector<std::pair<std::string, std::string>> headers;
    while (reader.left() > 0) {
        std::string name = reader.text();
        headers.emplace_back(std::move(name), reader.text());
        reader.require(is_token(headers.back().first) && is_value(headers.back().second));
    }
    return headers;
}

}  // namespace

Frame to_frame(std::uint32_t id, const api::Request& request) {
    Frame frame{
        Kind::request,
        id,
        {request.method, request.target, request.head ? "1" : "0", request.address, request.body}};
    put_headers(frame, request.headers);
    return frame;
}

Result<api::Request> request_in(const Frame& frame) {
    std::size_t size = 0;
    for (const std::string& field : frame.fields) size += field.size();
    Reader reader(frame, Kind::request);
    api::Request request;
    request.method = reader.text();
    request.target = reader.text();
    request.head = reader.flag();
    request.address = reader.text();
    request.body = reader.text();
    request.headers = headers_of(reader);
    request.remote = true;
    reader.require(is_token(request.method) && request.body.size() <= most_body &&
                   size - request.body.size() <= most_head && is_address(request.address));
    reader.require(request.target.starts_with('/') &&
                   std::ranges::none_of(request.target, [](char c) {
                       return static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
                   }));
    if (auto ended = reader.ended(); !ended) return std::unexpected(ended.error());
    return request;
}

Frame to_frame(std::uint32_t id, const api::Response& response) {
    Frame frame{Kind::response,
                id,
                {std::to_string(response.status), response.type, response.allow, response.body}};
    put_headers(frame, response.headers);
    return frame;
}

Result<api::Response> response_in(const Frame& frame) {
    Reader reader(frame, Kind::response);
    api::Response response;
    response.status = static_cast<unsigned>(reader.number(599));
    response.type = reader.text();
    response.allow = reader.text();
    response.body = reader.text();
    response.headers = headers_of(reader);
    reader.require(response.status >= 200);
    if (auto ended = reader.ended(); !ended) return std::unexpected(ended.error());
    return response;
}

}  // namespace metalwright::agent::gate
