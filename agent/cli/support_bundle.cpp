// The command support-bundle: what a supporter needs to see of this host, without its secrets, in
// one file. What cannot be had is told in it; it needs no daemon, but tells less without one.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "agent/cli/commands.hpp"
#include "agent/cli/daemon_program.hpp"
#include "agent/cli/options.hpp"
#include "agent/cli/redact.hpp"
#include "agent/cli/text.hpp"
#include "sys/exec.hpp"
#include "sys/files.hpp"
#include "sys/programs.hpp"

namespace metalwright::agent::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr seconds asking{20}, looking{300};
constexpr std::size_t most_of_one = std::size_t{8} << 20;  // bytes of a piece
constexpr std::size_t told_operations = 10;

std::string in_words(const Refusal& refusal) {
    return refusal.errors.empty() ? "no reason is given" : describe(refusal.errors.front());
}

/// The bundle while it grows: a directory of its own beside the file that it becomes.
class Bundle {
 public:
    Bundle(fs::path directory, std::vector<std::string> secrets)
        : directory_(std::move(directory)), secrets_(std::move(secrets)) {}
    Bundle(const Bundle&) = delete;
    Bundle& operator=(const Bundle&) = delete;
    ~Bundle() {
        std::error_code ignored;
        fs::remove_all(directory_, ignored);
    }

    void add_text(const std::string& name, std::string_view content) {
        if (content.size() > most_of_one) {
            missing(name, "only its last " + std::to_string(most_of_one) + " bytes are here");
            content.remove_prefix(content.size() - most_of_one);
        }
        put(name, redacted(content, secrets_));
    }
    void add_answer(const std::string& name, const Answer& answer) {
        if (!answer) return missing(name, in_words(answer.error()));
        put(name, pretty(redacted_json(*answer, secrets_)));
    }
    /// What a program says. `name` ends in ".json" where that is JSON.
    void add_program(const std::string& name, const std::string& program,
                     std::vector<std::string> words) {
        const auto path = sys::find_program(program);
        if (!path) return missing(name, path.error().message);
        const auto output = sys::SpawnExec().run({.program = *path,
                                                  .args = std::move(words),
                                                  .timeout = looking,
                                                  .output_limit = 2 * most_of_one});
        if (!output) return missing(name, describe(output.error()));
        if (!output->ok()) missing(name, program + " says: " + output->err);
        Json json = name.ends_with(".json") ? Json::parse(output->out, nullptr, false) : Json();
        if (json.is_structured()) return add_answer(name, Answer(std::move(json)));
        add_text(name, output->out);
    }
    void add_file(const std::string& name, const fs::path& path) {
        const auto content = sys::PosixFiles().read(path);
        content ? add_text(name, *content) : missing(name, describe(content.error()));
    }
    void missing(const std::string& name, const std::string& why) {
        missing_ += name + ": " + why + (why.ends_with('\n') ? "" : "\n");
    }

    /// With what is not in it.
    void finish() {
        if (!missing_.empty()) put("errors.txt", redacted(missing_, secrets_));
    }
    const Json& contents() const { return contents_; }
    const fs::path& directory() const { return directory_; }

 private:
    void put(const std::string& name, const std::string& content) {
        const auto written = sys::PosixFiles().put(
            directory_ / name, content, {.mode = 0600, .parents = 0700, .durable = false});
        if (!written) return missing(name, describe(written.error()));
        contents_.push_back({{"name", name}, {"bytes", content.size()}});
    }

    fs::path directory_;
    std::vector<std::string> secrets_;
    std::string missing_{};
    Json contents_ = Json::array();
};

