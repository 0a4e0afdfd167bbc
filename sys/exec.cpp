#include "sys/exec.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <system_error>

#include "sys/fd.hpp"

namespace metalwright::sys {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// How long a killed program gets to die under our eyes before it is left to the next run().
constexpr milliseconds death_grace{100};

// When the daemon was started with stdio closed, what we open may land on 0..2 and the child's own
// redirections would overwrite it.
Fd above_stdio(Fd fd) {
    return fd.get() > 2 ? std::move(fd) : Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
}

/// A file in memory that holds `text`, at its beginning; its bytes are gone with the child.
Fd file_of(const std::string& text) {
    Fd file = above_stdio(Fd(::memfd_create("input", MFD_CLOEXEC)));
    std::size_t at = 0;
    while (file && at < text.size()) {
        const ssize_t n = ::write(file.get(), text.data() + at, text.size() - at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return Fd();
        at += static_cast<std::size_t>(n);
    }
    return file && ::lseek(file.get(), 0, SEEK_SET) == 0 ? std::move(file) : Fd();
}

struct Pipe {
    Fd read, write;

    bool open() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return false;
        read = above_stdio(Fd(ends[0]));
        write = above_stdio(Fd(ends[1]));
        return read && write && ::fcntl(read.get(), F_SETFL, O_NONBLOCK) == 0;
    }
};

/// Child: its own process group, no signals blocked, stdin empty, our two pipes, nothing else open.
struct SpawnSetup {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;

    /// `in` below 0: there is nothing to read.
    SpawnSetup(int in, int out, int err) {
        sigset_t none, every;
        ::sigemptyset(&none);
        ::sigfillset(&every);
        ::posix_spawn_file_actions_init(&files);
        if (in >= 0)
            ::posix_spawn_file_actions_adddup2(&files, in, 0);
        else
            ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&files, out, 1);
        ::posix_spawn_file_actions_adddup2(&files, err, 2);
        ::posix_spawn_file_actions_addclosefrom_np(&files, 3);
        ::posix_spawnattr_init(&attributes);
        ::posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        ::posix_spawnattr_setpgroup(&attributes, 0);
        ::posix_spawnattr_setsigmask(&attributes, &none);
        ::posix_spawnattr_setsigdefault(&attributes, &every);
    }
    ~SpawnSetup() {
        ::posix_spawn_file_actions_destroy(&files);
        ::posix_spawnattr_destroy(&attributes);
    }
    SpawnSetup(const SpawnSetup&) = delete;
    SpawnSetup& operator=(const SpawnSetup&) = delete;
};

