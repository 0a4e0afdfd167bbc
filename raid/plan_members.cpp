#include "raid/plan.hpp"

namespace metalwright::raid {

std::vector<std::string> members_of(const Plan<Op>& plan, std::string_view name) {
    std::vector<std::string> serials;
    for (const Step<Op>& step : plan.steps)
        if (const auto* op = std::get_if<storcli::VolumeOp>(&step.op); op && step.item == name) {
            if (const auto* create = std::get_if<storcli::CreateVolume>(op))
                for (const storcli::Seat& seat : create->drives) serials.push_back(seat.serial);
            // The spares that one still lacks are among those that it was planned over.
            if (const auto* add = std::get_if<storcli::AddSpares>(op); add && !serials.empty())
                for (const storcli::Seat& seat : add->drives) serials.push_back(seat.serial);
            if (const auto* add = std::get_if<storcli::AddGlobalSpares>(op))
                for (const storcli::Seat& seat : add->drives) serials.push_back(seat.serial);
        }
    if (!serials.empty()) return serials;
    for (const Step<Op>& step : plan.steps)
        if (const auto* create = std::get_if<CreateArray>(&step.op);
            create != nullptr && create->name == name) {
            std::vector<std::string> disks = create->members;
            disks.insert(disks.end(), create->spares.begin(), create->spares.end());
            return disks;
        }
    return {};
}

std::map<std::string, std::string> replacements_of(const Plan<Op>& plan, std::string_view name) {
    std::map<std::string, std::string> pairs;
    for (const Step<Op>& step : plan.steps)
        if (const auto* add = std::get_if<AddMember>(&step.op); add != nullptr && add->name == name)
            pairs.emplace(add->instead_of, add->disk);
        else if (const auto* op = std::get_if<storcli::VolumeOp>(&step.op); op && step.item == name)
            if (const auto* give = std::get_if<storcli::GiveDrive>(op))
                for (const std::string& old : give->instead_of)
                    pairs.emplace(old, give->drive.serial);
    return pairs;
}

}  // namespace metalwright::raid
