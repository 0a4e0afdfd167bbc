#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace metalwright::engine {

/// Looks at something again and again, so that what happens to it is told. One thread of its own.
class Watch {
 public:
    /// `period` between the end of one look and the next; 0: nobody looks.
    Watch(std::function<void()> look, std::chrono::milliseconds period)
        : look_(std::move(look)), period_(period) {}
    ~Watch();

    /// Does nothing when it has been started or stopped before.
    void start();
    /// No further look is begun. True when the thread has ended within `bound`; false while a look
    /// waits for a program.
    bool stop(std::chrono::milliseconds bound);

 private:
    void run();

    std::function<void()> look_;
    std::chrono::milliseconds period_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    bool running_ = false;
    std::thread thread_;
};

}  // namespace metalwright::engine
