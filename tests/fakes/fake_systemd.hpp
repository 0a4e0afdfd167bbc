#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sys/systemd.hpp"

namespace metalwright::fakes {

/// A systemd whose services run until their state is set otherwise. `before_start` and
/// `before_state` are called first; what they answer, if it is an error, is the answer.
class FakeSystemd final : public sys::Systemd {
 public:
    Result<void> start(const sys::TransientService& service) override {
        asked.push_back("start " + service.name);
        if (before_start)
            if (auto said = before_start(); !said) return said;
        if (units.contains(service.name))
            return fail(Errc::command_failed, "Unit " + service.name + " was already loaded.",
                        "org.freedesktop.systemd1.UnitExists");
        started.push_back(service);
        units[service.name] = running;
        return {};
    }

    Result<sys::UnitState> state(const std::string& unit) override {
        asked.push_back("state " + unit);
        if (before_state)
            if (auto said = before_state(); !said) return std::unexpected(said.error());
        const auto it = units.find(unit);
        return it == units.end() ? sys::UnitState() : it->second;
    }

    static inline const sys::UnitState running{.loaded = true, .busy = true};
    std::map<std::string, sys::UnitState> units;
    std::vector<sys::TransientService> started;
    std::vector<std::string> asked;
    std::function<Result<void>()> before_start, before_state;
};

}  // namespace metalwright::fakes
