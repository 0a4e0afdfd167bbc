#pragma once

#include <string>
#include <vector>

#include "raid/controller.hpp"

namespace metalwright::raid {

/// What of a controller is no longer what it was at the last look.
struct ControllerTurn {
    std::string controller;  ///< Controller::id
    std::string item;        ///< "controller/<id>", "volume/<name>", "drive/<serial>"
    std::string was;         ///< empty when it is seen for the first time
    std::string is;          ///< of a volume or a drive its state, of a controller health(); "gone"
    std::string note{};      ///< in words, for people
    bool trouble = false;    ///< somebody has to look after it

    bool operator==(const ControllerTurn&) const = default;
};

/// "optimal"; "attention": it waits for an operator, its flags say why; "unreadable": its tool did
/// not tell all of it.
std::string health(const Controller& controller);

/// The states between which drives go when volumes and spares are made and deleted.
bool in_order(DriveState state);

/// The controllers as they are known after a look: of one that could not be read what was seen of
/// it before stands, with the errors of now. Pure.
Controllers known_now(const Controllers& before, Controllers seen);

/// What has changed between two of known_now(). What is seen for the first time is told where it is
/// not in order; so is a drive that was put in later. That drives are taken for volumes and spares,
/// or given back, is no turn, nor how far a rebuild has come. Pure.
std::vector<ControllerTurn> turns(const Controllers& before, const Controllers& after);

}  // namespace metalwright::raid
