#pragma once

#include <string>
#include <vector>

#include "raid/model.hpp"

namespace metalwright::raid {

/// Everything in which a running array is not the wanted one, in words: "its level is raid1, not
/// raid10"; empty when it is. A missing member is damage, not a difference.
std::vector<std::string> differences(const WantedArray& wanted, const Array& array,
                                     const Observed& observed);

/// What is broken about it: "degraded: 3 of 4 members work, DATA2 is faulty"; empty when it is
/// whole or on its way there by itself. A new raid5 shows degraded=1 while its last member is
/// filled: its every slot has a disk, so it is being built, not broken.
std::string damage(const Array& array);

/// "resync 12 %, done in 7 min, usable meanwhile"; empty when nothing is being synced.
std::string sync_note(const Array& array);

/// Whether it runs, so that its level and size mean something.
bool runs(const Array& array);

}  // namespace metalwright::raid
