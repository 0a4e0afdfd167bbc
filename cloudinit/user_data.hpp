#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace metalwright::cloudinit {

/// Bounds of user data. Default: JD Cloud's, 16 KiB before Base64.
struct UserDataLimits {
    std::size_t bytes = std::size_t{16} << 10;  ///< as it came, before Base64
    std::size_t unpacked = std::size_t{1}
                           << 20;  ///< of what gzip has packed, in all parts together
};

/// For what was within the limits when it was accepted; they may be others now.
inline constexpr UserDataLimits accepted_before{.bytes = std::size_t{16} << 20,
                                                .unpacked = std::size_t{64} << 20};

/// User data that can be run: scripts, or a document for cloud-init.
struct UserData {
    struct Script {
        std::string name{};  ///< as its MIME part calls it; may be empty
        std::string bytes;   ///< as it is written to disk: without byte order mark, with LF

        bool operator==(const Script&) const = default;
    };

    std::vector<Script> scripts{};     ///< run in this order; empty when it is for cloud-init
    std::string for_cloud_init{};      ///< the format that only cloud-init reads; else empty
    std::string document{};            ///< then the whole of it, unpacked
    std::vector<std::string> notes{};  ///< what was put right, in clauses

    bool operator==(const UserData&) const = default;
};

/// Decoded user data: a script by its first line (`#!` and any absolute interpreter), gzip of
/// anything else here, a MIME message (each part by its type, in order), or a format of cloud-init;
/// a message that holds one of those is cloud-init's as a whole. A byte order mark, CRLF line ends
/// and a second layer of Base64 are put right, and noted.
/// Errors: invalid_spec: what it is instead, or where it is broken, with the offset; never quotes
/// it.
Result<UserData> read_user_data(std::string_view decoded, const UserDataLimits& limits = {});

}  // namespace metalwright::cloudinit
