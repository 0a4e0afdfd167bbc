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

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "agent/runner/log_follower.hpp"
#include "cloudinit/interpreter.hpp"
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
constexpr int no_interpreter = 127;
constexpr const char* script_path =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::optional<std::string> find_program(std::string_view name) {
    const auto runnable = [](const std::string& path) {
        struct stat status{};
        return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
               ::access(path.c_str(), X_OK) == 0;
    };
    if (name.starts_with('/'))
        return runnable(std::string(name)) ? std::optional(std::string(name)) : std::nullopt;
    constexpr std::array<std::string_view, 6> directories{
        "/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"};
    for (const std::string_view directory : directories)
        if (std::string path = std::string(directory) + std::string(name); runnable(path))
            return path;
    return std::nullopt;
}

Result<std::vector<std::string>> script_command(const fs::path& script) {
    const Result<std::string> bytes = sys::PosixFiles().read(script);
    if (!bytes) return std::unexpected(bytes.error());
    const Result<cloudinit::Shebang> shebang = cloudinit::read_shebang(*bytes);
    if (!shebang) return std::unexpected(shebang.error());
    return cloudinit::interpreter_command(*shebang, script.string(), find_program);
}

sigset_t watched_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, number);
    return set;
}

/// In the child, between fork and exec: nothing here may allocate.
[[noreturn]] void become_script(char* const* argv, int log, pid_t runner) {
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
    ::dup2(log, 1);
    ::dup2(log, 2);
    ::close_range(3, ~0u, 0);
    ::umask(022);
    if (::chdir("/root") != 0 && ::chdir("/") != 0) ::_exit(no_interpreter);
    const std::array<const char*, 7> environment{script_path,    "HOME=/root",      "USER=root",
                                                 "LOGNAME=root", "SHELL=/bin/bash", "LANG=C.UTF-8",
                                                 nullptr};
    ::execve(argv[0], argv, const_cast<char* const*>(environment.data()));
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

/// The script under way.
class Run {
 public:
    Run(pid_t script, int signals, const Order& order)
        : script_(script), signals_(signals), deadline_(Clock::now() + order.timeout) {}

    /// Waits for the script, at most until the next tick. True once it has ended and, if it had to
    /// be stopped, everything it started has too.
    bool wait() {
        pollfd news{signals_, POLLIN, 0};
        ::poll(&news, 1, static_cast<int>(tick.count()));
        signalfd_siginfo info{};
        while (::read(signals_, &info, sizeof info) == sizeof info)
            if (info.ssi_signo != SIGCHLD) ask_to_end();
        reap();
        const auto now = Clock::now();
        if (!stopping_ && !status_ && now >= deadline_) {
            timed_out_ = true;
            ask_to_end();
        }
        if (!stopping_) return status_.has_value();
        if (!status_ && now < kill_at_) return false;
        kill_all();
        return true;
    }

    ScriptStatus status() const {
        if (timed_out_) return {.state = ScriptState::timed_out};
        if (!status_)
            return {.state = ScriptState::killed, .signal = SIGKILL};  // stuck in the kernel
        if (WIFSIGNALED(*status_))
            return {.state = ScriptState::killed, .signal = WTERMSIG(*status_)};
        return {.state = ScriptState::exited, .exit_code = WEXITSTATUS(*status_)};
    }

 private:
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
        for (std::vector<pid_t> left = children(); !left.empty() && Clock::now() < until;
             left = children()) {
            for (const pid_t pid : left) ::kill(pid, SIGKILL);
            pollfd news{signals_, POLLIN, 0};
            ::poll(&news, 1, 20);
            signalfd_siginfo info{};
            while (::read(signals_, &info, sizeof info) == sizeof info) {
            }
            reap();
        }
    }

    pid_t script_;
    int signals_;
    Clock::time_point deadline_;
    Clock::time_point kill_at_{};
    std::optional<int> status_{};
    bool stopping_ = false;
    bool timed_out_ = false;
};

void say(int log, const std::string& line) {
    if (::write(log, line.data(), line.size()) < 0) return;  // then nobody can be told
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

}  // namespace

ScriptStatus supervise(const Order& order) {
    fs::path log_path;
    const sys::Fd log = open_log(order, log_path);
    LogFollower follower(log_path, STDOUT_FILENO);

    const Result<std::vector<std::string>> command =
        script_command(order.directory / cloudinit::run_files::script);
    if (!command) {
        say(log.get(), "metalwright-run: " + describe(command.error()) + "\n");
        if (order.follow) follower.finish(1000);
        return {.state = ScriptState::exited, .exit_code = no_interpreter};
    }
    std::vector<char*> argv;
    for (const std::string& word : *command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);

    const sigset_t watched = watched_signals();
    ::sigprocmask(SIG_BLOCK, &watched, nullptr);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const sys::Fd signals(::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
    const pid_t runner = ::getpid();
    const pid_t script = ::fork();
    if (script == 0) become_script(argv.data(), log.get(), runner);
    if (script < 0 || !signals) {
        say(log.get(), "metalwright-run: cannot start a process\n");
        if (script > 0) ::kill(script, SIGKILL);
        return {.state = ScriptState::interrupted};
    }

    Run run(script, signals.get(), order);
    while (!run.wait())
        if (order.follow) follower.pump();
    if (order.follow) follower.finish(1000);
    return run.status();
}

}  // namespace metalwright::runner
