#include "raid/controller.hpp"

namespace metalwright::raid {

std::string_view to_string(DriveState state) noexcept {
    switch (state) {
        case DriveState::free: return "free";
        case DriveState::member: return "member";
        case DriveState::hot_spare: return "hot-spare";
        case DriveState::jbod: return "jbod";
        case DriveState::foreign: return "foreign";
        case DriveState::bad: return "bad";
        case DriveState::rebuilding: return "rebuilding";
        case DriveState::missing: return "missing";
        case DriveState::offline: return "offline";
        case DriveState::unknown: break;
    }
    return "unknown";
}

std::string_view to_string(VolumeState state) noexcept {
    switch (state) {
        case VolumeState::optimal: return "optimal";
        case VolumeState::degraded: return "degraded";
        case VolumeState::partially_degraded: return "partially-degraded";
        case VolumeState::offline: return "offline";
        case VolumeState::recovery: return "recovery";
        case VolumeState::unknown: break;
    }
    return "unknown";
}

std::string_view to_string(ControllerMode mode) noexcept {
    switch (mode) {
        case ControllerMode::raid: return "raid";
        case ControllerMode::hba: return "hba";
        case ControllerMode::jbod: return "jbod";
        case ControllerMode::unknown: break;
    }
    return "unknown";
}

std::string_view to_string(TaskKind kind) noexcept {
    switch (kind) {
        case TaskKind::initialization: return "initialization";
        case TaskKind::background_initialization: return "background-initialization";
        case TaskKind::consistency_check: return "consistency-check";
        case TaskKind::other: break;
    }
    return "other";
}

std::string_view to_string(DriveMedia media) noexcept {
    switch (media) {
        case DriveMedia::hdd: return "hdd";
        case DriveMedia::ssd: return "ssd";
        case DriveMedia::nvme: return "nvme";
        case DriveMedia::unknown: break;
    }
    return "unknown";
}

}  // namespace metalwright::raid
