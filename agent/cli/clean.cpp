// The command clean: what makes a host this host goes. The daemon's own program does it, which
// knows the store, so that nothing has to listen.

#include <chrono>
#include <filesystem>

#include "agent/cli/commands.hpp"
#include "agent/cli/options.hpp"
#include "agent/cli/text.hpp"
#include "sys/exec.hpp"

namespace metalwright::agent::cli {
namespace {

namespace fs = std::filesystem;

/// As it was built or installed together with this program.
fs::path daemon_program() {
    std::error_code ignored;
    const fs::path here = fs::read_symlink("/proc/self/exe", ignored).parent_path();
    for (const fs::path& place : {here / "metalwrightd", here / "../sbin/metalwrightd"})
        if (fs::exists(place, ignored)) return place.lexically_normal();
    return "/usr/sbin/metalwrightd";
}

Answer ask_daemon_program(const Cleaning& cleaning) {
    const auto refused = [](Exit exit, Error error) {
        return std::unexpected(Refusal{exit, {std::move(error)}});
    };
    sys::Command command{.program = daemon_program().string(),
                         .args = {"--clean", cleaning.root},
                         .timeout = std::chrono::minutes(10),
                         .output_limit = std::size_t{16} << 20};
    if (cleaning.dry_run) command.args.emplace_back("--dry-run");
    const auto output = sys::SpawnExec().run(command);
    if (!output) return refused(Exit::failed, output.error());
    Json answer = Json::parse(output->out, nullptr, false);
    if (answer.is_object() && answer.contains("errors")) {
        Refusal refusal{Exit::failed, {}};
        for (const Json& error : list(answer, "errors")) refusal.errors.push_back(to_error(error));
        return std::unexpected(std::move(refusal));
    }
    if (output->ok() && answer.is_object()) return answer;
    if (const auto ok = sys::expect_ok(*output, command); !ok)
        return refused(Exit::failed, ok.error());
    return refused(Exit::failed, {Errc::internal, "it answers with no JSON", command.program});
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
    const Answer answer = ask_daemon_program(cleaning);
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
