// The small things that a control plane's answers and an operator's URLs are made of: headers with
// numbers and dates, and URLs. Each is what it says or nothing, and a bound is kept.
#include <cstdlib>
#include <string>

#include "agent/link/https_link.hpp"
#include "agent/link/retry_after.hpp"
#include "agent/link/url.hpp"
#include "tests/fuzz/target.hpp"

namespace metalwright::fuzz {
namespace {

using namespace agent::link;

constexpr std::string_view texts[] = {"https://cp.example:8443/prefix",
                                      "http://[::1]:80/",
                                      "W/\"17\"",
                                      "\"18446744073709551615\"",
                                      "120\nSun, 06 Nov 1994 08:49:37 GMT",
                                      "Sunday, 06-Nov-94 08:49:37 GMT\nSun Nov  6 08:49:37 1994",
                                      "a/b%c d"};

void check(bool promise) {
    if (!promise) std::abort();
}

void check_url(const Result<Url>& url, std::string_view text) {
    if (!url) return check(!url.error().message.empty());
    check(!url->host.empty() && !url->port.empty());
    check(url->path.empty() || (url->path.front() == '/' && url->path.back() != '/'));
    // What is said of it is read as the same again.
    const auto again = parse_base_url(to_string(*url));
    if (url->tls || text.find("localhost") != std::string_view::npos || is_loopback(url->host))
        check(again && *again == *url);
}

}  // namespace

void run(std::span<const std::uint8_t> input) {
    const std::string text(input.begin(), input.end());
    check_url(parse_base_url(text), text);
    if (const auto proxy = parse_proxy_url(text); !proxy) check(!proxy.error().message.empty());

    if (const auto generation = generation_of(text)) {
        const std::string digits = std::to_string(*generation);
        check(text.find(digits) != std::string::npos);
    }
    const std::size_t line = text.find('\n');
    const std::string date = line == std::string::npos ? "" : text.substr(line + 1);
    constexpr std::chrono::seconds most{3600};
    const WallTime now{std::chrono::seconds(1'700'000'000)};
    if (const auto wait = retry_after(text.substr(0, line), date, now, most))
        check(wait->count() >= 0 && *wait <= most);
    if (const auto time = parse_http_date(text)) check(!to_iso8601(*time).empty());

    const std::string segment = encode_segment(text);
    for (const char c : segment) check(c > 0x20 && c < 0x7f && c != '/' && c != '?' && c != '#');
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> all;
    for (const std::string_view one : texts) all.emplace_back(one.begin(), one.end());
    return all;
}

}  // namespace metalwright::fuzz
