#include <utility>

#include "cloudinit/etc_files.hpp"
#include "cloudinit/password.hpp"
#include "cloudinit/paths.hpp"
#include "cloudinit/room.hpp"
#include "core/fail_point.hpp"
#include "sys/random.hpp"

namespace metalwright::cloudinit {
namespace {

/// The file as it is now, empty when absent, and the mode it is to keep.
struct Current {
    std::string content;
    sys::FileMode mode;
};

Result<Current> current(Doors& doors, const char* path, sys::FileMode when_absent) {
    Result<std::string> content = doors.files.read(path);
    if (!content && content.error().code == Errc::not_found) return Current{{}, when_absent};
    if (!content) return std::unexpected(std::move(content).error());
    const Result<sys::FileMode> mode = doors.host.mode_of(path);
    if (!mode) return std::unexpected(mode.error());
    return Current{*std::move(content), *mode};
}

Result<void> put(Doors& doors, const char* path, std::string_view content, sys::FileMode mode) {
    const Result<Outcome> written = doors.files.put(path, content, mode);
    if (!written) return std::unexpected(written.error());
    return {};
}

constexpr const char* systemd_runs = "/run/systemd/system";

/// A program of the distribution, where it is there. Errors: not_found, and what it says.
Result<void> run_program(Doors& doors, std::string_view name, std::vector<std::string> args,
                         std::string input = {}) {
    if (doors.exec == nullptr) return fail(Errc::not_found, "no programs are run here");
    const Result<std::string> program = doors.find_program(name);
    if (!program) return std::unexpected(program.error());
    const sys::Command command{
        .program = *program, .args = std::move(args), .input = std::move(input)};
    const auto done = sys::expect_ok(doors.exec->run(command), command);
    return done ? Result<void>() : std::unexpected(done.error());
}

/// Where SELinux is at work, what was made anew gets the label that its place has.
void relabel(Doors& doors, const char* path) {
    if (!doors.files.exists("/sys/fs/selinux/enforce")) return;
    // That it cannot be done shows: sshd does not read such keys, and says so.
    [[maybe_unused]] const Result<void> done = run_program(doors, "restorecon", {"-R", path});
}

/// Through systemd-hostnamed, where it is there, which tells whoever listens; else only the kernel.
Result<void> name_now(const std::string& name, Doors& doors) {
    if (doors.files.exists(systemd_runs) &&
        run_program(doors, "hostnamectl", {"--no-ask-password", "set-hostname", name}) &&
        doors.host.name() == name)
        return {};
    return doors.host.set_name(name);
}

Result<void> run(const SetHostname& op, Doors& doors) {
    // hosts first: a name that does not resolve makes sudo and many daemons slow
    const Result<Current> hosts = current(doors, paths::hosts, {.mode = 0644});
    if (!hosts) return std::unexpected(hosts.error());
    if (Result<void> done =
            put(doors, paths::hosts, with_own_name(hosts->content, op.name), hosts->mode);
        !done)
        return done;
    if (Result<void> done = put(doors, paths::hostname, op.name + '\n', {.mode = 0644}); !done)
        return done;
    if (doors.files.exists(paths::cloud_init))
        if (Result<void> done =
                put(doors, paths::cloud_init_host_name, cloud_init_leaves_the_name, {.mode = 0644});
            !done)
            return done;
    return name_now(op.name, doors);
}

Result<void> run(const RenewMachineId&, Doors& doors) {
    Result<std::string> id = sys::random_uuid();
    if (!id) return std::unexpected(id.error());
    std::erase(*id, '-');
    if (Result<void> done = put(doors, paths::machine_id, *id + '\n', {.mode = 0444}); !done)
        return done;
    // Mostly it is a link to that one.
    const bool own = doors.files.exists(paths::dbus_machine_id) &&
                     !doors.files.link_target(paths::dbus_machine_id);
    if (!own) return {};
    return put(doors, paths::dbus_machine_id, *id + '\n', {.mode = 0444});
}

/// Made beside the old one, and put in its place whole: sshd never meets half a key.
Result<void> renew_host_key(const std::string& name, Doors& doors) {
    constexpr std::string_view begin = "ssh_host_", end = "_key";
    const std::string type = name.substr(begin.size(), name.size() - begin.size() - end.size());
    const std::string path = std::string(paths::host_keys) + '/' + name;
    const std::string made = path + ".metalwright-new";
    const auto clear = [&] {
        for (const std::string& left : {made, made + ".pub"})
            if (const Result<Outcome> gone = doors.files.remove(left); !gone)
                return Result<void>(std::unexpected(gone.error()));
        return Result<void>();
    };
    if (Result<void> free = clear(); !free) return free;
    if (Result<void> done =
            run_program(doors, "ssh-keygen", {"-q", "-t", type, "-N", "", "-f", made});
        !done)
        return done;
    Result<std::string> secret = doors.files.read(made);
    const Result<std::string> shown = doors.files.read(made + ".pub");
    if (!secret || !shown) return std::unexpected((secret ? shown : secret).error());
    Result<void> done = put(doors, path.c_str(), *secret, {.mode = 0600});
    wipe(*secret);
    if (done) done = put(doors, (path + ".pub").c_str(), *shown, {.mode = 0644});
    const Result<void> cleared = clear();
    return done ? cleared : done;
}

Result<void> run(const RenewHostKeys& op, Doors& doors) {
    if (op.names.empty()) {
        if (Result<void> done = run_program(doors, "ssh-keygen", {"-A"}); !done) return done;
    }
    for (const std::string& name : op.names)
        if (Result<void> done = renew_host_key(name, doors); !done) return done;
    // It goes by either name; where it does not run it reads them when it starts.
    if (doors.files.exists(systemd_runs))
        for (const char* unit : {"ssh.service", "sshd.service"})
            if (run_program(doors, "systemctl", {"try-reload-or-restart", unit})) break;
    return {};
}

Result<void> run(const SetRootPassword& op, Doors& doors) {
    // The distribution's tool knows what else hangs on a password there; it takes the lock itself.
    if (doors.exec != nullptr && doors.find_program("chpasswd"))
        return run_program(doors, "chpasswd", {"-e"}, "root:" + op.hash + '\n');
    const Result<std::unique_ptr<Host::Lock>> lock = doors.host.lock_accounts();
    if (!lock) return std::unexpected(lock.error());
    const Result<Current> shadow = current(doors, paths::shadow, {.mode = 0640});
    if (!shadow) return std::unexpected(shadow.error());
    const Result<std::string> edited =
        with_root_password(shadow->content, op.hash, doors.host.today());
    if (!edited) return std::unexpected(edited.error());
    return put(doors, paths::shadow, *edited, shadow->mode);
}

Result<void> run(const AddAuthorizedKeys& op, Doors& doors) {
    if (Result<void> made = doors.host.make_private_directory(paths::ssh_directory); !made)
        return made;
    const Result<Current> keys = current(doors, paths::authorized_keys, {.mode = 0600});
    if (!keys) return std::unexpected(keys.error());
    // What is ours already stays ours; what somebody else has put there is not put there twice.
    std::vector<std::string> ours = our_keys(keys->content);
    for (std::string& line : missing_keys(keys->content, op.lines)) ours.push_back(std::move(line));
    Result<void> done =
        put(doors, paths::authorized_keys, with_keys(keys->content, ours), {.mode = 0600});
    if (done) relabel(doors, paths::ssh_directory);
    return done;
}

Result<void> run(const RemoveOurKeys&, Doors& doors) {
    const Result<Current> keys = current(doors, paths::authorized_keys, {.mode = 0600});
    if (!keys) return std::unexpected(keys.error());
    return put(doors, paths::authorized_keys, without_our_keys(keys->content), keys->mode);
}

Result<void> run(const LockRootPassword&, Doors& doors) {
    const Result<std::unique_ptr<Host::Lock>> lock = doors.host.lock_accounts();
    if (!lock) return std::unexpected(lock.error());
    const Result<Current> shadow = current(doors, paths::shadow, {.mode = 0640});
    if (!shadow) return std::unexpected(shadow.error());
    const Result<std::string> edited = without_root_password(shadow->content);
    if (!edited) return std::unexpected(edited.error());
    return put(doors, paths::shadow, *edited, shadow->mode);
}

Result<void> run(const RemoveFiles& op, Doors& doors) {
    for (const std::string& path : op.paths)
        if (const Result<Outcome> gone = doors.files.remove(path); !gone)
            return std::unexpected(gone.error());
    return {};
}

}  // namespace

std::vector<Result<void>> apply(std::span<const Step<Op>> steps, const Observed&, Doors& doors,
                                Journal&) {
    std::vector<Result<void>> results;
    for (const Step<Op>& step : steps) {
        results.push_back(std::visit([&](const auto& op) { return run(op, doors); }, step.op));
        if (results.back()) fail_point("cloudinit.after-once");
    }
    return results;
}

}  // namespace metalwright::cloudinit
