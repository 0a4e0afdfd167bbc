// metalwrightd: the provisioning agent of a physical host.

#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <variant>

#include "agent/audit/reading.hpp"
#include "agent/daemon/clean.hpp"
#include "agent/daemon/config.hpp"
#include "agent/daemon/daemon.hpp"
#include "agent/daemon/doctor/look.hpp"
#include "agent/daemon/logging.hpp"
#include "agent/engine/trust.hpp"
#include "sys/files.hpp"
#include "sys/heap.hpp"

namespace {

using namespace metalwright;

constexpr const char* default_config = "/etc/metalwright/metalwright.toml";

int wrong_config(const Errors& errors) {
    for (const Error& error : errors) std::fprintf(stderr, "%s\n", describe(error).c_str());
    return 2;
}

/// None where none is named.
std::filesystem::path absolute(const std::string& path) {
    return path.empty() ? std::filesystem::path() : std::filesystem::absolute(path);
}

/// Tells what was taken away, or why it was not, as JSON.
int clean(const daemon::Config& config, const std::string& root, bool dry_run) {
    std::error_code wrong;
    const auto at = std::filesystem::canonical(root, wrong);
    auto cleaned = wrong ? std::unexpected(Errors{{Errc::not_found, "there is no such directory",
                                                   root, wrong.value()}})
                         : daemon::clean(config, at, dry_run);
    const std::string json =
        cleaned ? daemon::clean_json(*cleaned, at, dry_run) : daemon::errors_json(cleaned.error());
    std::printf("%s\n", json.c_str());
    return cleaned ? 0 : 1;
}

/// Tells what is right and wrong on this host, as JSON.
int doctor(const daemon::doctor::Where& where) {
    const daemon::doctor::Diagnosis diagnosis = daemon::doctor::diagnose(where);
    std::printf("%s\n", daemon::doctor::to_json(diagnosis).c_str());
    for (const daemon::doctor::Finding& finding : diagnosis.findings)
        if (finding.level == daemon::doctor::Level::problem) return 1;
    return 0;
}

struct AuditQuestion {
    std::size_t limit = 50;
    std::string since{};
    bool verify = false;
};

/// Tells who asked for what, or whether that is whole, as JSON.
int audit(const std::filesystem::path& state_dir, const AuditQuestion& question) {
    const auto told = [](const Error& error) {
        std::printf("%s\n", daemon::errors_json({error}).c_str());
        return 1;
    };
    if (question.verify) {
        const auto checked = agent::audit::check(state_dir);
        if (!checked) return told(checked.error());
        std::printf("%s\n", agent::audit::check_json(*checked).c_str());
        return checked->misfit ? 1 : 0;
    }
    const auto lines = agent::audit::newest(state_dir, question.limit, question.since);
    if (!lines) return told(lines.error());
    std::printf("%s\n", agent::audit::newest_json(*lines).c_str());
    return 0;
}

/// What was asked for, or the exit status of a process that has nothing (more) to do. All that is
/// needed only to find it out is freed here, before the daemon begins to run.
std::variant<daemon::Config, int> asked(int argc, char** argv) {
    CLI::App app{
        "The provisioning agent of a physical host: arrays, addresses, user data once, and a "
        "report of every item."};
    app.footer(
        "Examples:\n"
        "  metalwrightd                               as systemd starts it\n"
        "  metalwrightd --config ./m.toml --state-dir /tmp/state --socket /tmp/admin.sock\n"
        "  metalwrightd --check-config                is /etc/metalwright/metalwright.toml right?\n"
        "\nSee metalwrightd(8), metalwright.toml(5), metalwright(1).");
    std::string config_file, state_dir, socket, level;
    std::string clean_root;
    bool check = false, dry_run = false, ill = false, asks_audit = false;
    AuditQuestion question;
    app.add_option("--config", config_file, std::string("configuration [") + default_config + "]")
        ->option_text("FILE");
    app.add_option("--state-dir", state_dir, "where state.db is kept")->option_text("DIR");
    app.add_option("--socket", socket, "the admin socket")->option_text("PATH");
    app.add_option("--log-level", level, "trace, debug, info, warn or error")
        ->option_text("LEVEL")
        ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}));
    app.add_option("--clean", clean_root,
                   "forget which host this was (see metalwright clean), and end")
        ->option_text("DIR");
    app.add_flag("--dry-run", dry_run, "with --clean: change nothing");
    app.add_flag("--doctor", ill,
                 "say what is wrong on this host (see metalwright doctor), and end");
    app.add_flag("--audit", asks_audit, "say who asked for what (see metalwright audit), and end");
    app.add_option("--limit", question.limit, "with --audit: the newest so many")->option_text("N");
    app.add_option("--since", question.since, "with --audit: none that is older")
        ->option_text("TIME");
    app.add_flag("--verify", question.verify, "with --audit: is it whole?");
    app.add_flag("--check-config", check, "read the configuration, say what is wrong, and end");
    app.set_version_flag("--version", "metalwrightd " METALWRIGHT_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& told) {
        return app.exit(told);
    }

    daemon::Config config;
    // Without a file that was asked for by name, every key has its default. An image has its own.
    const std::string file = config_file.empty() ? default_config : config_file;
    if (ill)
        return doctor({.config_file = file,
                       .config_named = !config_file.empty(),
                       .state_dir = absolute(state_dir),
                       .socket = absolute(socket)});
    const bool of_image = !clean_root.empty() && config_file.empty();
    sys::PosixFiles files(of_image ? std::filesystem::absolute(clean_root) : "/");
    if (!config_file.empty() || files.exists(default_config)) {
        auto text = files.read(std::filesystem::absolute(file));
        if (!text) return wrong_config({text.error()});
        auto read = daemon::read_config(*text, file);
        if (!read) return wrong_config(read.error());
        config = std::move(*read);
    }
    if (check) {
        if (!config.trusted_keys_file.empty())
            if (auto keys = engine::load_trusted_keys(config.trusted_keys_file); !keys)
                return wrong_config(keys.error());
        std::printf("%s is right\n", file.c_str());
        return 0;
    }
    if (!state_dir.empty()) config.state_dir = std::filesystem::absolute(state_dir);
    if (!socket.empty()) config.admin_socket = std::filesystem::absolute(socket);
    if (!level.empty()) config.log_level = level;
    if (asks_audit) return audit(config.state_dir, question);
    if (!clean_root.empty()) return clean(config, clean_root, dry_run);
    return config;
}

}  // namespace

int main(int argc, char** argv) {
    sys::one_heap_for_all_threads();
    sys::keep_freed_memory();
    const auto start = asked(argc, argv);
    if (const int* status = std::get_if<int>(&start)) return *status;
    const auto& config = std::get<daemon::Config>(start);
    // What is in memory while it is used is in no core, and open to none of the same user.
    if (std::getenv("METALWRIGHT_DUMPABLE") == nullptr) ::prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
    daemon::set_up_log(config.log_target, config.log_level);
    return daemon::run(config);
}
