// What reads gzip and hashes a password, loaded when the first order asks for it.

#include <crypt.h>
#include <zlib.h>

#include "sys/late.hpp"

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
// clang-format off
#define LATE_FROM(name) "libz.so.1"
LATE_1(inflateEnd) LATE_1(inflateReset) LATE_2(inflate) LATE_4(inflateInit2_)
#undef LATE_FROM

#define LATE_FROM(name) "libcrypt.so.1"
LATE_4(crypt_gensalt_ra) LATE_4(crypt_ra)
    // clang-format on
    // NOLINTEND(readability-inconsistent-declaration-parameter-name)
