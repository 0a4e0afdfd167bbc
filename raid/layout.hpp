#pragma once

#include <string>
#include <string_view>

#include "raid/model.hpp"

namespace metalwright::raid {

// How an array lays data, copies and parity over its members. mdadm writes words, the kernel
// numbers. Source: mdadm(8) --layout, md(4), the kernel's drivers/md/raid5.h and raid10.c.

/// Whether mdadm knows this word at this level: "left-symmetric", "parity-last", ... for raid5 and
/// raid6; "n2", "f3", "o2", ... for raid10. No other level has layouts.
bool is_layout(Level level, std::string_view word) noexcept;

/// How many copies of each block a raid10 layout keeps: 2 for "f2"; 0 for any other word.
unsigned copies_of(std::string_view layout) noexcept;

/// The word for what sysfs' md/layout says of an array of this level ("raid10", 258 -> "n2"); empty
/// where there is none.
std::string layout_word(std::string_view level, unsigned number);

}  // namespace metalwright::raid
