#include <nlohmann/json.hpp>

#include "agent/daemon/doctor/finding.hpp"

namespace metalwright::daemon::doctor {

std::string to_json(const Diagnosis& diagnosis) {
    nlohmann::ordered_json json;
    auto& list = json["findings"] = nlohmann::ordered_json::array();
    for (const Finding& one : diagnosis.findings)
        list.push_back({{"level", to_string(one.level)},
                        {"check", one.check},
                        {"where", one.where},
                        {"message", one.message},
                        {"advice", one.advice},
                        {"unchecked", one.unchecked}});
    json["socket"] = diagnosis.socket;
    if (diagnosis.pid_known && diagnosis.pid == 0)
        json["pid"] = nullptr;
    else if (diagnosis.pid_known)
        json["pid"] = diagnosis.pid;
    // A path need not be UTF-8.
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace metalwright::daemon::doctor
