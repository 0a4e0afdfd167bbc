#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "raid/storcli/wanted.hpp"

namespace metalwright::raid::storcli {

/// Why nothing may be made of this drive, and what an operator does about it; empty: it is free.
std::string obstacle(const Drive& drive, const Controller& controller);

/// Whether an id of a rule means this drive.
bool means(std::string_view id, const Drive& drive);

/// "S1 (/c0/e252/s3)"
std::string tell(const Drive& drive);

/// Drives that a plan has given away already: "storcli64/c0 /c0/e252/s1".
using Claims = std::set<std::string>;

/// The controller that is named, by id or serial number; unnamed the only one in RAID mode.
/// `for_whom` is for the errors: invalid_spec (several), not_found.
Result<const Controller*> controller_for(const std::string& wanted, const std::string& for_whom,
                                         const Controllers& there);

/// What of this controller, or of all that its tool shows, could not be read; null: nothing.
const Error* unread_of(const Controller& controller, const Controllers& there);

/// Whether it passes every rule but `count`, `first` and `sameModel`.
bool passes(const DriveRule& rule, const Drive& drive);

/// The drives of a new volume, its spares last; the same ones every time. None of `claims`.
/// Errors: refused (a drive that is named is not free: each is told with its reason),
/// not_found (no such drive; too few pass, and how many each rule left).
Result<std::vector<Seat>> choose(const WantedVolume& wanted, const Controller& controller,
                                 const Claims& claims);

/// From now on it is taken.
void claim(Claims& claims, const Controller& controller, const Seat& seat);
bool is_claimed(const Claims& claims, const Controller& controller, const Drive& drive);

}  // namespace metalwright::raid::storcli
