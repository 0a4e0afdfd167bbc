#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "raid/controller.hpp"

namespace metalwright::raid::storcli {

// What the tools' words mean. Pure. Sources: the legends below their own tables, and captures.

/// `status` is storcli2's second column ("Good", "Online", ...), empty for the older tools;
/// `group` is "-", a number or "F". A drive is free only where all three say so; failed, missing
/// and offline win over all else.
DriveState drive_state(std::string_view state, std::string_view status, std::string_view group);
VolumeState volume_state(std::string_view state);

/// "RAID-Mode ", "HBA-Mode", "JBOD"
ControllerMode mode_of(std::string_view personality);

/// `medium` is "HDD" or "SSD", `interface` "SAS", "SATA" or "NVMe".
DriveMedia media_of(std::string_view medium, std::string_view interface);

/// "RAID0, RAID1(2 or more drives), RAID10(2 or more drives per span)" -> raid0, raid1, raid10.
std::vector<std::string> levels_in(std::string_view text);
/// "RAID10" -> "raid10"; anything else in lower case.
std::string level_of(std::string_view type);

/// "16.370 TB", "893.137 GiB", "931.512 GB": units of 1024, whatever they are called. 0 when it is
/// no size.
std::uint64_t bytes_in(std::string_view size);
/// "256 KB", "1.000 MB" -> KiB.
unsigned kib_in(std::string_view size);
/// "16.370 TB [0x82f700000 Sectors]" and the drive's sector ("512B", "4 KB"). The count is exact,
/// the words beside it are rounded: they decide where the sector's size is not told.
std::uint64_t bytes_of_sectors(std::string_view size, std::string_view sector);
/// The same for a number of blocks and the rounded size beside it.
std::uint64_t bytes_of_blocks(std::uint64_t blocks, std::uint64_t block, std::string_view size);

/// Where a drive sits: "252:1", " :24".
struct Place {
    std::optional<unsigned> enclosure{};
    std::optional<unsigned> slot{};

    bool operator==(const Place&) const = default;
};
std::optional<Place> place_in(std::string_view eid_slot);
/// The place in "/c0/e252/s1" or "/c0/s24", which may stand in longer text.
std::optional<Place> place_in_selector(std::string_view text);
/// "/c0/e252/s1", "/c0/s24"; empty without a slot.
std::string selector_of(unsigned controller, const Place& place);

/// "00:3b:00:00" (domain, bus, device, function) -> "0000:3b:00.0" as the kernel writes it; empty
/// when it is none.
std::string pci_of(std::string_view address);

/// "Consistency Check (36%)" of `Active Operations`, or the "INIT", "BGI", "CC" of a row; none of
/// "None" and of nothing.
std::optional<Task> task_in(std::string_view words);

/// Digits alone, of at most `most`.
std::optional<unsigned> small_number(std::string_view word, unsigned most = 1'000'000);

}  // namespace metalwright::raid::storcli
