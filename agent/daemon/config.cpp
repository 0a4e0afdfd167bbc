#include "agent/daemon/config.hpp"

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "agent/api/listen_socket.hpp"
#include "sys/files.hpp"

namespace metalwright::daemon {
namespace {

/// Reads one table after another and remembers what was asked for: the rest is unknown.
class Reader {
 public:
    Reader(const toml::table& root, std::string_view file) : root_(root), file_(file) {}

    void text(const char* key, std::string& into,
              std::initializer_list<std::string_view> words = {}) {
        const toml::node* node = find(key);
        if (node == nullptr) return;
        const auto value = node->value_exact<std::string>();
        if (!value) return wrong(key, *node, "must be a string");
        if (words.size() != 0 && std::ranges::find(words, *value) == words.end()) {
            std::string list;
            for (const std::string_view word : words)
                list += (list.empty() ? "" : ", ") + std::string(word);
            return wrong(key, *node, "must be one of " + list);
        }
        into = *value;
    }

    void path(const char* key, std::filesystem::path& into) {
        std::string value;
        text(key, value);
        if (value.empty()) return;
        if (value.front() != '/') return wrong(key, *find(key), "must be an absolute path");
        into = value;
    }

    template <class T>
    void number(const char* key, T& into, std::int64_t least, std::int64_t most) {
        const toml::node* node = find(key);
        if (node == nullptr) return;
        const auto value = node->value_exact<std::int64_t>();
        if (!value || *value < least || *value > most)
            return wrong(key, *node,
                         "must be a whole number from " + std::to_string(least) + " to " +
                             std::to_string(most));
        into = T(*value);
    }

    void flag(const char* key, bool& into) {
        const toml::node* node = find(key);
        if (node == nullptr) return;
        const auto value = node->value_exact<bool>();
        if (!value) return wrong(key, *node, "must be true or false");
        into = *value;
    }

    void strings(const char* key, std::vector<std::string>& into) {
        const toml::node* node = find(key);
        if (node == nullptr) return;
        const toml::array* list = node->as_array();
        if (list == nullptr) return wrong(key, *node, "must be a list of strings");
        for (const toml::node& one : *list) {
            const auto value = one.value_exact<std::string>();
            if (!value) return wrong(key, one, "must be a list of strings");
            into.push_back(*value);
        }
    }

    void paths(const char* key, std::optional<std::vector<std::string>>& into) {
        const toml::node* node = find(key);
        if (node == nullptr) return;
        std::vector<std::string> all;
        strings(key, all);
        if (!std::ranges::all_of(all, [](const std::string& p) { return p.starts_with('/'); }))
            return wrong(key, *node, "must hold absolute paths");
        into = std::move(all);
    }

    /// "10.0.0.9:443", "[fd00::9]:443": addresses, since names may not resolve at such a time.
    void endpoints(const char* key, std::vector<netcfg::Endpoint>& into) {
        std::vector<std::string> texts;
        strings(key, texts);
        for (const std::string& text : texts) {
            const std::size_t colon = text.rfind(':');
            std::string_view host = std::string_view(text).substr(0, std::min(colon, text.size()));
            if (host.starts_with('[') && host.ends_with(']'))
                host = host.substr(1, host.size() - 2);
            const auto address = netcfg::Address::parse(host);
            std::uint16_t port = 0;
            const char* end = text.data() + text.size();
            const bool good = colon != std::string::npos && address &&
                              std::from_chars(text.data() + colon + 1, end, port).ptr == end &&
                              port != 0;
            if (!good)
                return wrong(key, *find(key), "must hold address:port, such as 10.0.0.9:443");
            into.push_back({*address, port});
        }
    }

    void networks(const char* key, std::vector<netcfg::Prefix>& into) {
        std::vector<std::string> texts;
        strings(key, texts);
        for (const std::string& text : texts) {
            const auto network = netcfg::Prefix::parse(text);
            if (!network || network->has_host_bits())
                return wrong(key, *find(key), "must hold networks, such as 10.0.4.0/26");
            into.push_back(*network);
        }
    }

    void neighbours(const char* key, netcfg::NeighbourFiles& into) {
        std::vector<std::string> names;
        strings(key, names);
        for (const std::string& name : names) {
            if (name == "systemd-networkd")
                into.networkd = true;
            else if (name == "NetworkManager")
                into.network_manager = true;
            else
                return wrong(key, *find(key), "must hold systemd-networkd and NetworkManager only");
        }
    }

    /// After all known keys were asked for.
    void unknown_keys() { unknown_keys(root_, ""); }

    Errors errors;

