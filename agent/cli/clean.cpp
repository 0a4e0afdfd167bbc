// The command clean: what makes a host this host goes. The daemon's own program does it, which
// knows the store, so that nothing has to listen.

#include <chrono>
#include <filesystem>

#include "agent/cli/commands.hpp"
#include "agent/cli/daemon_program.hpp"
#include "agent/cli/options.hpp"

namespace metalwright::agent::cli {
namespace {

namespace fs = std::filesystem;

Answer ask(const Cleaning& cleaning) {
    std::vector<std::string> arguments{"--clean", cleaning.root};
    if (cleaning.dry_run) arguments.emplace_back("--dry-run");
    return ask_daemon_program(std::move(arguments), std::chrono::minutes(10));
}

std::string view_of(const Json& answer, const Look& look, bool dry_run) {
    Table table({{"PATH"}, {"WHAT"}});
    for (const Json& one : list(answer, "cleaned"))
        table.row({{text(one, "path")}, {text(one, "what")}});
    if (table.empty()) return "Nothing to clean.\n";
    return table.render(look.style, look.width) +
           (dry_run ? "\nNothing was changed: this is what `metalwright clean` would take away.\n"
                    : "");
}

}  // namespace

Exit clean(Session& session, const Cleaning& cleaning) {
    std::error_code absent;  // then the daemon's program says so
    const bool this_host = fs::equivalent(cleaning.root, "/", absent);
    if (this_host && !cleaning.dry_run && !cleaning.yes)
        return complain(
            session,
            Refusal{
                Exit::usage,
                {{Errc::refused,
                  "this host would forget what it is: look with --dry-run first, then say --yes; "
                  "an image is named with --root DIR"}}});
    const Answer answer = ask(cleaning);
    if (!answer) return complain(session, answer.error());
    session.show(*answer, view_of(*answer, session.look(), cleaning.dry_run));
    return Exit::done;
}

void add_clean(CLI::App& app, Options& options) {
    CLI::App* clean = app.add_subcommand(
        "clean", "Make an image, or this host, forget which host it was; needs no daemon");
    clean->add_option("--root", options.root, "Where the image is unpacked (default: this host)")
        ->type_name("DIR");
    clean->add_flag("--dry-run", options.dry_run, "Tell what would go; change nothing");
    clean->add_flag("--yes", options.yes, "This host is meant, without --root");
    clean->footer(
        examples("  metalwright clean --root /mnt/image\n"
                 "  metalwright clean --dry-run\n"
                 "  systemctl stop metalwright && metalwright clean --yes && poweroff\n"));
}

}  // namespace metalwright::agent::cli
