#include <utility>

#include "cloudinit/etc_files.hpp"
#include "cloudinit/paths.hpp"
#include "cloudinit/room.hpp"
#include "core/fail_point.hpp"

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
    return doors.host.set_name(op.name);
}

Result<void> run(const SetRootPassword& op, Doors& doors) {
    // The distribution's tool knows what else hangs on a password there; it takes the lock itself.
    if (doors.exec != nullptr)
        if (const Result<std::string> chpasswd = doors.find_program("chpasswd"); chpasswd) {
            const sys::Command command{
                .program = *chpasswd, .args = {"-e"}, .input = "root:" + op.hash + '\n'};
            const auto done = sys::expect_ok(doors.exec->run(command), command);
            return done ? Result<void>() : std::unexpected(done.error());
        }
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
    return put(doors, paths::authorized_keys, with_keys(keys->content, ours), {.mode = 0600});
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
