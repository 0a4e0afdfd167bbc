// The commands hold and ip on the command line.

#include "agent/cli/network_commands.hpp"
#include "agent/cli/options.hpp"
#include "agent/cli/text.hpp"

namespace metalwright::agent::cli {
namespace {

using std::chrono::seconds;

/// A whole number of seconds, one at least.
std::string wrong_length(const std::string& text) {
    const auto duration = parse_duration(text);
    if (!duration) return duration.error().message;
    return *duration < seconds(1) ? "must be a second at least; `hold --end` ends a hold" : "";
}

CLI::Option* add_cidrs(CLI::App* command, Options& options, const char* what) {
    return command->add_option("CIDR", options.cidrs, what)->type_name("");
}

void add_new_ones(CLI::App* command, Options& options) {
    CLI::Option* cidrs =
        add_cidrs(command, options, "Addresses or ranges: 10.0.1.7, 10.0.2.0/28, 2001:db8::/64");
    command->add_option("--kind", options.address_kind, "alias (the default), secondary or elastic")
        ->type_name("KIND")
        ->check(CLI::IsMember({"alias", "secondary", "elastic"}).description(""));
    command->add_option("--id", options.alias_id, "What the vendor calls them")->type_name("ID");
    command->add_flag("--routed", options.routed,
                      "The network routes an IPv6 range to this host: it becomes one route");
    command->add_flag("--adopt", options.adopt,
                      "Take over an address that somebody else has set already");
    CLI::Option* count = command
                             ->add_option("--count", options.address_count,
                                          "So many secondary addresses, whichever are free in the "
                                          "pools of this host")
                             ->type_name("N")
                             ->check(CLI::Range(1, 4096).description(""))
                             ->excludes(cidrs);
    // Nothing of these would be heeded: the host chooses secondary addresses, and owns them.
    for (const char* name : {"--kind", "--id", "--routed", "--adopt"})
        count->excludes(command->get_option(name));
    command->add_flag("--ipv6", options.ipv6, "With --count: IPv6 addresses")->needs(count);
    command->callback([cidrs, count] {
        if (cidrs->empty() && count->empty()) throw CLI::RequiredError("CIDR or --count");
    });
}

void add_wait(CLI::App* command, Options& options) {
    command->add_flag("--wait", options.wait, "Watch it until it is done, then show the report");
    add_timeout(command, options, "Watch it for so long at most (implies --wait)");
}

}  // namespace

void add_hold(CLI::App& app, Options& options) {
    CLI::App* hold = app.add_subcommand("hold", "Freeze the host for maintenance, for some time");
    hold->add_option("SCOPE", options.scope, "network, storage or all (the default)")
        ->type_name("")
        ->check(CLI::IsMember({"network", "storage", "all"}).description(""));
    CLI::Option* length =
        hold->add_option("--for", options.length, "For so long: 30m, 2h (default: 1h)")
            ->type_name("DURATION")
            ->check(wrong_length);
    hold->add_flag("--end", options.end, "End it now")->excludes(length);
    hold->footer(
        examples("  metalwright hold\n"
                 "  metalwright hold network --for 2h\n"
                 "  metalwright hold --end\n"));
}

void add_ip(CLI::App& app, Options& options) {
    CLI::App* ip = app.add_subcommand("ip", "List, add and remove addresses; watch them");
    ip->require_subcommand(1);
    ip->footer(
        examples("  metalwright ip list\n"
                 "  metalwright ip add 10.0.1.7 --wait\n"
                 "  metalwright ip plan del 10.0.1.7\n"
                 "  metalwright ip watch\n"));

    CLI::App* list = ip->add_subcommand("list", "Show every address that is wanted, and how it is");
    list->footer(examples(
        "  metalwright ip list\n"
        "  metalwright ip list -o json | jq '.addresses[] | select(.state != \"present\")'\n"));

    CLI::App* add = ip->add_subcommand("add", "Want addresses besides those of the order");
    add_new_ones(add, options);
    add_wait(add, options);
    add->footer(
        examples("  metalwright ip add 10.0.1.7 --wait\n"
                 "  metalwright ip add 10.0.2.0/28 --id subnet-a\n"
                 "  metalwright ip add 203.0.113.9 --kind elastic --id eip-7\n"
                 "  metalwright ip add --count 2\n"
                 "  metalwright ip add 2001:db8:7::/64 --routed\n"));

    CLI::App* del = ip->add_subcommand("del", "Want addresses no longer that `ip add` added");
    add_cidrs(del, options, "As `ip list` shows them, or without the length")->required();
    add_wait(del, options);
    del->footer(examples("  metalwright ip del 10.0.1.7 --wait\n"));

    CLI::App* plan = ip->add_subcommand("plan", "Say what add or del would do; change nothing");
    plan->require_subcommand(1);
    plan->footer(
        examples("  metalwright ip plan add 10.0.2.0/28\n"
                 "  metalwright ip plan del 10.0.1.7\n"));
    CLI::App* plan_add = plan->add_subcommand("add", "Say what `ip add` would do");
    add_new_ones(plan_add, options);
    plan_add->footer(examples("  metalwright ip plan add 10.0.2.0/28\n"));
    CLI::App* plan_del = plan->add_subcommand("del", "Say what `ip del` would do");
    add_cidrs(plan_del, options, "As `ip list` shows them, or without the length")->required();
    plan_del->footer(examples("  metalwright ip plan del 10.0.1.7\n"));

    CLI::App* watch = ip->add_subcommand("watch", "Tell what is put back, as it happens");
    add_timeout(watch, options, "End after so long (default: at Ctrl-C)");
    watch->footer(
        examples("  metalwright ip watch\n"
                 "  metalwright ip watch -o json --timeout 1h\n"));
}

Exit dispatch_network(Session& session, const CLI::App& command, const Options& options) {
    if (command.get_name() == "hold") {
        seconds length{3600};
        if (!options.length.empty())
            length = std::chrono::ceil<seconds>(*parse_duration(options.length));
        return hold(session, options.scope, options.end ? seconds(0) : length);
    }
    const CLI::App* what = command.get_subcommands().front();
    const std::string& name = what->get_name();
    if (name == "list") return ip_list(session);
    if (name == "watch") return ip_watch(session, options.waiting());
    const bool dry_run = name == "plan";
    const bool add = (dry_run ? what->get_subcommands().front() : what)->get_name() == "add";
    const AddressChange change{.cidrs = options.cidrs,
                               .remove = !add,
                               .kind = options.address_kind,
                               .id = options.alias_id,
                               .routed = options.routed,
                               .adopt = options.adopt,
                               .count = options.address_count,
                               .ipv6 = options.ipv6};
    return dry_run ? ip_plan(session, change) : ip_change(session, change, options.waiting());
}

}  // namespace metalwright::agent::cli
