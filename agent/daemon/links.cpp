#include "agent/daemon/links.hpp"

#include <optional>
#include <vector>

#include "agent/link/enrolment_file.hpp"
#include "agent/link/file_link.hpp"
#include "agent/link/https_link.hpp"
#include "agent/link/identity.hpp"
#include "sys/files.hpp"

namespace metalwright::daemon {
namespace {

using namespace metalwright::agent;

/// Those of the configuration; where it names none, of the bootstrap file, or of the one that this
/// host was enrolled with.
std::vector<std::string> base_urls(const Config& config, const std::string& host_id) {
    if (!config.urls.empty() || config.enrolment_file.empty()) return config.urls;
    return link::enrolled_urls({identity_directory(config), host_id},
                               link::read_enrolment_file(config.enrolment_file));
}

Result<link::HttpsOptions> https_options(const Config& config, const std::string& host_id) {
    link::HttpsOptions options{
        .host_id = host_id,
        .token_file = config.token_file,
        .tls = {config.ca_file, config.cert_file, config.key_file, config.crl_file},
        .batch = config.batch,
        .wait = config.wait,
        .backoff = {config.backoff_min, config.backoff_max}};
    if (!config.enrolment_file.empty())
        options.enrolment = {.directory = identity_directory(config),
                             .file = config.enrolment_file};
    for (const std::string& text : base_urls(config, host_id)) {
        auto url = link::parse_base_url(text);
        if (!url) return std::unexpected(url.error());
        options.bases.push_back(std::move(*url));
    }
    if (!config.proxy.empty()) {
        auto proxy = link::parse_proxy_url(config.proxy);
        if (!proxy) return std::unexpected(proxy.error());
        options.proxy = std::move(*proxy);
    }
    return options;
}

class ConfiguredLinks final : public Links {
 public:
    sys::PosixFiles files;
    std::optional<link::HttpsLink> https;
    std::optional<link::FileLink> file;

    void start() override {
        if (https) https->start();
        if (file) file->start();
    }
    void stop() override {
        if (https) https->stop();
        if (file) file->stop();
    }
};

}  // namespace

std::filesystem::path identity_directory(const Config& config) {
    return config.state_dir / "link";
}

Result<std::unique_ptr<Links>> make_links(const Config& config, const std::string& host_id,
                                          boost::asio::io_context& io,
                                          boost::asio::thread_pool& pool, LinkDesk& desk,
                                          link::Told told) {
    // Exactly one link carries the reports: the control plane where there is one.
    std::string reporting = config.reporting_link;
    const bool https = !config.urls.empty() || !config.enrolment_file.empty();
    if (reporting == "auto") reporting = https ? "https" : "file";
    auto links = std::make_unique<ConfiguredLinks>();
    if (https) {
        auto options = https_options(config, host_id);
        if (!options) return std::unexpected(options.error());
        if (options->bases.empty())
            return fail(Errc::invalid_spec,
                        "no URL of the control plane is known: name [link.https] urls, or put a "
                        "bootstrap file with \"urls\" there",
                        config.enrolment_file.native());
        options->reports = reporting == "https";
        options->told = told;
        links->https.emplace(io, pool, desk, std::move(*options));
    } else if (reporting == "https") {
        return fail(Errc::invalid_spec, "[link] report = \"https\" needs [link.https] urls");
    }
    if (!config.watched_directory.empty())
        links->file.emplace(io, pool, desk, links->files,
                            link::FileOptions{.directory = config.watched_directory,
                                              .reports = reporting == "file",
                                              .told = std::move(told)});
    else if (config.reporting_link == "file")
        return fail(Errc::invalid_spec, "[link] report = \"file\" needs [link.file] directory");
    return links;
}

}  // namespace metalwright::daemon
