#include "sys/heap.hpp"

#include <malloc.h>
#include <sys/mman.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace metalwright::sys {

void one_heap_for_all_threads() noexcept {
    ::mallopt(M_ARENA_MAX, 1);
}

void keep_freed_memory() noexcept {
    ::mallopt(M_TRIM_THRESHOLD, 16 << 20);
    // Larger ones are mapped by themselves, and unmapped when they are freed.
    ::mallopt(M_MMAP_THRESHOLD, 8 << 20);
}

void give_back_code() noexcept {
    std::FILE* const maps = std::fopen("/proc/self/maps", "re");
    if (maps == nullptr) return;
    std::array<char, 4096> line{};
    while (std::fgets(line.data(), static_cast<int>(line.size()), maps) != nullptr) {
        // "55d0a-55d0b r-xp 00001000 fe:01 1234 /usr/sbin/metalwrightd". Source: proc(5).
        char* at = line.data();
        const std::uintptr_t begin = std::strtoull(at, &at, 16);
        if (*at != '-') continue;
        const std::uintptr_t end = std::strtoull(at + 1, &at, 16);
        // Code of a file, which nobody writes to: data that were written would be lost.
        if (std::strncmp(at, " r-xp ", 6) != 0 || std::strchr(at, '/') == nullptr) continue;
        // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel tells addresses as text.
        ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
    }
    std::fclose(maps);
}

}  // namespace metalwright::sys
