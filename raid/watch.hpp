#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "raid/room.hpp"

namespace metalwright::raid {

/// The arrays as the kernel's own files tell of them: no program is run and no disk is read, so
/// that it may be asked every few seconds. Without signatures and without what only mdadm knows;
/// the name is udev's. Errors: io (no /sys/block).
Result<std::vector<Array>> glance(Doors& doors);

/// "optimal", "resyncing", "recovering", "reshaping", "degraded", "failed" (too many members are
/// lost), "inactive". A new raid5 is recovering: its last member is being filled.
std::string_view health(const Array& array);

/// An array that is no longer what it was at the last glance.
struct Turn {
    std::string array;  ///< its name
    std::string uuid;
    std::string was;                    ///< health(); empty when it is seen for the first time
    std::string is;                     ///< "gone" when it is not there any more
    std::vector<std::string> failed{};  ///< members that are faulty now and were not
    std::vector<std::string> gone{};    ///< that are no members any more
    std::vector<std::string> added{};   ///< that were none
    std::string note{};                 ///< in words, with the members' serials

    bool operator==(const Turn&) const = default;
};

/// What has changed from one glance to the next, array by array. At the first glance (`before` is
/// empty) only what is not in order is told. How far a sync has come is no turn. Pure.
std::vector<Turn> turns(const std::vector<Array>& before, const std::vector<Array>& after);

}  // namespace metalwright::raid
