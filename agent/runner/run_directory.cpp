#include "agent/runner/run_directory.hpp"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string>

#include "sys/fd.hpp"
#include "sys/files.hpp"

namespace metalwright::runner {
namespace {

namespace fs = std::filesystem;
using cloudinit::Claim;
using cloudinit::ScriptState;
using cloudinit::ScriptStatus;

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

Result<Claim> own_claim() {
    sys::PosixFiles files;
    const Result<std::string> stat = files.read("/proc/self/stat");
    const Result<std::string> boot = files.read("/proc/sys/kernel/random/boot_id");
    if (!stat) return std::unexpected(stat.error());
    if (!boot) return std::unexpected(boot.error());
    return Claim{.pid = ::getpid(),
                 .start_time = cloudinit::start_time_of(*stat),
                 .boot_id = boot->substr(0, boot->find('\n')),
                 .invocation = environment("INVOCATION_ID")};
}

int number_of(std::string_view text) {
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// "KILL" or "9": systemd gives the name.
int signal_of(const std::string& word) {
    for (int number = 1; number < NSIG; ++number)
        if (const char* name = ::sigabbrev_np(number); name != nullptr && word == name)
            return number;
    return number_of(word);
}

ScriptStatus status_from_environment() {
    const std::string status = environment("EXIT_STATUS");
    if (environment("SERVICE_RESULT") == "timeout") return {.state = ScriptState::timed_out};
    const std::string code = environment("EXIT_CODE");
    if (code == "exited") return {.state = ScriptState::exited, .exit_code = number_of(status)};
    if (code == "killed" || code == "dumped")
        return {.state = ScriptState::killed, .signal = signal_of(status)};
    return {.state = ScriptState::interrupted};
}

}  // namespace

Result<void> claim_run(const fs::path& directory) {
    const Result<Claim> claim = own_claim();
    if (!claim) return std::unexpected(claim.error());
    const fs::path path = directory / cloudinit::run_files::claim;
    const sys::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) {
        const int error = errno;
        if (error == EEXIST)
            return fail(Errc::conflict, "this run was claimed before, it is never run twice",
                        directory.string());
        return fail(Errc::io, "cannot claim the run", path.string(), error);
    }
    const std::string text = cloudinit::format_claim(*claim);
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size()) || ::fsync(file.get()) != 0)
        return fail(Errc::io, "cannot write the claim", path.string(), errno);
    const sys::Fd parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent || ::fsync(parent.get()) != 0)
        return fail(Errc::io, "cannot make the claim durable", directory.string(), errno);
    return {};
}

Result<void> leave_result(const fs::path& directory, const ScriptStatus& status) {
    const Result<Outcome> put = sys::PosixFiles().put(
        directory / cloudinit::run_files::result, cloudinit::format_result(status),
        {.mode = 0600, .uid = ::getuid(), .gid = ::getgid()});
    if (!put) return std::unexpected(put.error());
    return {};
}

Result<void> record_end(const fs::path& directory) {
    sys::PosixFiles files;
    if (files.exists(directory / cloudinit::run_files::result)) return {};
    const Result<std::string> text = files.read(directory / cloudinit::run_files::claim);
    // Without a claim nothing ran: whatever exit code there is belongs to the runner.
    if (!text && text.error().code == Errc::not_found)
        return leave_result(directory, {.state = ScriptState::interrupted});
    if (!text) return std::unexpected(text.error());
    const Result<Claim> claim = cloudinit::parse_claim(*text);
    if (claim && claim->invocation != environment("INVOCATION_ID")) return {};
    return leave_result(directory, status_from_environment());
}

}  // namespace metalwright::runner
