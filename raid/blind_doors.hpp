#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "raid/room.hpp"

namespace metalwright::raid {

/// Doors through which only the kernel's own files are seen: no disk is read, no program is run.
/// Disks are known by their serials then, not by what is on them.
struct BlindDoors {
    explicit BlindDoors(Doors& seeing)
        : doors{.exec = programs,
                .files = seeing.files,
                .signatures = unread,
                .eraser = seeing.eraser,
                .roots = seeing.roots,
                .find_program = [](std::string_view name) -> Result<std::string> {
                    return std::string(name);
                }} {}
    BlindDoors(const BlindDoors&) = delete;
    BlindDoors& operator=(const BlindDoors&) = delete;

    struct Unread final : sys::Signatures {
        Result<std::vector<sys::BlockSignature>> probe(const std::string&) override {
            return std::vector<sys::BlockSignature>{};
        }
    };
    struct NoPrograms final : sys::Exec {
        Result<sys::Output> run(const sys::Command& command) override {
            return fail(Errc::unsupported, "not at a glance", command.program);
        }
    };

    Unread unread{};
    NoPrograms programs{};
    Doors doors;
};

}  // namespace metalwright::raid
