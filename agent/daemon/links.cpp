#include "agent/daemon/links.hpp"

#include <optional>
#include <vector>

#include "agent/link/file_link.hpp"
#include "agent/link/https_link.hpp"
#include "sys/files.hpp"

namespace metalwright::daemon {
namespace {

using namespace metalwright::agent;

Result<link::HttpsOptions> https_options(const Config& config, const std::string& host_id) {
    link::HttpsOptions options{.host_id = host_id,
                               .token_file = config.token_file,
                               .tls = {config.ca_file, config.cert_file, config.key_file},
                               .batch = config.batch,
                               .wait = config.wait,
                               .backoff = {config.backoff_min, config.backoff_max}};
    for (const std::string& text : config.urls) {
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

Result<std::unique_ptr<Links>> make_links(const Config& config, const std::string& host_id,
                                          boost::asio::io_context& io,
                                          boost::asio::thread_pool& pool, Desk& desk,
                                          link::Told told) {
    // Exactly one link carries the reports: the control plane where there is one.
    std::string reporting = config.reporting_link;
    if (reporting == "auto") reporting = config.urls.empty() ? "file" : "https";
    auto links = std::make_unique<ConfiguredLinks>();
    if (!config.urls.empty()) {
        auto options = https_options(config, host_id);
        if (!options) return std::unexpected(options.error());
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