/// What the configuration's files of secrets hold, so that it can be found wherever it stands: each
/// line of theirs, and the strings of those that are JSON.
std::vector<std::string> secrets_of(const std::string& configuration) {
    std::vector<std::string> found;
    const std::function<void(const Json&)> take = [&](const Json& json) {
        if (json.is_string()) found.push_back(json.get<std::string>());
        if (json.is_object() || json.is_array())
            for (const Json& one : json) take(one);
    };
    for (std::size_t at = 0; (at = configuration.find("_file", at)) != std::string::npos; ++at) {
        const std::size_t equals = configuration.find('=', at);
        const std::size_t open = configuration.find_first_of("\"'", at);
        if (equals == std::string::npos || open == std::string::npos || open < equals) continue;
        const std::size_t close = configuration.find(configuration[open], open + 1);
        const std::size_t line = configuration.rfind('\n', at);
        const std::string name =
            configuration.substr(line == std::string::npos ? 0 : line + 1, at + 5);
        const bool is_secret = name.find("token_file") != std::string::npos ||
                               name.find("key_file") != std::string::npos ||
                               name.find("enrolment_file") != std::string::npos ||
                               name.find("keys_file") != std::string::npos;
        if (close == std::string::npos || !is_secret) continue;
        const auto text = sys::PosixFiles().read(configuration.substr(open + 1, close - open - 1));
        if (!text) continue;
        if (const Json json = Json::parse(*text, nullptr, false); json.is_structured()) {
            // Ids stand in logs, and have to be read there.
            for (const Json& key : list(json, "keys")) found.push_back(cli::text(key, "secret"));
            if (const std::string token = cli::text(json, "token"); !token.empty())
                found.push_back(token);
            continue;
        }
        for (std::size_t from = 0; from < text->size();) {
            const std::size_t feed = std::min(text->find('\n', from), text->size());
            const std::string one = text->substr(from, feed - from);
            if (!one.starts_with("-----")) found.push_back(one);
            from = feed + 1;
        }
    }
    return found;
}

void collect(Bundle& bundle, const Session& session, const BundleWish& wish,
             const std::string& configuration) {
    bundle.add_text("configuration.toml", configuration);
    for (const char* name : {"status", "inventory", "addresses", "leases", "events"})
        bundle.add_answer(std::string("api/") + name + ".json",
                          session.daemon.get(std::string("/v1/") + name, looking));
    const Answer operations = session.daemon.get("/v1/operations?limit=100", asking);
    bundle.add_answer("api/operations.json", operations);
    if (operations) {
        std::size_t told = 0;
        for (const Json& one : list(*operations, "operations")) {
            const auto id = number(one, "id");
            if (!id || ++told > told_operations) continue;
            const std::string path = "/v1/operations/" + std::to_string(*id);
            const std::string name = "api/operation-" + std::to_string(*id);
            bundle.add_answer(name + ".json", session.daemon.get(path, asking));
            bundle.add_answer(name + "-events.json", session.daemon.get(path + "/events", asking));
        }
    }
    std::vector<std::string> named;
    if (!wish.config.empty()) named = {"--config", wish.config};
    const auto daemons = [&](std::vector<std::string> words) {
        words.insert(words.end(), named.begin(), named.end());
        return ask_daemon_program(std::move(words), looking);
    };
    bundle.add_answer("doctor.json", daemons({"--doctor"}));
    bundle.add_answer("audit.json", daemons({"--audit", "--limit", "10000"}));
    bundle.add_answer("audit-whole.json", daemons({"--audit", "--verify"}));
    bundle.add_program("journal.txt", "journalctl",
                       {"--unit", "metalwright.service", "--unit", "metalwright-link.service",
                        "--lines", "10000", "--no-pager", "--output", "short-iso-precise"});
    bundle.add_program("system/uname.txt", "uname", {"-a"});
    for (const char* what : {"address", "route", "rule", "link"})
        bundle.add_program(std::string("system/ip-") + what + ".json", "ip",
                           {"-j", "-d", what, "show"});
    bundle.add_program("system/routes-of-all-tables.json", "ip",
                       {"-j", "route", "show", "table", "all"});
    bundle.add_program("system/lsblk.json", "lsblk", {"--json", "--bytes", "--output-all"});
    bundle.add_program("system/arrays.txt", "mdadm", {"--detail", "--scan"});
    for (const auto& [name, path] : {std::pair{"system/mdstat.txt", "/proc/mdstat"},
                                     std::pair{"system/mounts.txt", "/proc/self/mounts"},
                                     std::pair{"system/os-release.txt", "/etc/os-release"}})
        bundle.add_file(name, path);
}

