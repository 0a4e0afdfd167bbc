// The commands inventory and raid on the command line.

#include "agent/cli/options.hpp"
#include "agent/cli/raid_commands.hpp"
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

void add_list(CLI::App* raid, Options& options) {
    CLI::App* list = raid->add_subcommand(
        "list", "Show disks, arrays, and controllers with their drives and volumes");
    add_onlooker(list, options);
    list->footer(
        examples("  metalwright raid list\n"
                 "  metalwright raid list -o json | jq '.controllers[].drives[] | select(.state == "
                 "\"free\")'"
                 "\n"));
}

void add_replace(CLI::App* raid, Options& options) {
    CLI::App* replace =
        raid->add_subcommand("replace", "Put a new disk or drive in another's place");
    replace->add_option("DISK", options.disk, "The old one's serial number or WWN; it may be gone")
        ->required()
        ->type_name("");
    replace->add_option("--with", options.with_disk, "The new disk (default: chosen by rule)")
        ->type_name("DISK");
    replace->add_flag("--wait", options.wait, "Watch it until it is done, then show the report");
    add_timeout(replace, options, "Watch it for so long at most (implies --wait)");
    replace->footer(
        examples("  metalwright raid replace S3Z8NB0K --wait\n"
                 "  metalwright raid replace S3Z8NB0K --with S3Z8NB1M\n"));
}

void add_locate(CLI::App* raid, Options& options) {
    CLI::App* locate = raid->add_subcommand("locate", "Light the locate LED of a disk or drive");
    locate->add_option("DISK", options.disk, "Its serial number or WWN; a drive's place (252:3)")
        ->required()
        ->type_name("");
    locate->add_flag("--off", options.off, "Put it out");
    locate->footer(
        examples("  metalwright raid locate S3Z8NB0K\n"
                 "  metalwright raid locate S3Z8NB0K --off\n"));
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
    CLI::App* raid = app.add_subcommand(
        "raid", "Look at RAID, in software and in hardware; find and replace its disks");
    raid->require_subcommand(1);
    add_list(raid, options);
    add_locate(raid, options);
    add_replace(raid, options);
    raid->footer(
        examples("  metalwright raid list\n"
                 "  metalwright raid replace S3Z8NB0K\n"));
}

Exit dispatch_storage(Session& session, const CLI::App& command, const Options& options) {
    const Onlooker who{.local = options.local, .raid_tools = options.raid_tools};
    if (command.get_name() == "inventory") return inventory(session, who);
    if (command.got_subcommand("locate")) return raid_locate(session, options.disk, !options.off);
    if (command.got_subcommand("replace"))
        return raid_replace(session, options.disk, options.with_disk, options.waiting());
    return raid_list(session, who);
}

}  // namespace metalwright::agent::cli
