// The commands inventory and raid on the command line.

#include "agent/cli/options.hpp"
#include "agent/cli/storage_commands.hpp"

namespace metalwright::agent::cli {
namespace {

void add_onlooker(CLI::App* command, Options& options) {
    CLI::Option* local = command->add_flag("--local", options.local,
                                           "Look at this host without the daemon, as root");
    command
        ->add_option("--raid-tool", options.raid_tools,
                     "With --local: ask this storcli, perccli or storcli2 about controllers, not "
                     "those that are installed; may be repeated")
        ->type_name("PATH")
        ->allow_extra_args(false)
        ->needs(local);
}

}  // namespace

void add_inventory(CLI::App& app, Options& options) {
    CLI::App* inventory =
        app.add_subcommand("inventory", "Show disks, arrays, RAID controllers and NICs");
    add_onlooker(inventory, options);
    inventory->footer(
        examples("  metalwright inventory\n"
                 "  metalwright inventory -o json | jq '.disks[] | select(.blank)'\n"
                 "  metalwright inventory --local --raid-tool /opt/MegaRAID/storcli/storcli64\n"));
}

void add_raid(CLI::App& app, Options& options) {
    CLI::App* raid = app.add_subcommand("raid", "Look at RAID, in software and in hardware");
    raid->require_subcommand(1);
    CLI::App* list = raid->add_subcommand(
        "list", "Show disks, arrays, and controllers with their drives and volumes");
    add_onlooker(list, options);
    const std::string footer = examples(
        "  metalwright raid list\n"
        "  metalwright raid list -o json | jq '.controllers[].drives[] | select(.state == "
        "\"free\")'"
        "\n");
    list->footer(footer);
    raid->footer(footer);
}

Exit dispatch_storage(Session& session, const CLI::App& command, const Options& options) {
    const Onlooker who{.local = options.local, .raid_tools = options.raid_tools};
    return command.get_name() == "raid" ? raid_list(session, who) : inventory(session, who);
}

}  // namespace metalwright::agent::cli
