#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "sys/exec.hpp"

namespace metalwright::fakes {

/// What a program says: `said("text")`, `said("", 1, "mdadm: cannot open")`.
inline sys::Output said(std::string out = {}, int exit_code = 0, std::string err = {}) {
    return {.exit_code = exit_code, .out = std::move(out), .err = std::move(err)};
}

/// A machine's programs that run nothing. A handler stands for one program and may keep state
/// (a fake disk that it changes); answers queued by will_answer() serve whatever has no handler.
/// A program with neither is absent: not_found, as the real one answers. Safe from any thread.
class FakeExec final : public sys::Exec {
 public:
    using Handler = std::function<Result<sys::Output>(const sys::Command&)>;

    /// `program` is its file name ("mdadm"), whatever directory it is called in.
    FakeExec& on(std::string program, Handler handler) {
        const std::scoped_lock lock(mutex_);
        handlers_[std::move(program)] = std::move(handler);
        return *this;
    }
    FakeExec& on(std::string program, sys::Output always) {
        return on(std::move(program),
                  [always](const sys::Command&) -> Result<sys::Output> { return always; });
    }
    FakeExec& will_answer(Result<sys::Output> answer) {
        const std::scoped_lock lock(mutex_);
        answers_.push_back(std::move(answer));
        return *this;
    }

    Result<sys::Output> run(const sys::Command& command) override {
        Handler handler;
        {
            const std::scoped_lock lock(mutex_);
            asked_.push_back(command);
            if (const auto it = handlers_.find(file_name(command)); it != handlers_.end()) {
                handler = it->second;
            } else if (!answers_.empty()) {
                Result<sys::Output> answer = std::move(answers_.front());
                answers_.pop_front();
                return answer;
            }
        }
        if (handler) return handler(command);
        return fail(Errc::not_found, "cannot start " + command.program, command.program, 2);
    }

    /// Every command so far, in order.
    std::vector<sys::Command> asked() const {
        const std::scoped_lock lock(mutex_);
        return asked_;
    }
    /// The same as readable lines: "mdadm --detail --export /dev/md127".
    std::vector<std::string> lines() const {
        std::vector<std::string> all;
        for (const sys::Command& command : asked()) {
            std::string line = file_name(command);
            for (const std::string& arg : command.args) line += ' ' + arg;
            all.push_back(std::move(line));
        }
        return all;
    }
    void forget() {
        const std::scoped_lock lock(mutex_);
        asked_.clear();
    }

 private:
    static std::string file_name(const sys::Command& command) {
        return command.program.substr(command.program.rfind('/') + 1);
    }

    mutable std::mutex mutex_;
    std::map<std::string, Handler> handlers_;
    std::deque<Result<sys::Output>> answers_;
    std::vector<sys::Command> asked_;
};

}  // namespace metalwright::fakes
