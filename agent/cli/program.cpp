#include "agent/cli/program.hpp"

#include <algorithm>
#include <ostream>

#include "agent/cli/options.hpp"
#include "agent/cli/text.hpp"
#include "agent/spec/cursor.hpp"

namespace metalwright::agent::cli {

Waiting Options::waiting() const {
    Waiting waiting{.wait = wait || !timeout.empty()};
    if (!timeout.empty()) waiting.timeout = *parse_duration(timeout);
    return waiting;
}

std::string examples(std::string_view lines) {
    return "Examples:\n" + std::string(lines) +
           "\nFor --socket, -o json, --no-color and exit codes: metalwright --help, man "
           "metalwright\n";
}

void add_timeout(CLI::App* command, Options& options, const char* what) {
    command->add_option("--timeout", options.timeout, what)
        ->type_name("DURATION")
        ->check([](const std::string& text) {
            const auto duration = parse_duration(text);
            return duration ? std::string{} : duration.error().message;
        });
}

namespace {

constexpr auto exit_status =
    "Exit status:\n"
    "  0  done           1  failed, or a part of it       2  the document is wrong\n"
    "  3  no daemon      4  waited too long              64  wrong command line\n";

void add_file(CLI::App* command, Options& options) {
    command->add_option("FILE", options.file, "The document; - for standard input")
        ->required()
        ->type_name("");
}

void add_documents(CLI::App& app, Options& options) {
    CLI::App* validate = app.add_subcommand("validate", "Check a document; needs no daemon");
    add_file(validate, options);
    validate
        ->add_option("--catalogue", options.catalogue, "Resolve the vendor's ids with this file")
        ->type_name("FILE");
    validate->add_option("--host", options.host, "The host that the document must be for")
        ->type_name("ID");
    validate->footer(
        examples("  metalwright validate order.json\n"
                 "  metalwright validate order.json --catalogue catalogue.json\n"
                 "  make-order | metalwright validate - -o json\n"));

    CLI::App* plan = app.add_subcommand("plan", "Say what a document would do; change nothing");
    add_file(plan, options);
    plan->footer(examples("  metalwright plan order.json\n"));

    CLI::App* apply = app.add_subcommand("apply", "Hand a document to the daemon");
    add_file(apply, options);
    apply->add_flag("--wait", options.wait, "Watch it until it is done, then show the report");
    add_timeout(apply, options, "Watch it for so long at most: 90s, 10m, 1h30m (implies --wait)");
    apply->footer(
        examples("  metalwright apply order.json\n"
                 "  metalwright apply order.json --wait --timeout 30m\n"));
}

void add_questions(CLI::App& app, Options& options) {
    CLI::App* status = app.add_subcommand("status", "Show what the host is and how it got there");
    status->add_flag("--wait", options.wait, "First wait until no operation is under way");
    add_timeout(status, options, "Wait for so long at most (implies --wait)");
    status->footer(
        examples("  metalwright status\n"
                 "  metalwright status --wait --timeout 10m -o json\n"));

    CLI::App* metrics =
        app.add_subcommand("metrics", "Tell the status as metrics for a monitoring system");
    metrics->footer(
        examples("  metalwright metrics >/var/lib/prometheus/node-exporter/metalwright.prom\n"));

    CLI::App* operations = app.add_subcommand("operations", "List operations, or show one");
    operations->add_option("ID", options.id, "The operation to show")
        ->type_name("")
        ->check(CLI::PositiveNumber.description(""));
    operations->add_flag("--follow", options.follow,
                         "Tell its events, from the first on, until it is done; the newest "
                         "operation where no ID is given");
    add_timeout(operations, options, "Follow it for so long at most (implies --follow)");
    operations->add_option("--limit", options.limit, "How many to list, newest first")
        ->capture_default_str()
        ->type_name("N")
        ->check(CLI::Range(1, 1000).description(""));
    operations->footer(
        examples("  metalwright operations --limit 5\n"
                 "  metalwright operations 7\n"
                 "  metalwright operations --follow\n"));

    CLI::App* cancel = app.add_subcommand("cancel", "End an operation before its time");
    cancel->add_option("ID", options.id, "The operation")
        ->type_name("")
        ->required()
        ->check(CLI::PositiveNumber.description(""));
    cancel->footer(
        examples("  metalwright operations\n"
                 "  metalwright cancel 7\n"));

    CLI::App* analyze = app.add_subcommand("analyze", "Show where the time of an operation went");
    analyze->add_option("ID", options.id, "The operation (default: the newest)")
        ->type_name("")
        ->check(CLI::PositiveNumber.description(""));
    analyze->add_option("--svg", options.svg, "Draw it into this file as well")->type_name("FILE");
    analyze->footer(
        examples("  metalwright analyze\n"
                 "  metalwright analyze 7 --svg first-boot.svg\n"));
}

void add_arm(CLI::App& app, Options&) {
    CLI::App* arm = app.add_subcommand("arm", "Unlock what destroys data, after a store was lost");
    arm->footer(
        examples("  metalwright status\n"
                 "  metalwright inventory\n"
                 "  metalwright arm\n"
                 "  metalwright apply order.json --wait\n"));
}

void add_options(CLI::App& app, Options& options, std::string_view version) {
    app.name("metalwright");
    app.set_version_flag("--version", "metalwright " + std::string(version));
    app.set_help_flag("-h,--help", "Print this help and exit");
    app.add_option("--socket", options.socket, "The daemon's socket")
        ->capture_default_str()
        ->type_name("PATH")
        ->envname("METALWRIGHT_SOCKET");
    app.add_option("-o,--output", options.output, "A table for people or JSON for programs")
        ->capture_default_str()
        ->type_name("table|json")
        ->check(CLI::IsMember({"table", "json"}).description(""));
    app.add_flag("--no-color", options.no_color, "No colours, on a terminal either");
    app.require_subcommand(1);
    app.fallthrough();
    app.footer(std::string("Examples:\n"
                           "  metalwright plan order.json\n"
                           "  metalwright apply order.json --wait\n"
                           "  metalwright status -o json\n\n") +
               exit_status);
}

/// The command that was given, the innermost one; null when there is none.
const CLI::App* given(const CLI::App& app) {
    const std::vector<CLI::App*> commands = app.get_subcommands();
    if (commands.empty()) return nullptr;
    const CLI::App* inner = given(*commands.front());
    return inner == nullptr ? commands.front() : inner;
}

/// "ip plan add"
std::string name_of(const CLI::App* command) {
    if (command == nullptr || command->get_parent() == nullptr) return {};
    const std::string outer = name_of(command->get_parent());
    return outer + (outer.empty() ? "" : " ") + command->get_name();
}

/// What is wrong with the command line, with the word that was probably meant.
std::string complaint(const CLI::App& app, const CLI::App* command, const CLI::ParseError& error) {
    std::vector<std::string> strangers = app.remaining(/*recurse=*/true);
    std::erase(strangers, "--");
    if (strangers.empty()) return error.what();
    std::vector<std::string> known;
    for (const CLI::App* from : {&app, command}) {
        if (from == nullptr) continue;
        for (const CLI::Option* option : from->get_options())
            for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
    const CLI::App& holder = command == nullptr ? app : *command;
    const std::vector<const CLI::App*> within = holder.get_subcommands(nullptr);
    for (const CLI::App* one : within) known.push_back(one->get_name());
    const std::string& stranger = strangers.front();
    const bool is_option = stranger.starts_with('-');
    return std::string(is_option         ? "no option "
                       : !within.empty() ? "no command "
                                         : "one argument too many: ") +
           stranger +
           spec::did_you_mean(stranger, std::vector<std::string_view>(known.begin(), known.end()));
}

Exit dispatch(const CLI::App& app, const Options& options, Console& console) {
    Session session{.console = console,
                    .daemon = Daemon(options.socket),
                    .json = options.output == "json",
                    .color = !options.no_color && !console.no_color};
    const Waiting waiting = options.waiting();
    const CLI::App* command = app.get_subcommands().front();
    const std::string& name = command->get_name();
    if (name == "validate") return validate(session, options.file, options.catalogue, options.host);
    if (name == "plan") return plan(session, options.file);
    if (name == "apply") return apply(session, options.file, waiting);
    if (name == "status") return status(session, waiting);
    if (name == "metrics") return metrics(session);
    if (name == "arm") return arm(session);
    if (name == "clean")
        return clean(session,
                     {.root = options.root, .dry_run = options.dry_run, .yes = options.yes});
    if (name == "audit")
        return audit(session, {.limit = options.limit,
                               .since = options.since,
                               .verify = options.verify,
                               .config = options.config});
    if (name == "support-bundle")
        return support_bundle(
            session, {.file = options.file, .config = options.config, .force = options.force});
    if (name == "doctor") return doctor(session, options.config, app.count("--socket") > 0);
    if (name == "userdata") {
        const CLI::App& log = *command->get_subcommands().front();
        return user_data_log(session,
                             log.count("--last") > 0 ? std::optional(options.bytes) : std::nullopt,
                             options.follow);
    }
    if (name == "inventory" || name == "raid") return dispatch_storage(session, *command, options);
    if (name == "hold" || name == "ip") return dispatch_network(session, *command, options);
    const bool one = command->count("ID") > 0;
    if (name == "cancel") return cancel(session, options.id);
    if (name == "analyze")
        return analyze(session, one ? std::optional(options.id) : std::nullopt, options.svg);
    if (options.follow || waiting.timeout)
        return follow(session, one ? std::optional(options.id) : std::nullopt, waiting);
    return one ? operation(session, options.id) : operations(session, options.limit);
}

/// Commands that are added together, by the names that they have.
struct Commands {
    std::vector<std::string_view> names;
    void (*add)(CLI::App& app, Options& options);
};

const std::vector<Commands>& all_commands() {
    static const std::vector<Commands> all{
        {{"validate", "plan", "apply"}, add_documents},
        {{"status", "metrics", "operations", "cancel", "analyze"}, add_questions},
        {{"inventory"}, add_inventory},
        {{"raid"}, add_raid},
        {{"userdata"}, add_user_data},
        {{"doctor"}, add_doctor},
        {{"audit"}, add_audit},
        {{"support-bundle"}, add_support_bundle},
        {{"clean"}, add_clean},
        {{"arm"}, add_arm},
        {{"hold"}, add_hold},
        {{"ip"}, add_ip},
    };
    return all;
}

/// The command line's form, and what it says once it has been parsed.
struct CommandLine {
    CLI::App app{"Makes this host what an order says, and tells how far it is."};
    Options options{};

    /// With the commands that `words` may name, or, without words, with all that there are.
    CommandLine(std::string_view version, const std::vector<std::string>& words) {
        add_options(app, options, version);
        for (const Commands& commands : all_commands()) {
            const auto named = [&](std::string_view name) {
                return std::ranges::find(words, name) != words.end();
            };
            if (words.empty() || std::ranges::any_of(commands.names, named))
                commands.add(app, options);
        }
    }
};

Exit usage(const CLI::App& app, const CLI::ParseError& error, Console& console) {
    if (error.get_exit_code() == 0) {
        app.exit(error, console.out, console.err);
        return Exit::done;
    }
    const CLI::App* command = given(app);
    console.err << "metalwright: " << printable(complaint(app, command, error)) << "\n"
                << "metalwright: see metalwright "
                << (command == nullptr ? "" : name_of(command) + " ") << "--help\n";
    return Exit::usage;
}

Exit carry_out(const CommandLine& line, Console& console) {
    const Exit exit = dispatch(line.app, line.options, console);
    console.out.flush();
    if (!console.out) {
        console.err << "metalwright: cannot write to standard output\n";
        return Exit::failed;
    }
    return exit;
}

}  // namespace

Exit run(std::vector<std::string> arguments, Console& console, std::string_view version) {
    if (arguments.empty()) {
        console.err << CommandLine(version, {}).app.help();
        return Exit::usage;
    }
    const std::vector<std::string> backwards(arguments.rbegin(), arguments.rend());  // CLI11's way
    // To build the form of every command takes most of the time of one that is short.
    try {
        CommandLine line(version, arguments);
        line.app.parse(std::vector(backwards));
        return carry_out(line, console);
    } catch (const CLI::ParseError&) {
        // Help, and what was probably meant, need all of them.
    }
    CommandLine line(version, {});
    try {
        line.app.parse(std::vector(backwards));
    } catch (const CLI::ParseError& error) {
        return usage(line.app, error, console);
    }
    return carry_out(line, console);
}

}  // namespace metalwright::agent::cli
