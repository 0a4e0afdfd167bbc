#include "agent/engine/watch.hpp"

namespace metalwright::engine {

Watch::~Watch() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Watch::start() {
    const std::lock_guard lock(mutex_);
    if (period_ == std::chrono::milliseconds::zero() || stopping_ || thread_.joinable()) return;
    running_ = true;
    thread_ = std::thread([this] { run(); });
}

bool Watch::stop(std::chrono::milliseconds bound) {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
    return wake_.wait_for(lock, bound, [this] { return !running_; });
}

void Watch::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        lock.unlock();
        look_();
        lock.lock();
        wake_.wait_for(lock, period_, [this] { return stopping_; });
    }
    running_ = false;
    wake_.notify_all();
}

}  // namespace metalwright::engine
