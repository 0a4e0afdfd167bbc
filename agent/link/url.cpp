#include "agent/link/url.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

namespace metalwright::agent::link {
namespace {

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
    if (url->has_port() && url->port_number() == 0) {
        return fail(Errc::invalid_spec, "names port 0: give the real one", std::string(text));
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
