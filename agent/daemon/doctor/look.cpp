#include "agent/daemon/doctor/look.hpp"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <charconv>

#include "agent/api/tls_server.hpp"
#include "agent/daemon/doctor/judge.hpp"
#include "agent/daemon/doctor/look_machine.hpp"
#include "agent/daemon/links.hpp"
#include "agent/daemon/outside.hpp"
#include "agent/link/enrolment_file.hpp"
#include "agent/link/identity.hpp"
#include "agent/link/resolve.hpp"
#include "agent/link/secret_file.hpp"
#include "agent/link/signing_request.hpp"
#include "agent/spec/catalogue.hpp"
#include "sys/fd.hpp"
#include "sys/files.hpp"
#include "sys/secret_file.hpp"

namespace metalwright::daemon::doctor {
namespace {

namespace fs = std::filesystem;

void look_at_configuration(const Where& where, Seen& seen) {
    seen.config_named = where.config_named;
    seen.config_file = look_at_file(where.config_file);
    if (seen.config_file.there() && !seen.config_file.hidden()) {
        const auto text = sys::PosixFiles().read(fs::absolute(where.config_file));
        auto read = text ? read_config(*text, where.config_file.native())
                         : std::unexpected(Errors{text.error()});
        if (read)
            seen.config = std::move(*read);
        else
            seen.config_errors = std::move(read).error();
    }
    Config& config = seen.config;
    if (!where.state_dir.empty()) config.state_dir = where.state_dir;
    if (!where.socket.empty()) config.admin_socket = where.socket;
    if (!config.catalogue.empty()) {
        const auto text = sys::PosixFiles().read(config.catalogue);
        if (!text)
            seen.catalogue_errors = {text.error()};
        else if (auto catalogue = spec::read_catalogue(*text); !catalogue)
            seen.catalogue_errors = std::move(catalogue).error();
    }
    const auto add = [&](const char* key, const fs::path& path, bool token = false) {
        if (path.empty()) return;
        Secret secret{key, look_at_file(path)};
        if (token && secret.file.there() && !secret.file.hidden())
            if (auto read = agent::link::read_token(path);
                !read && read.error().code == Errc::invalid_spec)
                secret.content = std::unexpected(read.error());
        seen.secrets.push_back(std::move(secret));
    };
    add("link.https.token_file", config.token_file, /*token=*/true);
    add("link.https.key_file", config.key_file);
    // Once it is used, it may be gone.
    if (const File file = look_at_file(config.enrolment_file); file.there()) {
        Secret secret{"link.https.enrolment_file", file};
        if (auto read = agent::link::read_enrolment_file(config.enrolment_file);
            !read && read.error().code == Errc::invalid_spec)
            secret.content = std::unexpected(read.error());
        seen.secrets.push_back(std::move(secret));
    }
    add("api.tcp.keys_file", config.tcp_keys_file);
    add("api.tcp.key_file", config.tcp_key_file);
}

std::optional<Space> space_of(fs::path at) {
    struct statvfs system{};
    while (::statvfs(at.c_str(), &system) != 0) {
        if (errno != ENOENT || !at.has_relative_path()) return std::nullopt;
        at = at.parent_path();  // where it will be made
    }
    const bool root = ::geteuid() == 0;  // for whom some are kept
    return Space{.at = at,
                 .bytes = (root ? system.f_bfree : system.f_bavail) * system.f_frsize,
                 .inodes = root ? system.f_ffree : system.f_favail,
                 .counts_inodes = system.f_files != 0,
                 .read_only = (system.f_flag & ST_RDONLY) != 0};
}

void look_at_state(Seen& seen) {
    const fs::path& directory = seen.config.state_dir;
    seen.state_dir = look_at_file(directory);
    seen.space = space_of(directory);
    seen.database = look_at_file(directory / "state.db");
    if (seen.database.there() && !seen.database.hidden()) seen.store = store::check_up(directory);
}

/// All of them at once, within five seconds.
std::vector<NamedHost> look_up(const std::vector<std::string>& names) {
    boost::asio::io_context io(1);
    std::vector<NamedHost> hosts;
    for (const std::string& name : names)
        hosts.push_back(
            {name,
             fail(Errc::timed_out,
                  "the name servers did not answer within 5 s: check /etc/resolv.conf", name)});
    std::vector<std::shared_ptr<agent::link::Lookup>> lookups;
    const auto work = boost::asio::make_work_guard(io);
    std::size_t left = hosts.size();
    for (NamedHost& host : hosts)
        lookups.push_back(agent::link::Lookup::start(
            io, host.name, [&](Result<agent::link::Lookup::Addresses> found) {
                host.addresses = std::move(found);
                if (--left == 0) io.stop();
            }));
    if (left > 0) io.run_for(std::chrono::seconds(5));
    for (const auto& lookup : lookups) lookup->cancel();
    return hosts;
}

/// Returns the URLs of the bootstrap file that this host was enrolled with.
std::vector<std::string> look_at_identity(Seen& seen) {
    const Config& config = seen.config;
    if (config.enrolment_file.empty()) return {};
    const bool outside = look_at_file(gate_socket).there();
    IdentitySeen found{
        .directory = outside ? fs::path(outside_identity) : identity_directory(config),
        .token_file = look_at_file(config.enrolment_file)};
    const auto id =
        config.host_id.empty() ? default_host_id() : Result<std::string>(config.host_id);
    if (!id) return {};  // which is told elsewhere
    std::vector<std::string> urls;
    if (auto stored = agent::link::IdentityFiles(found.directory, *id).look()) {
        found.error = stored->damage;
        found.certificate = stored->certificate;
        found.revoked =
            stored->certificate && stored->certificate->serial == stored->record.revoked;
        found.trouble = stored->record.trouble;
        const auto token = agent::link::read_enrolment_file(config.enrolment_file);
        found.token_used =
            token && agent::link::fingerprint(token->token.view()) == stored->record.spent;
        urls = stored->record.urls;
    } else {
        found.error = stored.error();
    }
    seen.identity = std::move(found);
    return urls;
}

void look_at_link(Seen& seen) {
    const Config& config = seen.config;
    const std::vector<std::string> handed = look_at_identity(seen);
    std::vector<std::string> names;
    const auto add_name = [&](const agent::link::Url& url) {
        if (std::ranges::find(names, url.host) == names.end()) names.push_back(url.host);
    };
    for (const std::string& text : config.urls.empty() ? handed : config.urls) {
        seen.urls.push_back({config.urls.empty() ? "link.https.enrolment_file" : "link.https.urls",
                             text, agent::link::parse_base_url(text)});
        // Through a proxy it is the proxy that looks the name up.
        if (const auto& url = seen.urls.back().url; url && (config.proxy.empty() || !url->tls))
            add_name(*url);
    }
    if (!config.proxy.empty()) {
        seen.urls.push_back(
            {"link.https.proxy", config.proxy, agent::link::parse_proxy_url(config.proxy)});
        if (const auto& url = seen.urls.back().url) add_name(*url);
    }
    seen.hosts = look_up(names);
    const auto add = [&](const char* key, const fs::path& path, bool authorities = false) {
        if (!path.empty())
            seen.certificates.push_back(
                {key, path, agent::link::read_validities(path), authorities});
    };
    add("link.https.ca_file", config.ca_file, /*authorities=*/true);
    add("link.https.cert_file", config.cert_file);
    add("api.tcp.cert_file", config.tcp_cert_file);
    if (!config.urls.empty())
        seen.link_tls = agent::link::check_tls(
            {config.ca_file, config.cert_file, config.key_file, config.crl_file});
    if (!config.tcp_cert_file.empty()) {
        auto made = agent::api::make_server_tls(config.tcp_cert_file, config.tcp_key_file);
        if (made)
            ::SSL_CTX_free(*made);
        else
            seen.api_tls = std::unexpected(made.error());
    }
    seen.gate = look_at_file(gate_socket);
    if (!config.watched_directory.empty())
        seen.watched_directory = look_at_file(config.watched_directory);
}

std::optional<bool> clock_is_synchronized() {
    timex clock{};  // modes 0: nothing is set
    const int state = ::adjtimex(&clock);
    if (state < 0) return std::nullopt;
    return state != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
}

/// Who holds the lock that store::Store takes on the state directory, as the kernel tells of all
/// locks: to try it would keep a daemon from starting. 0: nobody; none: it does not tell.
std::optional<int> holder(const fs::path& directory) {
    struct stat status{};
    if (::stat(directory.c_str(), &status) != 0) return 0;
    sys::PosixFiles files;
    const auto locks = files.read("/proc/locks");
    if (!locks) return std::nullopt;
    // "1: FLOCK  ADVISORY  WRITE 812 08:01:131074 0 EOF". Some file systems show another device
    // than stat(2), so the name of the process is asked for instead.
    const std::string inode = ":" + std::to_string(status.st_ino) + " ";
    for (std::size_t at = 0; at < locks->size();) {
        const std::size_t end = std::min(locks->find('\n', at), locks->size());
        const std::string line = locks->substr(at, end - at);
        at = end + 1;
        const std::size_t place = line.find(inode), write = line.find("WRITE ");
        if (!line.contains("FLOCK") || place == std::string::npos || write == std::string::npos)
            continue;
        int pid = 0;
        std::from_chars(line.data() + write + 6, line.data() + line.size(), pid);
        const auto name = files.read("/proc/" + std::to_string(pid) + "/comm");
        if (name && name->starts_with("metalwrightd")) return pid;
    }
    return 0;
}

}  // namespace

File look_at_file(const fs::path& path) {
    File file{.path = path, .error = 0};
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        file.error = errno;
        return file;
    }
    file.kind = S_ISREG(status.st_mode)   ? File::Kind::regular
                : S_ISDIR(status.st_mode) ? File::Kind::directory
                                          : File::Kind::other;
    file.mode = status.st_mode & 07777u;
    file.uid = status.st_uid;
    if (file.kind != File::Kind::other) {
        const sys::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        file.open_error = fd ? 0 : errno;
    }
    return file;
}

Seen look(const Where& where) {
    Seen seen{.uid = ::geteuid(),
              .now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()),
              .built_in = METALWRIGHT_BUILD_YEAR};
    look_at_configuration(where, seen);
    look_at_state(seen);
    look_at_link(seen);
    seen.synchronized = clock_is_synchronized();
    look_at_machine(seen);
    return seen;
}

Diagnosis diagnose(const Where& where) {
    const Seen seen = look(where);
    const auto pid = holder(seen.config.state_dir);
    return {.findings = judge(seen),
            .socket = seen.config.admin_socket.string(),
            .pid_known = pid.has_value(),
            .pid = pid.value_or(0)};
}

}  // namespace metalwright::daemon::doctor
