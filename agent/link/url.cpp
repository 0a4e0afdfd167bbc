#include "agent/link/url.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <charconv>

namespace metalwright::agent::link {
namespace {

// Boost 1.81 wraps a port above 65535.
bool is_port(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value > 0 && value < 65536;
}

/// RFC 3986 allows much more, and any byte behind a per cent sign: a line feed in a header is one.
bool is_host(std::string_view text) {
    constexpr std::string_view of_names =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    constexpr std::string_view of_addresses = "0123456789abcdefABCDEF:.";
    return text.find_first_not_of(of_names) == std::string_view::npos ||
           text.find_first_not_of(of_addresses) == std::string_view::npos;
}

Result<Url> parse(std::string_view text) {
    const auto url = boost::urls::parse_uri(text);
    if (!url || url->host().empty() ||
        (url->scheme_id() != boost::urls::scheme::https &&
         url->scheme_id() != boost::urls::scheme::http)) {
        return fail(Errc::invalid_spec, "is not a URL like https://control-plane.example:8443",
                    std::string(text));
    }
    if (url->has_userinfo() || url->has_query() || url->has_fragment()) {
        // Not quoted: a user part may hold a password.
        return fail(Errc::invalid_spec,
                    "a URL with a user, a query or a fragment in it: leave these out", url->host());
    }
    Url parsed;
    parsed.tls = url->scheme_id() == boost::urls::scheme::https;
    parsed.host = url->host_address();
    parsed.port = url->port().empty() ? (parsed.tls ? "443" : "80") : std::string(url->port());
    parsed.path = std::string(url->encoded_path());
    while (parsed.path.ends_with('/')) parsed.path.pop_back();
    if (!is_host(parsed.host)) {
        return fail(Errc::invalid_spec,
                    "names no host: a name of letters, digits, '-', '_' and '.', or an address",
                    std::string(text));
    }
    if (!is_port(parsed.port)) {
        return fail(Errc::invalid_spec, "names no port from 1 to 65535", std::string(text));
    }
    // Boost 1.81 takes 127.0.0.1.example as the host 127.0.0.1 and the path ".example".
    if (!parsed.path.empty() && !parsed.path.starts_with('/')) {
        return fail(Errc::invalid_spec,
                    "has a host name that begins like an address: use another name for it",
                    std::string(text));
    }
    return parsed;
}

}  // namespace

bool is_loopback(std::string_view address) {
    boost::system::error_code ec;
    const auto parsed = boost::asio::ip::make_address(address, ec);
    return !ec && parsed.is_loopback();
}

Result<Url> parse_base_url(std::string_view text) {
    auto url = parse(text);
    if (url && !url->tls && url->host != "localhost" && !is_loopback(url->host)) {
        return fail(Errc::refused,
                    "plain http would send this host's token in the clear: use https (http is for "
                    "loopback addresses only)",
                    std::string(text));
    }
    return url;
}

Result<Url> parse_proxy_url(std::string_view text) {
    auto url = parse(text);
    if (url && (url->tls || !url->path.empty())) {
        return fail(Errc::invalid_spec, "a proxy is named as http://host:port", std::string(text));
    }
    return url;
}

std::string authority(const Url& url, bool shorten) {
    std::string text = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
    if (shorten && url.port == (url.tls ? "443" : "80")) return text;
    return text + ":" + url.port;
}

std::string to_string(const Url& url) {
    return (url.tls ? "https://" : "http://") + authority(url, true) + url.path;
}

std::string encode_segment(std::string_view segment) {
    return boost::urls::encode(segment, boost::urls::unreserved_chars);
}

}  // namespace metalwright::agent::link
