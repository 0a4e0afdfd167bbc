#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace metalwright::raid {

// Hardware RAID as a controller's own tool shows it. Plain data.

enum class DriveState {
    free,  ///< configurable now: nobody's member, nobody's data that the controller knows of
    member,
    hot_spare,
    jbod,     ///< shown to the kernel as it is; may hold anything
    foreign,  ///< carries the configuration of another controller
    bad,
    rebuilding,
    missing,  ///< a volume wants it, no slot has it
    offline,
    unknown,  ///< whatever else: never taken for free
};

enum class VolumeState { optimal, degraded, partially_degraded, offline, recovery, unknown };

enum class ControllerMode { raid, hba, jbod, unknown };

enum class DriveMedia { hdd, ssd, nvme, unknown };

std::string_view to_string(DriveState state) noexcept;     ///< "free", "hot-spare", ...
std::string_view to_string(VolumeState state) noexcept;    ///< "optimal", "partially-degraded"...
std::string_view to_string(ControllerMode mode) noexcept;  ///< "raid", "hba", ...
std::string_view to_string(DriveMedia media) noexcept;     ///< "hdd", "ssd", "nvme", "unknown"

/// One drive behind a controller.
struct Drive {
    std::string selector{};  ///< "/c0/e252/s1", "/c0/s24"; empty when it is missing
    std::optional<unsigned> enclosure{};
    std::optional<unsigned> slot{};  ///< none for a missing one
    DriveState state = DriveState::unknown;
    std::string raw_state{};  ///< the tool's own: "UGood", "Conf Online"
    std::uint64_t bytes = 0;  ///< what the controller makes of it; 0 = not told
    std::string model{};
    std::string serial{};
    std::string wwn{};  ///< 16 lower-case hex digits where the tool says so
    DriveMedia media = DriveMedia::unknown;
    std::string interface{};          ///< "SAS", "SATA", "NVMe"
    bool spun_down = false;           ///< creating a volume over it fails
    int percent = -1;                 ///< of its rebuild, 0..100; negative: none, or not told
    std::string time_left{};          ///< until then, in the tool's words: "5 Minutes"
    std::optional<unsigned> group{};  ///< the drive group it is in
    std::vector<unsigned> volumes{};  ///< ids of the volumes over it

    bool operator==(const Drive&) const = default;
};

/// What a controller does to a volume by itself.
enum class TaskKind {
    initialization,  ///< writes over it: it cannot be used until this is done
    background_initialization,
    consistency_check,
    other,
};

std::string_view to_string(TaskKind kind) noexcept;  ///< "background-initialization", ...

struct Task {
    TaskKind kind = TaskKind::other;
    std::string name{};       ///< the tool's own: "Background Initialization", "INIT"
    int percent = -1;         ///< 0..100; negative: not told
    std::string time_left{};  ///< in the tool's words: "5 Minutes"; empty: not told

    bool operator==(const Task&) const = default;
};

/// One volume (virtual drive) of a controller.
struct VirtualDrive {
    unsigned id = 0;  ///< not dense: 239 downwards on new firmware
    std::optional<unsigned> group{};
    std::string level{};  ///< "raid10"
    VolumeState state = VolumeState::unknown;
    std::string raw_state{};  ///< "Optl", "Pdgd"
    std::string name{};
    std::uint64_t bytes = 0;
    unsigned strip_kib = 0;             ///< 0 = not told
    unsigned spans = 0;                 ///< 0 = not told
    std::string cache{};                ///< the tool's own: "NRWTD", "NR,WB"
    std::vector<std::string> drives{};  ///< selectors
    std::string wwn{};                  ///< SCSI NAA id, lower-case hex
    std::string device{};               ///< "/dev/sda" as the tool says; for people, no identity
    std::optional<Task> task{};         ///< under way
    bool task_told = true;              ///< false: whether there is one has to be asked

    bool operator==(const VirtualDrive&) const = default;
};

struct Controller {
    std::string id{};            ///< tool's file name and number: "storcli64/c0"
    std::string tool{};          ///< absolute path of the program that shows it
    std::string tool_version{};  ///< "007.1616...", "008.0005..." of storcli2 and perccli2
    unsigned number = 0;
    std::string model{};
    std::string serial{};
    std::string pci{};  ///< as the kernel writes it: "0000:3b:00.0"; empty: not told
    std::string firmware{};
    ControllerMode mode = ControllerMode::unknown;
    std::vector<std::string> levels{};  ///< "raid0", "raid10", ... in the tool's order
    unsigned strip_min_kib = 0;         ///< 0 = not told
    unsigned strip_max_kib = 0;
    /// "foreign-config", "foreign-incomplete", "preserved-cache", "needs-attention", "safe-mode",
    /// "reboot-required"; sorted.
    std::vector<std::string> flags{};
    std::vector<Drive> drives{};  ///< by enclosure and slot; those without, then missing ones last
    std::vector<VirtualDrive> volumes{};  ///< by id
    Errors errors{};                      ///< what of it could not be read

    bool operator==(const Controller&) const = default;
};

/// All controllers of a host, and what kept a tool from telling of any.
struct Controllers {
    std::vector<Controller> list{};
    Errors errors{};  ///< `where` is the tool's path

    bool operator==(const Controllers&) const = default;
};

}  // namespace metalwright::raid
