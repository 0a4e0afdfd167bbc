#include "agent/runner/supervise.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "agent/runner/log_follower.hpp"
#include "agent/runner/masked_log.hpp"
#include "cloudinit/interpreter.hpp"
#include "cloudinit/run_log.hpp"
#include "cloudinit/run_record.hpp"
#include "sys/fd.hpp"
#include "sys/files.hpp"

namespace metalwright::runner {
namespace {

namespace fs = std::filesystem;
using cloudinit::ScriptState;
using cloudinit::ScriptStatus;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds tick{500};  // how far the journal may lag behind the log
constexpr std::chrono::seconds term_grace{10};
constexpr std::chrono::seconds kill_patience{5};
constexpr std::chrono::seconds longest_backoff{600};
constexpr int no_interpreter = 127;

Result<std::vector<std::string>> script_command(const fs::path& script) {
    const Result<std::string> bytes = sys::PosixFiles().read(script);
    if (!bytes) return std::unexpected(bytes.error());
    const Result<cloudinit::Shebang> shebang = cloudinit::read_shebang(*bytes);
    if (!shebang) return std::unexpected(shebang.error());
    return cloudinit::interpreter_command(*shebang, script.string(), cloudinit::installed_program);
}

/// What prepare() has left for us, and for nobody else; empty where it has not.
std::vector<std::string> left_for_us(const fs::path& file) {
    const Result<std::string> text = sys::PosixFiles().read(file);
    ::unlink(file.c_str());
    return text ? cloudinit::split_nul(*text) : std::vector<std::string>();
}

/// That of a log-in of root's, and what the order adds.
std::vector<std::string> script_environment(const fs::path& directory) {
    std::vector<std::string> all{"PATH=" + std::string(cloudinit::script_path),
                                 "HOME=/root",
                                 "USER=root",
                                 "LOGNAME=root",
                                 "SHELL=/bin/bash",
                                 "LANG=C.UTF-8"};
    for (std::string& variable : left_for_us(directory / cloudinit::run_files::environment))
        all.push_back(std::move(variable));
    return all;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
    std::vector<char*> all;
    for (const std::string& word : words) all.push_back(const_cast<char*>(word.c_str()));
    all.push_back(nullptr);
    return all;
}

sigset_t watched_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, number);
    return set;
}

/// In the child, between fork and exec: nothing here may allocate.
[[noreturn]] void become_script(char* const* argv, char* const* environment, int output,
                                pid_t runner) {
    ::setsid();
    // A script without its runner would be running and told as interrupted at once.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != runner) ::_exit(no_interpreter);
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, 0);
    ::dup2(output, 1);
    ::dup2(output, 2);
    ::close_range(3, ~0u, 0);
    ::umask(022);
    if (::chdir("/root") != 0 && ::chdir("/") != 0) ::_exit(no_interpreter);
    ::execve(argv[0], argv, environment);
    ::_exit(no_interpreter);
}

/// Our children, those that came to us as sub-reaper included.
std::vector<pid_t> children() {
    std::vector<pid_t> found;
    DIR* proc = ::opendir("/proc");
    if (proc == nullptr) return found;
    for (const dirent* entry = ::readdir(proc); entry != nullptr; entry = ::readdir(proc)) {
        const std::string_view name = entry->d_name;
        pid_t pid = 0;
        if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr !=
                name.data() + name.size() ||
            name.empty())
            continue;
        const Result<std::string> stat = sys::PosixFiles().read(fs::path("/proc") / name / "stat");
        if (!stat) continue;
        const std::string parent = " " + std::to_string(::getpid()) + " ";
        // ") S PPID ": the name before may hold anything
        const std::size_t end = stat->rfind(") ");
        if (end != std::string::npos && stat->compare(end + 3, parent.size(), parent) == 0)
            found.push_back(pid);
    }
    ::closedir(proc);
    return found;
}

/// One run: its parts one after the other, and all of them again where it may be tried again.
class Run {
 public:
    Run(int signals, const Order& order, pid_t spared)
        : signals_(signals), spared_(spared), deadline_(Clock::now() + order.timeout) {}

    /// A process of the run has been started.
    void began(pid_t script) {
        script_ = script;
        status_.reset();
        pausing_ = false;
    }

