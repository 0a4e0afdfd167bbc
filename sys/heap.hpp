#pragma once

namespace metalwright::sys {

/// For a process whose threads mostly wait: an arena for each would be memory for nothing. Call it
/// first thing in main().
void one_heap_for_all_threads() noexcept;

/// From now on what this process frees stays with it for the next use, up to 16 MiB. Call it first
/// thing in main().
///
/// Without it the C library gives the lists of a plan back to the kernel and has them faulted in
/// again, page by page, at the next look: for ten thousand items that costs as much as the kernel
/// takes to set them (./bench net). A process that never needed much keeps nothing by it.
void keep_freed_memory() noexcept;

/// Gives the kernel back the pages of machine code that have been run so far, of this program and
/// its libraries: after a start most of them are never run again. What is run is mapped again out
/// of the page cache, a fault for sixteen pages.
void give_back_code() noexcept;

}  // namespace metalwright::sys
