#include "sys/heap.hpp"

#include <malloc.h>
#include <sys/mman.h>

#include <array>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
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
        std::uintptr_t begin = 0, end = 0;
        unsigned long inode = 0;
        std::array<char, 5> may{};
        if (std::sscanf(line.data(), "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %lu", &begin, &end,
                        may.data(), &inode) != 4)
            continue;
        // Code of a file, which nobody writes to: data that were written would be lost.
        if (inode != 0 && std::strcmp(may.data(), "r-xp") == 0)
            ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
    }
    std::fclose(maps);
}

}  // namespace metalwright::sys
