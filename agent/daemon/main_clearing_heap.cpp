// What the daemon frees is cleared first: a password, a token or a script that has been parsed,
// copied and handed on leaves a dozen copies behind, in our strings, OpenSSL's and zlib's buffers
// and SQLite's pages alike. The C library lets a program have functions of its own in the place of
// these; "malloc" stays its own. Source: glibc manual, "Replacing malloc".

#include <malloc.h>
#include <strings.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the C library's own names.
extern "C" {

void __libc_free(void* memory) noexcept;

void free(void* memory) noexcept {
    if (memory == nullptr) return;
    ::explicit_bzero(memory, ::malloc_usable_size(memory));
    __libc_free(memory);
}

/// The C library's would leave behind what it has moved away from.
void* realloc(void* memory, std::size_t size) noexcept {
    if (memory == nullptr) return std::malloc(size);
    if (size == 0) {
        free(memory);
        return nullptr;
    }
    const std::size_t had = ::malloc_usable_size(memory);
    if (size <= had && size >= had / 2) return memory;
    void* const moved = std::malloc(size);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, memory, std::min(had, size));
    free(memory);
    return moved;
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
