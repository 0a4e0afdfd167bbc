"""Measures this processor's time stamp counter, which an emulated machine counts with too.

The guest would measure it itself at boot; when the host is busy in that very moment the result may be wrong by a factor,
and then all of the guest's time runs too fast (seen: twelve minutes in the first half one). So it is told.
"""
import ctypes
import functools
import mmap
import platform
import time

RDTSC = bytes.fromhex("0f31"        # rdtsc
                      "48c1e220"    # shl rdx, 32
                      "4809d0"      # or rax, rdx
                      "c3")         # ret


@functools.cache
def kilohertz():
    """The frequency, or None where it cannot be told (another kind of processor, no executable memory)."""
    if platform.machine() != "x86_64":
        return None
    try:
        code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except OSError:
        return None
    code.write(RDTSC)
    counter = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(ctypes.c_char.from_buffer(code)))

    def instant():
        """(nanoseconds, ticks) of the same moment: of many readings the one that was interrupted least."""
        def reading():
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
            ticks = counter()
            after = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
            return after - before, (before + after) // 2, ticks
        return min(reading() for _ in range(200))[1:]

    started, first = instant()
    time.sleep(0.05)  # a baseline that makes the error of one reading small
    ended, last = instant()
    return round((last - first) * 1_000_000 / (ended - started))
