#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "sys/eraser.hpp"

namespace metalwright::fakes {

/// Devices that are only ever said to be written to. One that somebody holds is busy.
class FakeEraser final : public sys::Eraser {
 public:
    FakeEraser& held(const std::string& device) {
        const std::scoped_lock lock(mutex_);
        held_.insert(device);
        return *this;
    }
    /// Called with the device whose ends were zeroed.
    std::function<void(const std::string&)> zeroed = [](const std::string&) {};

    Result<void> claim(const std::string& device) override {
        const std::scoped_lock lock(mutex_);
        claimed_.push_back(device);
        if (held_.contains(device))
            return fail(Errc::busy, "cannot have it alone: Device or resource busy", device, 16);
        return {};
    }
    Result<void> zero_ends(const std::string& device, std::uint64_t) override {
        if (Result<void> free = claim(device); !free) return free;
        zeroed(device);
        return {};
    }

    /// Every device that was asked for, in order.
    std::vector<std::string> claimed() const {
        const std::scoped_lock lock(mutex_);
        return claimed_;
    }

 private:
    mutable std::mutex mutex_;
    std::set<std::string> held_;
    std::vector<std::string> claimed_;
};

}  // namespace metalwright::fakes