/// Programs that were killed and had not died yet. One in state D cannot die until its disk
/// answers, so nobody waits for it; each run() buries those that have gone meanwhile.
class Abandoned {
 public:
    void leave(pid_t pid) {
        const std::scoped_lock lock(mutex_);
        pids_.push_back(pid);
    }
    void bury() {
        const std::scoped_lock lock(mutex_);
        std::erase_if(pids_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
    }

 private:
    std::mutex mutex_;
    std::vector<pid_t> pids_;
};

Abandoned& abandoned() {
    static Abandoned all;
    return all;
}

/// Kills the whole group and does not wait for what cannot die.
void kill_group(pid_t pid, int pidfd) {
    ::kill(-pid, SIGKILL);
    pollfd died{pidfd, POLLIN, 0};
    if (pidfd >= 0) ::poll(&died, 1, static_cast<int>(death_grace.count()));
    if (::waitpid(pid, nullptr, WNOHANG) == 0) abandoned().leave(pid);
}

enum class Drained { more, empty, end };

/// One read. What is over the limit is read all the same, so that the program never blocks on us.
Drained drain(int fd, std::string& into, std::size_t limit, bool& truncated) {
    std::array<char, 16384> chunk;
    ssize_t n = 0;
    do n = ::read(fd, chunk.data(), chunk.size());
    while (n < 0 && errno == EINTR);
    if (n < 0) return errno == EAGAIN ? Drained::empty : Drained::end;
    if (n == 0) return Drained::end;
    const auto got = static_cast<std::size_t>(n);
    const std::size_t keep = std::min(got, limit - into.size());
    into.append(chunk.data(), keep);
    truncated |= keep < got;
    return Drained::more;
}

/// The child's environment: what it gets does not depend on who started the daemon.
std::vector<std::string> environment() {
    std::vector<std::string> all{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"};
    if (const char* id = std::getenv("INVOCATION_ID"); id != nullptr)
        all.push_back(std::string("INVOCATION_ID=") + id);
    return all;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> all;
    for (std::string& word : words) all.push_back(word.data());
    all.push_back(nullptr);
    return all;
}

bool is_absence(int error) {
    return error == ENOENT || error == EACCES || error == ENOTDIR || error == ENOEXEC;
}

std::string last_line(std::string_view text) {
    const auto trim = [&] {
        while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
            text.remove_suffix(1);
    };
    trim();
    // dmsetup ends with this, and has said why in the line before.
    if (constexpr std::string_view empty_words = "\nCommand failed."; text.ends_with(empty_words)) {
        text.remove_suffix(empty_words.size());
        trim();
    }
    const std::size_t start = text.rfind('\n');
    std::string line(start == std::string_view::npos ? text : text.substr(start + 1));
    constexpr std::size_t most = 300;
    if (line.size() > most) line = line.substr(0, most) + "...";
    return line;
}

std::string last_words(const Output& output) {
    std::string line = last_line(output.err);
    return line.empty() ? last_line(output.out) : line;
}

}  // namespace

Result<Output> SpawnExec::run(const Command& command) {
    abandoned().bury();
    if (!command.program.starts_with('/'))
        return fail(Errc::not_found, "a program is named by its absolute path, not '" +
                                         command.program + "': use sys::find_program");
    Pipe out, err;
    if (!out.open() || !err.open())
        return fail(Errc::io, "cannot open a pipe for " + command.program, command.program, errno);

    std::vector<std::string> words{command.program};
    words.insert(words.end(), command.args.begin(), command.args.end());
    std::vector<std::string> variables = environment();
    Fd input;
    if (!command.input.empty() && !(input = file_of(command.input)))
        return fail(Errc::io, "cannot keep the input of " + command.program, command.program,
                    errno);
    const SpawnSetup setup(input.get(), out.write.get(), err.write.get());
    pid_t pid = 0;
    const int refused =
        ::posix_spawn(&pid, command.program.c_str(), &setup.files, &setup.attributes,
                      pointers(words).data(), pointers(variables).data());
    if (refused != 0)
        return fail(
            is_absence(refused) ? Errc::not_found : Errc::io,
            "cannot start " + command.program + ": " + std::generic_category().message(refused),
            command.program, refused);
    out.write.close();
    err.write.close();
    const Fd child(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!child) {
        const int error = errno;
        kill_group(pid, -1);
        return fail(Errc::io, "cannot watch " + command.program + ", so it was killed",
                    command.program, error);
    }

    Output result;
    const std::size_t limit = command.output_limit;
    const auto take = [&](pollfd& from, std::string& into) {
        const Drained got = drain(from.fd, into, limit, result.truncated);
        if (got == Drained::end) from.fd = -1;
        return got == Drained::more;
    };
    const auto deadline = Clock::now() + command.timeout;
    std::array<pollfd, 3> wait{
        {{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}, {child.get(), POLLIN, 0}}};
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) {
            kill_group(pid, child.get());
            const std::string said = last_words(result);
            return fail(Errc::timed_out,
                        command.program + " was killed after " +
                            std::to_string(command.timeout.count()) + " ms" +
                            (said.empty() ? ", it had said nothing" : ", its last words: " + said),
                        command.program);
        }
        constexpr milliseconds longest{std::chrono::hours(1)};  // poll takes an int
        const int ready = ::poll(wait.data(), wait.size(),
                                 static_cast<int>(std::min<milliseconds>(left, longest).count()));
        if (ready < 0) {
            if (errno == EINTR) continue;
            const int error = errno;
            kill_group(pid, child.get());
            return fail(Errc::io, "cannot wait for " + command.program + ", so it was killed",
                        command.program, error);
        }
        if (wait[2].revents != 0) break;
        if (wait[0].revents != 0) take(wait[0], result.out);
        if (wait[1].revents != 0) take(wait[1], result.err);
    }

    // All it wrote is in the pipes by now. A background child may hold them open for ever (mdadm
    // leaves mdmon), so what is there is taken, and the end of file is not waited for.
    constexpr int reads_of_a_full_pipe = 64;
    for (int i = 0; i < reads_of_a_full_pipe && wait[0].fd >= 0 && take(wait[0], result.out); ++i) {
    }
    for (int i = 0; i < reads_of_a_full_pipe && wait[1].fd >= 0 && take(wait[1], result.err); ++i) {
    }

    int status = 0;
    pid_t reaped = 0;
    do reaped = ::waitpid(pid, &status, 0);
    while (reaped < 0 && errno == EINTR);
    if (reaped != pid)
        return fail(Errc::io, "the exit status of " + command.program + " was lost",
                    command.program, errno);
    result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    result.exit_code = result.signal != 0 ? -1 : WEXITSTATUS(status);
    return result;
}

Result<Output> expect_ok(Result<Output> output, const Command& command) {
    if (!output || output->ok()) return output;
    const std::size_t slash = command.program.rfind('/');
    const std::string name =
        slash == std::string::npos ? command.program : command.program.substr(slash + 1);
    const std::string how =
        output->signal != 0 ? " was killed by signal " + std::to_string(output->signal) : " failed";
    const std::string said = last_words(*output);
    return fail(Errc::command_failed, name + how + (said.empty() ? "" : ": " + said), {},
                output->signal != 0 ? 0 : output->exit_code);
}

}  // namespace metalwright::sys
