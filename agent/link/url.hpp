#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"

namespace metalwright::agent::link {

/// One base URL of the control plane, or a proxy, taken apart.
struct Url {
    bool tls = true;
    std::string host;  ///< a name or an address; an IPv6 address without its brackets
    std::string port;  ///< "443" when the URL names none (80 for http)
    std::string path;  ///< "" or "/prefix", never with a slash at its end

    bool operator==(const Url&) const = default;
};

/// Reads "https://cp.example/prefix". Plain http is for this machine alone: its host must be
/// `localhost` or a loopback address.
/// Errors: invalid_spec (no http(s) URL; user, query or fragment in it), refused (http elsewhere).
Result<Url> parse_base_url(std::string_view text);

/// Reads "http://proxy.example:3128", which may be anywhere: TLS goes through it, not to it.
/// Errors: invalid_spec.
Result<Url> parse_proxy_url(std::string_view text);

/// "host:port", "[::1]:port": as a Host header or CONNECT has it. With `shorten` the scheme's
/// default port is left out.
std::string authority(const Url& url, bool shorten);

/// For messages: "https://host:port/prefix".
std::string to_string(const Url& url);

/// One path segment, percent-encoded: "a/b" -> "a%2Fb".
std::string encode_segment(std::string_view segment);

/// Whether `address` ("127.0.0.1", "::1") is a loopback one; false for names.
bool is_loopback(std::string_view address);

}  // namespace metalwright::agent::link
