#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/cli/commands.hpp"
#include "agent/cli/exit.hpp"

namespace metalwright::agent::cli {

/// What the command line says.
struct Options {
    std::string socket = "/run/metalwright/admin.sock";
    std::string output = "table";
    bool no_color = false;
    std::string file{};
    std::string catalogue{};
    std::string host{};
    bool wait = false;
    bool follow = false;
    std::string timeout{};
    std::size_t limit = 20;
    std::int64_t id = 0;
    std::string scope = "all";  ///< of hold
    std::string length{};       ///< --for
    bool end = false;           ///< --end
    std::vector<std::string> cidrs{};
    std::string address_kind{};  ///< --kind
    std::string alias_id{};      ///< --id
    bool routed = false;
    bool adopt = false;
    unsigned address_count = 0;  ///< --count
    bool ipv6 = false;
    bool local = false;    ///< of inventory and raid list
    bool off = false;      ///< --off of raid locate
    bool dry_run = false;  ///< of clean, and so is
    bool yes = false;
    bool force = false;                     ///< of support-bundle
    bool verify = false;                    ///< of audit
    std::vector<std::string> raid_tools{};  ///< --raid-tool
    std::string disk{};                     ///< of raid replace and raid locate
    std::string with_disk{};                ///< --with
    std::int64_t bytes = 0;                 ///< --last of userdata log
    std::string svg{};                      ///< --svg of analyze
    std::string root = "/";                 ///< --root of clean
    std::string config{};                   ///< --config of doctor, audit, support-bundle
    std::string since{};                    ///< --since of audit

    Waiting waiting() const;
};

/// The end of a command's help: these lines, and where the options of every command are told.
std::string examples(std::string_view lines);

void add_timeout(CLI::App* command, Options& options, const char* what);

// hold and ip: agent/cli/network_options.cpp.
void add_hold(CLI::App& app, Options& options);
void add_ip(CLI::App& app, Options& options);
// userdata: agent/cli/user_data_commands.cpp.
void add_user_data(CLI::App& app, Options& options);
// clean: agent/cli/clean.cpp.
void add_clean(CLI::App& app, Options& options);
// audit: agent/cli/audit.cpp.
void add_audit(CLI::App& app, Options& options);
// support-bundle: agent/cli/support_bundle.cpp.
void add_support_bundle(CLI::App& app, Options& options);
// doctor: agent/cli/doctor.cpp.
void add_doctor(CLI::App& app, Options& options);
// inventory and raid: agent/cli/storage_options.cpp.
void add_inventory(CLI::App& app, Options& options);
void add_raid(CLI::App& app, Options& options);
/// Runs `inventory` or a command of `raid`, whichever was given.
Exit dispatch_storage(Session& session, const CLI::App& command, const Options& options);

/// Runs `hold` or a command of `ip`, whichever was given.
Exit dispatch_network(Session& session, const CLI::App& command, const Options& options);

}  // namespace metalwright::agent::cli
