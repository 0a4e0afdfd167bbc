// A connection of the admin socket: whatever comes over it is answered in HTTP or not at all, the
// connection ends with what was sent, and what a route reads of a request is read without harm.
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/url/parse.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>

#include "agent/api/entity_tag.hpp"
#include "agent/api/event_stream.hpp"
#include "agent/api/http_session.hpp"
#include "agent/api/vendor_route.hpp"
#include "tests/fuzz/target.hpp"

namespace metalwright::fuzz {
namespace {

using namespace agent::api;

void check(bool promise, std::source_location where = std::source_location::current()) {
    if (promise) return;
    std::fprintf(stderr, "line %u\n", static_cast<unsigned>(where.line()));
    std::abort();
}

/// What the routes read of a request before they ask anybody.
void handle(Request request, const Respond& respond) {
    check(!request.method.empty() && !request.target.empty());
    (void)replaces_of(request);
    (void)has_already(request, 1);
    (void)wants_stream(request);
    (void)vendor_path(request);
    (void)boost::urls::parse_origin_form(request.target);
    respond({.status = 200, .body = std::to_string(request.body.size())});
}

std::string read_all(int fd) {
    std::string all;
    char chunk[4096];
    for (ssize_t n = 0; (n = ::read(fd, chunk, sizeof chunk)) > 0;)
        all.append(chunk, static_cast<std::size_t>(n));
    return all;
}

}  // namespace

void run(std::span<const std::uint8_t> input) {
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    check(::write(ends[0], input.data(), input.size()) == static_cast<ssize_t>(input.size()));
    ::shutdown(ends[0], SHUT_WR);
    {
        boost::asio::io_context io;
        bool left = false;
        const auto home = std::make_shared<SessionHome>(
            SessionHome{.io = io,
                        .limits = {.body = 2048, .header = 1024},
                        .handler = handle,
                        .left = [&](const std::shared_ptr<SessionBase>&) { left = true; }});
        make_session(home, ends[1], AF_UNIX, nullptr)->start();
        io.run();
        check(left);
    }
    const std::string said = read_all(ends[0]);
    ::close(ends[0]);
    check(said.empty() || said.starts_with("HTTP/1.1 "));
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> all;
    for (const std::string_view one :
         {"GET /v1/status?wait=5&operation=1 HTTP/1.1\r\nHost: x\r\n\r\n",
          "PUT /v1/spec HTTP/1.1\r\nHost: x\r\nIf-Match: \"3\", W/\"4\"\r\nContent-Length: "
          "2\r\n\r\n{}GET /healthz HTTP/1.1\r\n\r\n",
          "POST /api/v2/bmc HTTP/1.1\r\nX-ZC-Action: DescribeEipAddresses\r\nTransfer-Encoding: "
          "chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
          "GET /v1/events HTTP/1.0\r\nAccept: text/event-stream\r\nLast-Event-ID: 7\r\n\r\n",
          "PUT /v1/regions/r%2Dx/aliasIps?a=b%20c HTTP/1.1\r\nExpect: "
          "100-continue\r\nContent-Length: 2\r\n\r\n{}",
          "HEAD /v1/spec HTTP/1.1\r\nIf-None-Match: *\r\nConnection: close\r\n\r\n"})
        all.emplace_back(one.begin(), one.end());
    return all;
}

}  // namespace metalwright::fuzz
