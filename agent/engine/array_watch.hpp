#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "agent/engine/engine.hpp"

namespace metalwright::engine {

/// Has the engine look at the arrays every few seconds, so that one that degrades, fails or is
/// whole again is told. One thread of its own.
class ArrayWatch {
 public:
    explicit ArrayWatch(Engine& engine, std::chrono::milliseconds period = std::chrono::seconds(5))
        : engine_(engine), period_(period) {}
    ~ArrayWatch() { stop(); }

    void start();
    /// Returns when the thread has ended.
    void stop();

 private:
    void run();

    Engine& engine_;
    std::chrono::milliseconds period_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace metalwright::engine