    /// Waits for it, at most until the next tick. True once it has ended and, if it had to be
    /// stopped, everything it started has too.
    bool wait() {
        listen(tick);
        const auto now = Clock::now();
        if (!stopping_) return status_.has_value();
        if (!status_ && now < kill_at_) return false;
        kill_all();
        return true;
    }

    /// Waits for so long between two attempts; at most until the next tick. True once it is over.
    bool pause(Clock::time_point until) {
        pausing_ = true;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        listen(std::clamp(left, std::chrono::milliseconds(0), tick));
        return stopping_ || Clock::now() >= until;
    }

    /// Told to stop, or out of time: nothing more is started.
    bool stopping() const noexcept { return stopping_; }

    /// Of the process that has ended; of a pause, too, when the time has run out in it.
    ScriptStatus status() const {
        if (timed_out_) return {.state = ScriptState::timed_out};
        if (!status_)
            return {.state = ScriptState::killed, .signal = SIGKILL};  // stuck in the kernel
        if (WIFSIGNALED(*status_))
            return {.state = ScriptState::killed, .signal = WTERMSIG(*status_)};
        return {.state = ScriptState::exited, .exit_code = WEXITSTATUS(*status_)};
    }

 private:
    /// Until something happens, at most for so long.
    void listen(std::chrono::milliseconds most) {
        pollfd news{signals_, POLLIN, 0};
        ::poll(&news, 1, static_cast<int>(most.count()));
        signalfd_siginfo info{};
        while (::read(signals_, &info, sizeof info) == sizeof info)
            if (info.ssi_signo != SIGCHLD) ask_to_end();
        reap();
        if (!stopping_ && Clock::now() >= deadline_ && (!status_ || pausing_)) {
            timed_out_ = true;
            ask_to_end();
        }
    }

    void ask_to_end() {
        if (stopping_) return;
        stopping_ = true;
        kill_at_ = Clock::now() + term_grace;
        if (!status_) ::kill(-script_, SIGTERM);
    }

    void reap() {
        int status = 0;
        for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0;
             pid = ::waitpid(-1, &status, WNOHANG))
            if (pid == script_) status_ = status;
    }

    /// Each death hands the dead one's children to us, so this ends when nobody is left; or when
    /// one cannot die (state D).
    void kill_all() {
        const auto until = Clock::now() + kill_patience;
        const auto others = [&] {
            std::vector<pid_t> left = children();
            std::erase(left, spared_);
            return left;
        };
        for (std::vector<pid_t> left = others(); !left.empty() && Clock::now() < until;
             left = others()) {
            for (const pid_t pid : left) ::kill(pid, SIGKILL);
            pollfd news{signals_, POLLIN, 0};
            ::poll(&news, 1, 20);
            signalfd_siginfo info{};
            while (::read(signals_, &info, sizeof info) == sizeof info) {
            }
            reap();
        }
    }

    pid_t script_ = 0;
    int signals_;
    pid_t spared_;  // copies the output: it goes when nobody writes any more
    Clock::time_point deadline_;
    Clock::time_point kill_at_{};
    std::optional<int> status_{};
    bool pausing_ = false;
    bool stopping_ = false;
    bool timed_out_ = false;
};

void say(int log, const std::string& line) {
    if (::write(log, line.data(), line.size()) < 0) return;  // then nobody can be told
}

/// Of no consequence for the run: what cannot be kept is told by the log alone.
void keep(const Order& order, const char* name, const std::string& content) {
    [[maybe_unused]] const Result<Outcome> put = sys::PosixFiles().put(
        order.directory / name, content, {.mode = 0600, .uid = ::getuid(), .gid = ::getgid()});
}

/// The log, or, where /root cannot be written, one beside the record.
sys::Fd open_log(const Order& order, fs::path& opened) {
    for (const fs::path& path : {order.log, order.directory / "output.log"}) {
        sys::Fd log(
            ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600));
        if (!log) continue;
        opened = path;
        const fs::path link = order.directory / cloudinit::run_files::log;
        std::error_code already_there;
        fs::create_symlink(path, link, already_there);
        return log;
    }
    opened = "/dev/null";
    return sys::Fd(::open("/dev/null", O_WRONLY | O_CLOEXEC));
}

