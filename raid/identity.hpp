#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "raid/controller.hpp"
#include "raid/model.hpp"

namespace metalwright::raid {

/// Whether a document's id names this disk: its serial exactly, or its WWN in any of the ways it is
/// written ("0x5000c500a1b2c3d4", "naa.5000C500A1B2C3D4", "wwn-0x...", "eui."). A partition is
/// named by "PARTUUID=<uuid>" alone. Never by a device name.
bool names(std::string_view id, const Disk& disk);

/// Every disk that an id or an identity() names; more than one when serials are not unique, as the
/// paths of a multipath disk are.
std::vector<const Disk*> disks_named(std::string_view id, std::span<const Disk> disks);

/// Whether two UUIDs are one, whatever their punctuation: md writes 8:8:8:8, blkid 8-4-4-4-12.
/// Empty ones are never the same.
bool same_uuid(std::string_view a, std::string_view b);

/// The array with this md UUID; null when there is none.
const Array* array_with(std::string_view uuid, std::span<const Array> arrays);

/// Whether the disk itself, not a partition of it, carries a superblock of the array with this md
/// UUID.
bool carries(const Disk& disk, std::string_view uuid);

/// "DATA0 (/dev/vdb)".
std::string tell(const Disk& disk);

/// "DATA0, DATA1 and DATA2".
std::string tell(std::span<const std::string> words);

/// Everything that stands in the way of writing to this disk, for people; empty when it is blank:
/// "holds ext4 'old' at byte 1080", "is held by md127", "is mounted at /srv".
std::vector<std::string> obstacles(const Disk& disk);

/// tell() and its obstacles in one sentence.
std::string tell_obstacles(const Disk& disk);

/// The controller that shows the kernel this disk: one of its volumes, or a drive that it passes
/// through. By WWN or serial number; null when no controller tells of it.
const Controller* controller_of(const Disk& disk, const Controllers& controllers);

}  // namespace metalwright::raid
