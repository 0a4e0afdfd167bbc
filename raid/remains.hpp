#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "raid/model.hpp"

namespace metalwright::raid {

/// What is left of an array of ours that does not run.
struct Remains {
    enum class Way {
        nothing,   ///< no trace of it on any disk
        assemble,  ///< every member carries its superblock: start it
        redo,      ///< mdadm --create was cut off half-way: take the superblocks off, make it anew
    };
    Way way = Way::nothing;
    bool stop_first = false;            ///< udev has put together what it found; it does not run
    std::vector<std::string> disks{};   ///< every member in order, spares last
    std::string journal{};              ///< its journal device, if it has one
    std::vector<std::string> forget{};  ///< those that carry a superblock (redo)

    bool operator==(const Remains&) const = default;
};

/// Looks for superblocks of wanted.uuid. Errors: refused, when they are there but a member is
/// absent, is no longer what it was, or was never one of it: then nothing may be touched.
Result<Remains> remains_of(const WantedArray& wanted, const Observed& observed);

}  // namespace metalwright::raid