    void wrong(std::string_view key, const toml::node& node, std::string_view what) {
        errors.push_back({Errc::invalid_spec, std::string(key) + " " + std::string(what),
                          std::string(file_) + ":" + std::to_string(node.source().begin.line)});
    }

 private:
    const toml::node* find(const char* key) {
        known_.insert(key);
        return root_.at_path(key).node();
    }

    void unknown_keys(const toml::table& table, const std::string& prefix) {
        for (const auto& [name, node] : table) {
            const std::string key = prefix + std::string(name.str());
            if (known_.contains(key)) continue;
            const bool is_table = std::ranges::any_of(
                known_, [&](const std::string& known) { return known.starts_with(key + "."); });
            if (is_table && node.is_table())
                unknown_keys(*node.as_table(), key + ".");
            else
                wrong(key, node, "is not a key of metalwright.toml(5)");
        }
    }

    const toml::table& root_;
    std::string_view file_;
    std::set<std::string> known_;
};

std::string trimmed(std::string text) {
    const auto last = text.find_last_not_of(" \t\r\n");
    text.erase(last == std::string::npos ? 0 : last + 1);
    text.erase(0, std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    return text;
}

/// The line of the first byte beyond ASCII that stands neither in a comment nor in quotes; 0 where
/// there is none. TOML has none there, and toml++ 3.3 asks a table that knows a part of them alone
/// (undefined behaviour in unicode_autogenerated.h).
std::size_t line_beyond_ascii(std::string_view text) {
    std::size_t line = 1;
    std::string_view quote;  // what ends the text that we are in
    for (std::size_t at = 0; at < text.size(); ++at) {
        const std::string_view rest = text.substr(at);
        if (rest.front() == '\n') {
            ++line;
            if (quote.size() == 1) quote = {};  // it is broken, which the parser tells
        } else if (!quote.empty()) {
            if (rest.front() == '\\' && quote.front() == '"' && !rest.substr(1).starts_with('\n'))
                ++at;
            else if (rest.starts_with(quote))
                at += std::exchange(quote, {}).size() - 1;
        } else if (rest.front() == '#') {
            at += std::min(rest.find('\n'), rest.size()) - 1;
        } else if (rest.front() == '"' || rest.front() == '\'') {
            const bool long_one = rest.starts_with(R"(""")") || rest.starts_with("'''");
            quote = rest.substr(0, long_one ? 3 : 1);
            at += quote.size() - 1;
        } else if (static_cast<unsigned char>(rest.front()) >= 0x80) {
            return line;
        }
    }
    return 0;
}

}  // namespace

std::expected<Config, Errors> read_config(std::string_view text, std::string_view file) {
    if (const std::size_t line = line_beyond_ascii(text); line != 0)
        return std::unexpected(
            Errors{{Errc::invalid_spec,
                    "only comments and quoted text may hold other characters than ASCII",
                    std::string(file) + ":" + std::to_string(line)}});
    const toml::parse_result parsed = toml::parse(text, file);
    if (!parsed) {
        const toml::parse_error& error = parsed.error();
        return std::unexpected(
            Errors{{Errc::invalid_spec, std::string(error.description()),
                    std::string(file) + ":" + std::to_string(error.source().begin.line)}});
    }
    Config c;
    Reader r(parsed.table(), file);
    r.text("host.id", c.host_id);
    r.path("host.catalogue", c.catalogue);
    r.text("log.level", c.log_level, {"trace", "debug", "info", "warn", "error"});
    r.text("log.target", c.log_target, {"auto", "journal", "stderr"});
    r.path("admin.socket", c.admin_socket);
    r.text("api.tcp.address", c.tcp_address);
    r.number("api.tcp.port", c.tcp_port, 0, 65'535);
    r.path("api.tcp.keys_file", c.tcp_keys_file);
    r.path("api.tcp.cert_file", c.tcp_cert_file);
    r.path("api.tcp.key_file", c.tcp_key_file);
    r.number("api.tcp.skew_seconds", c.tcp_skew, 1, 24 * 3600);
    r.path("state.dir", c.state_dir);
    r.number("state.outbox_max_bytes", c.outbox_max_bytes, 64 << 10, 1LL << 40);
    r.text("network.nic_mac", c.nic.mac);
    r.text("network.nic_name", c.nic.name);
    r.text("network.persist", c.persist, {"auto", "systemd-networkd", "ifupdown", "none"});
    r.number("network.alias_limit", c.limits.aliases, 0, 1'000'000);
    r.number("network.secondary_limit", c.limits.secondaries, 0, 1'000'000);
    r.number("network.elastic_limit", c.limits.elastics, 0, 1'000'000);
    r.networks("network.pools", c.pools);
    r.number("network.widest_range", c.limits.widest_v4, 8, 32);
    r.number("network.ipv6_singles", c.limits.v6_singles, 1, 65'536);
    r.number("network.guard_ms", c.guard.within, 100, 3'500);
    r.endpoints("network.guard_reach", c.guard.reach);
    r.text("network.wan_nic_mac", c.wan.mac);
    r.text("network.wan_nic_name", c.wan.name);
    r.flag("network.shape_ingress", c.shape_ingress);
    r.neighbours("network.neighbour_files", c.neighbours);
    r.paths("raid.storcli", c.raid_tools);
    r.number("raid.watch_seconds", c.watch_controllers, 0, 86'400);
    r.number("user_data.timeout_seconds", c.script_timeout, 1, 30LL * 24 * 3600);
    r.path("user_data.runner", c.runner);
    r.number("user_data.max_bytes", c.user_data.bytes, 1024, 700 << 10);
    r.number("user_data.max_unpacked_bytes", c.user_data.unpacked, 1024, 64 << 20);
    r.number("user_data.cpu_percent", c.run_limits.cpu_percent, 0, 100'000);
    r.number("user_data.memory_bytes", c.run_limits.memory_bytes, 0, 1LL << 50);
    r.number("user_data.tasks", c.run_limits.tasks, 0, 4'194'304);
    r.text("link.report", c.reporting_link, {"auto", "https", "file", "none"});
    r.path("link.trusted_keys_file", c.trusted_keys_file);
    r.flag("link.require_signature", c.require_signature);
    r.strings("link.https.urls", c.urls);
    r.path("link.https.token_file", c.token_file);
    r.path("link.https.ca_file", c.ca_file);
    r.path("link.https.cert_file", c.cert_file);
    r.path("link.https.key_file", c.key_file);
    r.path("link.https.enrolment_file", c.enrolment_file);
    r.path("link.https.crl_file", c.crl_file);
    r.text("link.https.proxy", c.proxy);
    r.number("link.https.wait_seconds", c.wait, 1, 300);
    r.number("link.https.backoff_min_ms", c.backoff_min, 10, 60'000);
    r.number("link.https.backoff_max_ms", c.backoff_max, 100, 3'600'000);
    r.number("link.https.batch", c.batch, 1, 1000);
    r.path("link.file.directory", c.watched_directory);
    r.unknown_keys();
    if (c.tcp_cert_file.empty() != c.tcp_key_file.empty())
        r.wrong("api.tcp.cert_file", parsed.table(), "and key_file go together");
    if (!c.tcp_address.empty() && c.tcp_keys_file.empty())
        r.wrong("api.tcp.keys_file", parsed.table(),
                "is needed with address: only signed requests are taken over TCP");
    if (!c.tcp_address.empty() && c.tcp_cert_file.empty() &&
        !agent::api::is_loopback(c.tcp_address))
        r.wrong("api.tcp.cert_file", parsed.table(),
                "is needed with an address that others reach: without TLS only loopback is "
                "listened on");
    if (c.require_signature && c.trusted_keys_file.empty())
        r.wrong("link.require_signature", *parsed.table().at_path("link.require_signature").node(),
                "needs trusted_keys_file: without it no signature could be believed");
    if (c.cert_file.empty() != c.key_file.empty())
        r.wrong("link.https.cert_file", parsed.table(), "and key_file go together");
    if (!c.enrolment_file.empty() && !(c.cert_file.empty() && c.key_file.empty()))
        r.wrong("link.https.enrolment_file",
                *parsed.table().at_path("link.https.enrolment_file").node(),
                "and cert_file exclude each other: a host gets its certificate for the token, or "
                "has one already");
    if (!r.errors.empty()) return std::unexpected(std::move(r.errors));
    return c;
}

Result<std::string> default_host_id() {
    sys::PosixFiles files;
    // Makers leave such words where a serial number should be.
    constexpr std::array<std::string_view, 6> fillers{
        "", "None", "Not Specified", "Default string", "0", "To Be Filled By O.E.M."};
    for (const char* path : {"/sys/class/dmi/id/product_serial", "/etc/machine-id"}) {
        const auto text = files.read(path);
        if (!text) continue;
        std::string id = trimmed(*text);
        if (std::ranges::find(fillers, id) == fillers.end()) return id;
    }
    return fail(Errc::not_found, "this host has no id: set [host] id in metalwright.toml");
}

}  // namespace metalwright::daemon