Result<void> pack(const fs::path& directory, const fs::path& file) {
    const auto tar = sys::find_program("tar");
    if (!tar) return std::unexpected(tar.error());
    const fs::path growing = directory.native() + ".tar.gz";
    const sys::Command command{
        .program = *tar,
        .args = {"--create", "--gzip", "--file", growing.native(), "--owner=0", "--group=0",
                 "--directory", directory.parent_path().native(), directory.filename().native(),
                 "--transform", "s,^" + directory.filename().native() + ",metalwright,"},
        .timeout = looking};
    const auto packed = sys::expect_ok(sys::SpawnExec().run(command), command);
    std::error_code failed;
    if (packed) fs::permissions(growing, fs::perms::owner_read | fs::perms::owner_write, failed);
    if (packed && !failed) fs::rename(growing, file, failed);
    if (packed && !failed) return {};
    std::error_code ignored;
    fs::remove(growing, ignored);
    if (!packed) return std::unexpected(packed.error());
    return fail(Errc::io, "cannot write the bundle", file.native(), failed.value());
}

std::string view_of(const Json& answer, const Look& look) {
    Table table({{"IN IT"}, {"BYTES", true}});
    for (const Json& one : list(answer, "contents"))
        table.row({{text(one, "name")}, {std::to_string(number(one, "bytes").value_or(0))}});
    return table.render(look.style, look.width) + "\n" + text(answer, "file") + ", " +
           std::to_string(number(answer, "bytes").value_or(0)) +
           " bytes. Secrets are taken out of it; read it before you send it all the same.\n";
}

}  // namespace

Exit support_bundle(Session& session, const BundleWish& wish) {
    const auto refuse = [&](Error error) {
        return complain(session, Refusal{Exit::failed, {std::move(error)}});
    };
    ::umask(0077);
    const fs::path file =
        fs::absolute(wish.file.empty() ? "metalwright-support.tar.gz" : wish.file);
    std::error_code absent;
    if (fs::exists(fs::symlink_status(file, absent)) && !wish.force)
        return refuse(
            {Errc::conflict, "is there already: name another file, or say --force", file.native()});
    std::string directory = (file.parent_path() / ".metalwright-support-XXXXXX").native();
    if (::mkdtemp(directory.data()) == nullptr)
        return refuse({Errc::io, "cannot make a directory beside it", directory, errno});
    const fs::path config = wish.config.empty() ? "/etc/metalwright/metalwright.toml" : wish.config;
    const auto configuration = sys::PosixFiles().read(fs::absolute(config));
    Bundle bundle(directory,
                  configuration ? secrets_of(*configuration) : std::vector<std::string>());
    if (!configuration) bundle.missing("configuration.toml", describe(configuration.error()));
    collect(bundle, session, wish, configuration.value_or(""));
    bundle.finish();
    if (auto packed = pack(bundle.directory(), file); !packed) return refuse(packed.error());
    Json answer{{"file", file.native()}, {"bytes", fs::file_size(file, absent)}};
    answer["contents"] = bundle.contents();
    session.show(answer, view_of(answer, session.look()));
    return Exit::done;
}

void add_support_bundle(CLI::App& app, Options& options) {
    CLI::App* bundle = app.add_subcommand(
        "support-bundle", "Collect what a supporter needs in one file, without secrets");
    bundle->add_option("FILE", options.file, "The bundle (default: metalwright-support.tar.gz)")
        ->type_name("");
    bundle->add_flag("--force", options.force, "Replace a file that is there");
    bundle->add_option("--config", options.config, "The daemon's configuration")->type_name("FILE");
    bundle->footer(examples(
        "  metalwright support-bundle\n"
        "  metalwright support-bundle /root/host-7.tar.gz && tar tzf /root/host-7.tar.gz\n"));
}

}  // namespace metalwright::agent::cli
