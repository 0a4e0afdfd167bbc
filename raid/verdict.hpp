#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>

#include "raid/model.hpp"
#include "raid/op.hpp"

namespace metalwright::raid {

/// What a disk is judged by.
struct Grounds {
    const Observed& observed;
    std::span<const WipeConsent> consent;  ///< of this very operation
    const std::set<std::string>& claimed;  ///< identities of disks that other arrays have or name
};

/// What may be done with one disk for one array.
struct Verdict {
    std::string refusal{};           ///< in words; empty: it may be taken
    std::optional<WipeDisk> wipe{};  ///< after this
};

/// Whether another array has or names this disk, its whole disk, or a partition of it.
bool is_claimed(const Disk& disk, const Grounds& grounds);

/// A disk is free when it is provably blank, or when this operation's consent names it and all that
/// was found on it and what stands on it can be taken down. Never one under the system volume, of
/// another array, mounted, or not the only one of its name.
Verdict judge(const Disk& disk, const Grounds& grounds);

}  // namespace metalwright::raid
