#include "agent/daemon/outside.hpp"

#include <pwd.h>

#include <array>
#include <utility>

#include "agent/link/url.hpp"

namespace metalwright::daemon {
namespace {

namespace gate = agent::gate;

bool has_https(const Config& config) {
    return !config.urls.empty() || !config.enrolment_file.empty();
}

bool https_reports(const Config& config) {
    return config.reporting_link == "https" ||
           (config.reporting_link == "auto" && has_https(config));
}

/// Nobody where there is no such user: then root alone may come.
std::optional<unsigned> uid_of(const char* name) {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4096> room{};
    if (::getpwnam_r(name, &entry, room.data(), room.size(), &found) != 0 || found == nullptr)
        return std::nullopt;
    return found->pw_uid;
}

/// Errors: invalid_spec, refused.
Result<gate::HttpsTerms> https_terms(const Config& config) {
    for (const std::string& url : config.urls)
        if (auto read = agent::link::parse_base_url(url); !read)
            return std::unexpected(read.error());
    if (!config.proxy.empty())
        if (auto read = agent::link::parse_proxy_url(config.proxy); !read)
            return std::unexpected(read.error());
    const auto number = [](auto duration) { return static_cast<std::uint64_t>(duration.count()); };
    return gate::HttpsTerms{.urls = config.urls,
                            .proxy = config.proxy,
                            .enrols = !config.enrolment_file.empty(),
                            .reports = https_reports(config),
                            .batch = config.batch,
                            .wait_s = number(config.wait),
                            .backoff_least_ms = number(config.backoff_min),
                            .backoff_most_ms = number(config.backoff_max)};
}

}  // namespace

Config inside_of(const Config& config) {
    Config inside = config;
    if (https_reports(config)) inside.reporting_link = "none";
    inside.urls.clear();
    inside.enrolment_file.clear();
    return inside;
}

Result<gate::GateOptions> gate_options(const Config& config, const std::string& host_id) {
    gate::GateOptions options{.hello = {.host_id = host_id}, .user = uid_of("metalwright-link")};
    if (has_https(config)) {
        auto terms = https_terms(config);
        if (!terms) return std::unexpected(terms.error());
        options.hello.https = std::move(*terms);
    } else if (config.reporting_link == "https") {
        return fail(Errc::invalid_spec, "[link] report = \"https\" needs [link.https] urls");
    }
    const auto add = [&](gate::File file, const std::filesystem::path& path) {
        if (path.empty()) return;
        options.paths[file] = path;
        options.hello.named.push_back(file);
    };
    add(gate::File::token, config.token_file);
    add(gate::File::ca, config.ca_file);
    add(gate::File::cert, config.cert_file);
    add(gate::File::key, config.key_file);
    add(gate::File::enrolment, config.enrolment_file);
    add(gate::File::crl, config.crl_file);
    add(gate::File::tcp_cert, config.tcp_cert_file);
    add(gate::File::tcp_key, config.tcp_key_file);
    return options;
}

}  // namespace metalwright::daemon
