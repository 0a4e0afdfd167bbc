#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <system_error>
#include <thread>
#include <vector>

namespace metalwright {

/// Calls work(0) ... work(count - 1), each once, several at the same time where the machine has the
/// processors for it; returns when all have been done. `work` does not throw.
template <class Work>
void each_beside(std::size_t count, const Work& work) {
    constexpr std::size_t most = 16;  // disks of one controller do not get faster beyond it
    const std::size_t processors = std::thread::hardware_concurrency();
    const std::size_t threads = std::min({count, std::max<std::size_t>(1, processors), most});
    std::atomic<std::size_t> next = 0;
    const auto take = [&] {
        for (std::size_t i = next++; i < count; i = next++) work(i);
    };
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < threads; ++i) try {
            others.emplace_back(take);
        } catch (const std::system_error&) {
            break;  // no thread to be had: those that are there do it all
        }
    take();
}

}  // namespace metalwright
