#include "agent/runner/masked_log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace metalwright::runner {
namespace {

constexpr std::size_t shortest = 4;
constexpr int pause_ms = 200;      // a prompt without a line end is shown after so long
constexpr int patience_ms = 2000;  // for the last of the output

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;  // a full disk: the script goes on without its log
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

[[noreturn]] void copy(int from, int log, Mask mask) {
    ::setsid();
    // It ends with the last writer, and with nothing else.
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) ::signal(number, SIG_IGN);
    std::array<char, 16384> chunk;
    for (;;) {
        pollfd news{from, POLLIN, 0};
        if (::poll(&news, 1, pause_ms) == 0) {
            write_all(log, mask.rest());
            ::poll(&news, 1, -1);
        }
        const ssize_t n = ::read(from, chunk.data(), chunk.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        write_all(log, mask.take({chunk.data(), static_cast<std::size_t>(n)}));
    }
    write_all(log, mask.rest());
    ::_exit(0);
}

}  // namespace

Mask::Mask(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {
    std::erase_if(secrets_, [](const std::string& secret) { return secret.size() < shortest; });
    std::ranges::sort(secrets_, std::ranges::greater(), &std::string::size);
}

std::string Mask::take(std::string_view text) {
    held_ += text;
    std::string clear;
    std::size_t at = 0;
    while (at < held_.size()) {
        const std::string_view left = std::string_view(held_).substr(at);
        const auto whole = std::ranges::find_if(
            secrets_, [&](const std::string& secret) { return left.starts_with(secret); });
        // A longer secret may yet come true where a shorter one stands.
        const bool may_begin = std::ranges::any_of(secrets_, [&](const std::string& secret) {
            return secret.size() > left.size() && std::string_view(secret).starts_with(left);
        });
        if (may_begin) break;
        if (whole != secrets_.end()) {
            clear += "***";
            at += whole->size();
        } else {
            clear += held_[at++];
        }
    }
    held_.erase(0, at);
    return clear;
}

std::string Mask::rest() {
    std::string clear;
    // What is held may be a whole shorter secret, too.
    while (!held_.empty()) {
        const auto whole = std::ranges::find_if(
            secrets_, [&](const std::string& secret) { return held_.starts_with(secret); });
        clear += whole != secrets_.end() ? "***" : held_.substr(0, 1);
        held_.erase(0, whole != secrets_.end() ? whole->size() : 1);
    }
    return clear;
}

MaskedLog::MaskedLog(int log, std::vector<std::string> secrets) {
    Mask mask(std::move(secrets));
    if (mask.empty()) {
        fd_ = log;
        return;
    }
    int output[2], done[2];
    if (::pipe2(output, O_CLOEXEC) != 0) return;
    sys::Fd read_end(output[0]);
    pipe_ = sys::Fd(output[1]);
    if (::pipe2(done, O_CLOEXEC) != 0) return;
    done_ = sys::Fd(done[0]);
    const sys::Fd told(done[1]);
    process_ = ::fork();
    if (process_ == 0) {
        pipe_.close();  // else it would wait for itself
        done_.close();
        // Nothing of the journal's: it reads our standard output to its end.
        if (const int nothing = ::open("/dev/null", O_RDWR); nothing >= 0)
            for (const int fd : {0, 1, 2}) ::dup2(nothing, fd);
        copy(read_end.get(), log, std::move(mask));
    }
    if (process_ > 0) fd_ = pipe_.get();
}

void MaskedLog::finish() {
    if (process_ <= 0) return;
    pipe_.close();
    pollfd over{done_.get(), POLLIN, 0};
    ::poll(&over, 1, patience_ms);
}

}  // namespace metalwright::runner
