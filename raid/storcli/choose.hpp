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

/// The drives of a new volume, its spares last; the same ones every time. None of `claimed`
/// (selectors). Errors: refused (a drive that is named is not free: each is told with its reason),
/// not_found (no such drive; too few pass, and how many each rule left).
Result<std::vector<Seat>> choose(const WantedVolume& wanted, const Controller& controller,
                                 const std::set<std::string>& claimed);

}  // namespace metalwright::raid::storcli