bool good(const ScriptStatus& status) {
    return status.state == ScriptState::exited && status.exit_code == 0;
}

/// What is the same for every part and attempt.
struct Stage {
    const Order& order;
    int signals;
    int log;     // what we say
    int output;  // what the script says
    LogFollower& follower;
    std::vector<fs::path> parts{};
    std::vector<std::string> environment{};

    /// One part, to its end.
    ScriptStatus play(const fs::path& part, Run& run) {
        const Result<std::vector<std::string>> command = script_command(part);
        if (!command) {
            say(log, "metalwright-run: " + describe(command.error()) + "\n");
            return {.state = ScriptState::exited, .exit_code = no_interpreter};
        }
        const std::vector<char*> argv = pointers(*command);
        const std::vector<char*> variables = pointers(environment);
        const pid_t runner = ::getpid();
        const pid_t script = ::fork();
        if (script == 0) become_script(argv.data(), variables.data(), output, runner);
        if (script < 0) {
            say(log, "metalwright-run: cannot start a process\n");
            return {.state = ScriptState::interrupted};
        }
        run.began(script);
        while (!run.wait())
            if (order.follow) follower.pump();
        return run.status();
    }

    /// All parts, also after one that failed: that one is told.
    ScriptStatus attempt(Run& run) {
        ScriptStatus told{.state = ScriptState::exited, .exit_code = 0};
        for (const fs::path& part : parts) {
            ScriptStatus status = play(part, run);
            if (parts.size() > 1 && !good(status)) status.failed_part = part.filename().string();
            if (good(told)) told = std::move(status);
            if (run.stopping()) break;
        }
        return told;
    }
};

std::vector<fs::path> parts_in(const fs::path& directory) {
    std::vector<fs::path> parts{directory / cloudinit::script_file(1)};
    for (std::size_t part = 2; fs::exists(directory / cloudinit::script_file(part)); ++part)
        parts.push_back(directory / cloudinit::script_file(part));
    return parts;
}

}  // namespace

ScriptStatus supervise(const Order& order) {
    fs::path log_path;
    const sys::Fd log = open_log(order, log_path);
    LogFollower follower(log_path, STDOUT_FILENO);
    // Not durable: after a power cut the whole log is this run's, and the script does not wait.
    std::ofstream(order.directory / cloudinit::run_files::log_begins)
        << follower.began_at() << '\n';
    // Before there is a process that copies output: it shall not be reaped unseen.
    const sigset_t watched = watched_signals();
    ::sigprocmask(SIG_BLOCK, &watched, nullptr);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const sys::Fd signals(::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
    MaskedLog output(log.get(), left_for_us(order.directory / cloudinit::run_files::secrets));
    if (!signals || !output) {
        say(log.get(), "metalwright-run: cannot start a process\n");
        return {.state = ScriptState::interrupted};
    }

    Stage stage{.order = order,
                .signals = signals.get(),
                .log = log.get(),
                .output = output.fd(),
                .follower = follower,
                .parts = parts_in(order.directory),
                .environment = script_environment(order.directory)};
    Run run(signals.get(), order, output.process());
    ScriptStatus status = stage.attempt(run);
    auto backoff = order.backoff;
    for (unsigned attempt = 2; attempt <= order.retries + 1 && !good(status); ++attempt) {
        if (run.stopping() || status.state == ScriptState::interrupted) break;
        say(log.get(), "metalwright-run: attempt " + std::to_string(attempt) + " of " +
                           std::to_string(order.retries + 1) + " in " +
                           std::to_string(backoff.count()) + " s\n");
        const auto until = Clock::now() + backoff;
        while (!run.pause(until))
            if (order.follow) follower.pump();
        if (run.stopping()) break;
        backoff = std::min(2 * backoff, longest_backoff);
        status = stage.attempt(run);
        status.attempts = attempt;
    }
    if (run.stopping() && run.status().state == ScriptState::timed_out)
        status = {.state = ScriptState::timed_out, .attempts = status.attempts};
    output.finish();
    // The script may have removed its log; we have it open.
    keep(order, cloudinit::run_files::last_output, follower.last(cloudinit::last_output_bytes));
    if (order.follow) follower.finish(1000);
    return status;
}

}  // namespace metalwright::runner
