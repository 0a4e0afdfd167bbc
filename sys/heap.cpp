#include "sys/heap.hpp"

#include <malloc.h>

namespace metalwright::sys {

void one_heap_for_all_threads() noexcept {
    ::mallopt(M_ARENA_MAX, 1);
}

void keep_freed_memory() noexcept {
    ::mallopt(M_TRIM_THRESHOLD, 16 << 20);
    // Larger ones are mapped by themselves, and unmapped when they are freed.
    ::mallopt(M_MMAP_THRESHOLD, 8 << 20);
}

}  // namespace metalwright::sys
