#pragma once

#include <string>

namespace metalwright::raid {

struct WantedFilesystem {
    std::string type = "ext4";  ///< ext4 or xfs
    std::string label{};        ///< at most 16 bytes (12 for xfs); empty: the array's name, cut
    std::string mount_point{};  ///< absolute; empty: made but not mounted
    std::string uuid{};         ///< drawn and journaled before mkfs; empty only while planning dry

    bool operator==(const WantedFilesystem&) const = default;
};

/// How far this array has come, as the store remembers it.
enum class Memory {
    never_made,  ///< no identity was ever drawn
    begun,       ///< its UUIDs are drawn and durable: half-made work under them is ours to finish
    complete,    ///< it once existed: if it is absent now it is reported, never made anew
};

}  // namespace metalwright::raid
