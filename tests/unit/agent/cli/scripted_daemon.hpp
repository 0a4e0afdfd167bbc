#pragma once

#include <deque>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace metalwright::agent::cli {

/// A daemon on a Unix socket that follows a script: each connection is answered with the next line
/// of it, and what was asked is kept.
class ScriptedDaemon {
 public:
    struct Answer {
        int status = 200;
        std::string body = "{}";
        std::string raw{};  ///< sent as it is, instead of status and body
        enum class Manner {
            whole,
            cut_before,  ///< the connection closes without an answer
            cut_within,  ///< and here in the middle of it
            silent,      ///< no answer while the caller waits for one
            leave,       ///< answers, then the daemon is gone: its socket too
        } manner = Manner::whole;
    };

    /// A new directory holds the socket.
    ScriptedDaemon();
    ScriptedDaemon(const ScriptedDaemon&) = delete;
    ScriptedDaemon& operator=(const ScriptedDaemon&) = delete;
    ~ScriptedDaemon();

    std::string socket_path() const { return (directory_ / "admin.sock").string(); }

    void will(Answer answer);
    void will_answer(std::string body, int status = 200);
    /// Listens on the socket; a daemon that has left comes back.
    void start();
    void stop();

    /// "POST /v1/apply", in the order they came.
    std::vector<std::string> asked();
    /// The bodies that came with them.
    std::vector<std::string> bodies();
    /// Whether the whole script was said.
    bool all_said();

 private:
    void serve();
    bool converse(int connection);

    std::filesystem::path directory_;
    int listener_ = -1;
    int stopper_ = -1;  // eventfd: wakes the thread
    std::thread thread_;
    std::mutex mutex_;
    std::deque<Answer> script_;
    std::vector<std::string> asked_;
    std::vector<std::string> bodies_;
};

}  // namespace metalwright::agent::cli
