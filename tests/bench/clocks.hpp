#pragma once

#include <chrono>
#include <ctime>
#include <iostream>

namespace metalwright::bench {

/// Two clocks read at once: the wall's, and the processor time of this process, the kernel's work
/// for it included. The latter does not count what others do on the machine meanwhile.
struct Clocks {
    double wall_ms = 0;
    double cpu_ms = 0;

    static Clocks now() {
        timespec cpu{};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
        return {std::chrono::duration<double, std::milli>(
                    std::chrono::steady_clock::now().time_since_epoch())
                    .count(),
                static_cast<double>(cpu.tv_sec) * 1e3 + static_cast<double>(cpu.tv_nsec) / 1e6};
    }
    friend Clocks operator-(const Clocks& end, const Clocks& begin) {
        return {end.wall_ms - begin.wall_ms, end.cpu_ms - begin.cpu_ms};
    }
    /// "WALL_MS CPU_MS"
    friend std::ostream& operator<<(std::ostream& out, const Clocks& took) {
        return out << took.wall_ms << ' ' << took.cpu_ms;
    }
};

}  // namespace metalwright::bench
