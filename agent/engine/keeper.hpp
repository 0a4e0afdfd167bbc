#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "agent/engine/engine.hpp"
#include "sys/fd.hpp"

namespace metalwright::engine {

/// Keeps the network as it was ordered between operations: listens to the kernel, has the engine
/// put back what somebody took away (with a pause that grows when somebody insists), and announces
/// each address of ours that comes to life. One thread of its own, in the network namespace of the
/// caller of start().
class Keeper {
 public:
    explicit Keeper(Engine& engine);
    ~Keeper();

    /// Errors: io (a socket or the first look at the network).
    Result<void> start();
    /// Returns when the thread has ended; what it has in hand is finished first.
    void stop();

 private:
    struct Wake {
        sys::Fd event;
        std::atomic<bool> held{false};  ///< the last look may have found the network held
    };
    struct Watch;

    void run();

    Engine& engine_;
    std::mutex life_;             // it may be told to stop while it starts
    std::shared_ptr<Wake> wake_;  // with the engine's subscription, which may outlive us by a call
    std::atomic<bool> stopping_{false};
    std::optional<std::uint64_t> subscription_;
    std::unique_ptr<Watch> watch_;
    std::thread thread_;
};

}  // namespace metalwright::engine
