#include "tests/unit/agent/cli/scripted_daemon.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace metalwright::agent::cli {
namespace {

std::filesystem::path new_directory() {
    std::string name = (std::filesystem::temp_directory_path() / "metalwright-cli-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    return name;
}

/// One whole request: head, and body by Content-Length.
std::string read_request(int connection) {
    std::string request;
    std::array<char, 4096> chunk{};
    while (true) {
        const std::size_t end = request.find("\r\n\r\n");
        if (end != std::string::npos) {
            std::size_t length = 0;
            const std::string name = "Content-Length: ";
            if (const std::size_t at = request.find(name); at < end) {
                const char* digits = request.data() + at + name.size();
                std::from_chars(digits, request.data() + end, length);
            }
            if (request.size() >= end + 4 + length) return request;
        }
        const ssize_t got = ::recv(connection, chunk.data(), chunk.size(), 0);
        if (got <= 0) return request;
        request.append(chunk.data(), static_cast<std::size_t>(got));
    }
}

}  // namespace

ScriptedDaemon::ScriptedDaemon() : directory_(new_directory()) {
    stopper_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    start();
}

ScriptedDaemon::~ScriptedDaemon() {
    stop();
    ::close(stopper_);
    std::filesystem::remove_all(directory_);
}

void ScriptedDaemon::start() {
    stop();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = socket_path();
    std::memcpy(address.sun_path, path.data(), path.size());
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        ::listen(listener_, 8) != 0)
        throw std::runtime_error("cannot listen on " + path);
    std::uint64_t count = 0;
    (void)!::read(stopper_, &count, sizeof(count));  // what the last stop() left
    thread_ = std::thread([this] { serve(); });
}

void ScriptedDaemon::stop() {
    if (thread_.joinable()) {
        const std::uint64_t one = 1;
        (void)!::write(stopper_, &one, sizeof(one));
        thread_.join();
    }
    if (listener_ >= 0) ::close(listener_);
    listener_ = -1;
    std::filesystem::remove(socket_path());
}

void ScriptedDaemon::will(Answer answer) {
    const std::lock_guard lock(mutex_);
    script_.push_back(std::move(answer));
}

void ScriptedDaemon::will_answer(std::string body, int status) {
    will(Answer{.status = status, .body = std::move(body)});
}

std::vector<std::string> ScriptedDaemon::asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
}

std::vector<std::string> ScriptedDaemon::bodies() {
    const std::lock_guard lock(mutex_);
    return bodies_;
}

bool ScriptedDaemon::all_said() {
    const std::lock_guard lock(mutex_);
    return script_.empty();
}

void ScriptedDaemon::serve() {
    while (true) {
        std::array<pollfd, 2> ready{{{.fd = listener_, .events = POLLIN, .revents = 0},
                                     {.fd = stopper_, .events = POLLIN, .revents = 0}}};
        ::poll(ready.data(), ready.size(), -1);
        if (ready[1].revents != 0) return;
        const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) continue;
        const bool goes_on = converse(connection);
        ::close(connection);
        if (!goes_on) return;
    }
}

bool ScriptedDaemon::converse(int connection) {
    const std::string request = read_request(connection);
    Answer answer{.status = 500, .body = R"({"errors":[{"message":"the script is at its end"}]})"};
    {
        const std::lock_guard lock(mutex_);
        asked_.push_back(request.substr(0, request.find(" HTTP/1.1")));
        const std::size_t end = request.find("\r\n\r\n");
        bodies_.push_back(end == std::string::npos ? "" : request.substr(end + 4));
        if (!script_.empty()) {
            answer = std::move(script_.front());
            script_.pop_front();
        }
    }
    std::string bytes = answer.raw;
    if (bytes.empty())
        bytes = "HTTP/1.1 " + std::to_string(answer.status) +
                " X\r\nContent-Type: application/json\r\nContent-Length: " +
                std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body;
    using Manner = Answer::Manner;
    if (answer.manner == Manner::leave) {
        // Gone before the caller has its answer, so that its next question finds nobody.
        ::close(listener_);
        listener_ = -1;
        std::filesystem::remove(socket_path());
    }
    if (answer.manner == Manner::cut_within) bytes.resize(bytes.size() - 2);
    if (answer.manner == Manner::silent) {
        std::array<char, 1> byte{};
        // Until the caller hangs up, or the test ends.
        std::array<pollfd, 2> ready{{{.fd = connection, .events = POLLIN, .revents = 0},
                                     {.fd = stopper_, .events = POLLIN, .revents = 0}}};
        ::poll(ready.data(), ready.size(), -1);
        (void)!::recv(connection, byte.data(), byte.size(), MSG_DONTWAIT);
    } else if (answer.manner != Manner::cut_before) {
        ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    return answer.manner != Manner::leave;
}

}  // namespace metalwright::agent::cli
