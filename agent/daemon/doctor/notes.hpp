#pragma once

#include <string>
#include <utility>

#include "agent/daemon/doctor/finding.hpp"

namespace metalwright::daemon::doctor {

/// Writes the findings of one check.
class Notes {
 public:
    Notes(Findings& all, std::string check) : all_(all), check_(std::move(check)) {}

    void ok(std::string where, std::string message) {
        all_.push_back({Level::ok, check_, std::move(where), std::move(message)});
    }
    void warning(std::string where, std::string message, std::string advice) {
        all_.push_back(
            {Level::warning, check_, std::move(where), std::move(message), std::move(advice)});
    }
    void problem(std::string where, std::string message, std::string advice) {
        all_.push_back(
            {Level::problem, check_, std::move(where), std::move(message), std::move(advice)});
    }
    /// Nothing is known of it.
    void unchecked(std::string where, std::string why, std::string advice = "run this as root") {
        all_.push_back({Level::warning, check_, std::move(where), "not checked: " + std::move(why),
                        std::move(advice), true});
    }

 private:
    Findings& all_;
    std::string check_;
};

}  // namespace metalwright::daemon::doctor
