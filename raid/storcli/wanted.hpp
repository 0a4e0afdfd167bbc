#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "raid/controller.hpp"
#include "raid/filesystem.hpp"

namespace metalwright::raid::storcli {

// Volumes of hardware RAID: what is wanted, and what is done for it. Plain data.

/// Which drives a volume is made of: either `ids`, or the first `count` free drives that pass the
/// other rules, smallest first, then by enclosure and slot.
struct DriveRule {
    /// Serial numbers, WWNs or places ("252:3", ":24" without an enclosure), the spares last.
    std::vector<std::string> ids{};
    unsigned count = 0;                      ///< without the spares; 0 = every drive that passes
    DriveMedia media = DriveMedia::unknown;  ///< unknown: any
    std::optional<unsigned> enclosure{};
    std::uint64_t min_bytes = 0;
    std::uint64_t max_bytes = 0;  ///< 0 = no bound
    bool largest_first = false;
    bool same_model = false;  ///< as the first that is taken

    bool operator==(const DriveRule&) const = default;
};

/// In the words of the tools' settings; empty: what the controller takes.
struct CachePolicy {
    std::string read{};   ///< "ra", "nora"
    std::string write{};  ///< "wt", "wb", "awb"
    std::string io{};     ///< "direct", "cached"; not of storcli2
    std::string drive{};  ///< "on", "off", "default"; only when it is made

    bool operator==(const CachePolicy&) const = default;
};

enum class Init { none, fast, full };

struct WantedVolume {
    std::string name;          ///< [0-9A-Za-z_-]{1,15}
    std::string controller{};  ///< id or serial number; empty: the only one in RAID mode
    unsigned level = 1;        ///< 0, 1, 5, 6, 10, 50, 60
    DriveRule drives{};
    unsigned spares = 0;  ///< dedicated to it
    unsigned spans = 0;   ///< of 10, 50, 60; 0: pairs for 10, else two
    unsigned strip_kib = 0;
    CachePolicy cache{};
    std::uint64_t bytes = 0;  ///< 0 = all there is
    bool boot = false;
    Init init = Init::none;
    std::optional<WantedFilesystem> filesystem{};

    // Filled by whoever remembers, not by a document:
    Memory memory = Memory::never_made;
    std::vector<std::string> known_drives{};  ///< serial numbers, once it has begun; spares last
    /// Drives that were replaced since: every name by which the order may mean one -> the serial
    /// number of what was given for it.
    std::map<std::string, std::string> replaced{};
    std::set<std::string> done{};  ///< deeds, as Doors::keep_deed (raid/room.hpp) was given them

    bool operator==(const WantedVolume&) const = default;
};

/// A volume that is ours, as the store remembers it.
struct OwnVolume {
    std::string name;
    std::string wwn;  ///< its NAA id, read back once it was finished; empty: it never was
    std::string filesystem_uuid{};      ///< empty: none was made on it
    std::vector<std::string> drives{};  ///< serial numbers of its drives and spares

    bool operator==(const OwnVolume&) const = default;
};

/// Hot spares of a whole controller, for any of its volumes.
struct WantedSpares {
    std::string controller{};  ///< id or serial number; empty: the only one in RAID mode
    DriveRule drives{};        ///< without `ids`, `count` of 0 is one

    bool operator==(const WantedSpares&) const = default;
};

/// Global spares that are ours, as the store remembers them.
struct OwnSpares {
    std::string controller{};           ///< as in WantedSpares
    std::vector<std::string> drives{};  ///< serial numbers

    bool operator==(const OwnSpares&) const = default;
};

/// A drive as an operation names it: where it is, and which one it must be.
struct Seat {
    std::string selector;  ///< "/c0/e252/s1"
    std::string serial;

    bool operator==(const Seat&) const = default;
};

struct CreateVolume {
    std::string controller;  ///< Controller::id
    std::string name;
    unsigned level = 0;
    std::vector<Seat> drives{};
    unsigned per_span = 0;  ///< 0 where the level has no spans
    unsigned strip_kib = 0;
    CachePolicy cache{};
    std::uint64_t bytes = 0;

    bool operator==(const CreateVolume&) const = default;
};

/// Of a volume that is there; it is found by its name.
struct SetCache {
    std::string controller;
    std::string name;
    CachePolicy cache{};  ///< what differs

    bool operator==(const SetCache&) const = default;
};

struct AddSpares {
    std::string controller;
    std::string name;
    std::vector<Seat> drives{};

    bool operator==(const AddSpares&) const = default;
};

/// A member of a volume that is not to be used any more.
struct TakeOffline {
    std::string controller;
    std::string name;
    Seat drive{};

    bool operator==(const TakeOffline&) const = default;
};

/// A spare for a volume that lacks a drive: the controller rebuilds on it by itself.
struct GiveDrive {
    std::string controller;
    std::string name;
    Seat drive{};
    std::vector<std::string> instead_of{};  ///< every name by which the order may mean the old one

    bool operator==(const GiveDrive&) const = default;
};

struct LocateDrive {
    std::string controller;
    Seat drive{};
    bool on = true;

    bool operator==(const LocateDrive&) const = default;
};

struct AddGlobalSpares {
    std::string controller;
    std::vector<Seat> drives{};

    bool operator==(const AddGlobalSpares&) const = default;
};

/// Those of them that are spares; whatever else has become of one stays.
struct RemoveSpares {
    std::string controller;
    std::vector<Seat> drives{};

    bool operator==(const RemoveSpares&) const = default;
};

struct SetBootDrive {
    std::string controller;
    std::string name;

    bool operator==(const SetBootDrive&) const = default;
};

struct StartInit {
    std::string controller;
    std::string name;
    bool full = false;

    bool operator==(const StartInit&) const = default;
};

/// Ends when the volume is no longer being initialized: until then it cannot be written to.
struct AwaitInit {
    std::string controller;
    std::string name;

    bool operator==(const AwaitInit&) const = default;
};

/// Only the one with this NAA id, whatever its number is by then.
struct DeleteVolume {
    std::string controller;
    std::string name;
    std::string wwn;

    bool operator==(const DeleteVolume&) const = default;
};

using VolumeOp =
    std::variant<CreateVolume, SetCache, AddSpares, SetBootDrive, StartInit, AwaitInit,
                 DeleteVolume, TakeOffline, GiveDrive, LocateDrive, AddGlobalSpares, RemoveSpares>;

}  // namespace metalwright::raid::storcli
