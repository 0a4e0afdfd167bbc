#include <algorithm>
#include <map>
#include <utility>

#include "raid/storcli/seen.hpp"
#include "raid/storcli/words.hpp"

namespace metalwright::raid::storcli {
namespace {

using Kind = Value::Kind;

// No controller has more (240 of each); a broken answer may tell of any number.
constexpr std::size_t most_drives = 1024;
constexpr std::size_t most_volumes = 512;

void fill(std::string& into, std::string word) {
    if (into.empty()) into = std::move(word);
}

std::string lower_hex(std::string word) {
    if (word.starts_with("0x") || word.starts_with("0X")) word.erase(0, 2);
    for (char& c : word)
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    return word;
}

/// Walks one answer. The older tools put what belongs together under keys that name it ("PDs for VD
/// 5", "Drive /c0/e1/s2 - Detailed Information"), in any order; storcli2 nests it.
class Walk {
 public:
    explicit Walk(Controller& into) : into_(into) {}

    void object(const Value& value) {
        const Value& nested_drive = value["Drive Information"];
        const Value& nested_volume = value["VD Info"];
        if (!value["Progress%"].is(Kind::nothing)) {
            progress(value);
        } else if (nested_drive.is(Kind::object)) {
            if (Drive* drive = row(nested_drive))
                detail(value["Drive Detailed Information"], *drive);
        } else if (nested_volume.is(Kind::object)) {
            if (VirtualDrive* volume = volume_row(nested_volume)) {
                properties(value["VD Properties"], *volume);
                members(value["PDs"], *volume);
            }
        } else if (!value["EID:Slt"].is(Kind::nothing)) {
            row(value);
        } else if (!value["DG/VD"].is(Kind::nothing)) {
            volume_row(value);
        } else {
            for (std::size_t i = 0; i < value.items.size(); ++i)
                member(
                    value.is(Kind::object) ? std::string_view(value.keys[i]) : std::string_view(),
                    value.items[i]);
        }
    }

 private:
    /// Null when there are too many.
    Drive* drive_at(const Place& place) {
        const auto same = [&](const Drive& d) {
            return d.slot && Place{d.enclosure, d.slot} == place;
        };
        const auto there = std::ranges::find_if(into_.drives, same);
        if (there != into_.drives.end()) return &*there;
        if (into_.drives.size() == most_drives) return nullptr;
        return &into_.drives.emplace_back(Drive{.selector = selector_of(into_.number, place),
                                                .enclosure = place.enclosure,
                                                .slot = place.slot});
    }

    /// Null when there are too many.
    VirtualDrive* volume_with(unsigned id) {
        const auto there = std::ranges::find(into_.volumes, id, &VirtualDrive::id);
        if (there != into_.volumes.end()) return &*there;
        if (into_.volumes.size() == most_volumes) return nullptr;
        return &into_.volumes.emplace_back(VirtualDrive{.id = id});
    }

    Drive* row(const Value& value) {
        const auto place = place_in(value["EID:Slt"].word);
        if (!place) return nullptr;
        Drive* at = drive_at(*place);
        if (at == nullptr) return nullptr;
        Drive& drive = *at;
        const std::string state = value["State"].word;
        const std::string status = value["Status"].word;
        const std::string group = value["DG"].word;
        if (!state.empty()) {
            drive.state = drive_state(state, status, group);
            drive.raw_state = status.empty() ? state : state + " " + status;
            // An IT-mode HBA makes no volumes: whatever it shows, the kernel has.
            if (into_.mode == ControllerMode::hba &&
                (drive.state == DriveState::free || state == "-"))
                drive.state = DriveState::jbod;
        }
        if (!group.empty()) drive.group = small_number(group);
        // Two rows that disagree: it is nobody's to take.
        if (drive.state == DriveState::free && drive.group) drive.state = DriveState::unknown;
        if (drive.bytes == 0) drive.bytes = bytes_in(value["Size"].word);
        fill(drive.model, value.word_of({"Model"}));
        fill(drive.interface, value.word_of({"Intf"}));
        if (drive.media == DriveMedia::unknown)
            drive.media = media_of(value["Med"].word, value["Intf"].word);
        drive.spun_down = value["Sp"].word == "D";
        if (drive.state == DriveState::foreign) add_flag(into_, "foreign-config");
        return &drive;
    }

    /// A row of `show rebuild`, `show init`, `show bgi`; what is not being done has one too.
    void progress(const Value& value) {
        if (!value["VD"].is(Kind::nothing)) return volume_progress(value);
        auto place = place_in_selector(value["Drive-ID"].word);
        if (!place) place = place_in(value["EID:Slt"].word);
        if (!place || value["Status"].word != "In progress") return;
        const std::string selector = selector_of(into_.number, *place);
        const auto drive = std::ranges::find(into_.drives, selector, &Drive::selector);
        if (drive == into_.drives.end()) return;
        constexpr unsigned all = 100;
        if (const auto percent = small_number(value["Progress%"].word, all))
            drive->percent = static_cast<int>(*percent);
        drive->time_left = value.word_of({"Estimated Time Left"});
    }

    void volume_progress(const Value& value) {
        const auto id = small_number(value["VD"].word);
        const auto volume = std::ranges::find(into_.volumes, id, &VirtualDrive::id);
        if (!id || volume == into_.volumes.end() || value["Status"].word != "In progress") return;
        std::optional<Task> task = task_in(value["Operation"].word);
        if (!task) return;
        constexpr unsigned all = 100;
        if (const auto percent = small_number(value["Progress%"].word, all))
            task->percent = static_cast<int>(*percent);
        task->time_left = value.word_of({"Estimated Time Left"});
        volume->task = std::move(task);
    }

    /// `value` and the objects right in it: "Device attributes" is one of those.
    static std::string in_detail(const Value& value, std::initializer_list<std::string_view> keys) {
        if (std::string word = value.word_of(keys); !word.empty()) return word;
        for (const Value& section : value.items)
            if (std::string word = section.word_of(keys); !word.empty()) return word;
        return {};
    }

    static void detail(const Value& value, Drive& drive) {
        fill(drive.serial, in_detail(value, {"SN", "Serial Number"}));
        fill(drive.wwn, lower_hex(in_detail(value, {"WWN"})));
        fill(drive.model, in_detail(value, {"Model Number", "Model"}));
        const std::string sector = in_detail(value, {"Logical Sector Size", "Sector Size"});
        const std::string size = in_detail(value, {"Coerced size", "Raw size"});
        if (const std::uint64_t bytes = bytes_of_sectors(size, sector); bytes != 0)
            drive.bytes = bytes;
    }

    VirtualDrive* volume_row(const Value& value) {
        const std::string& name = value["DG/VD"].word;
        const std::size_t slash = name.find('/');
        if (slash == std::string::npos) return nullptr;
        const auto id = small_number(trimmed(std::string_view(name).substr(slash + 1)));
        if (!id) return nullptr;
        VirtualDrive* at = volume_with(*id);
        if (at == nullptr) return nullptr;
        VirtualDrive& volume = *at;
        volume.group = small_number(trimmed(std::string_view(name).substr(0, slash)));
        volume.level = level_of(value["TYPE"].word);
        volume.raw_state = value["State"].word;
        volume.state = volume_state(volume.raw_state);
        volume.name = value["Name"].word;
        volume.cache = value.word_of({"Cache", "CurrentCache"});
        told_size_[*id] = value["Size"].word;
        size_of(volume);
        return &volume;
    }

    void properties(const Value& value, VirtualDrive& volume) {
        if (!value.is(Kind::object)) return;
        volume.strip_kib = kib_in(value["Strip Size"].word);
        volume.spans = small_number(value["Span Depth"].word).value_or(0);
        volume.wwn = lower_hex(value.word_of({"SCSI NAA Id"}));
        volume.device = value.word_of({"OS Drive Name"});
        volume.task = task_in(value["Active Operations"].word);
        // storcli2 tells no operations; what may be under way shows in these.
        const bool begun =
            !value["Init State"].is(Kind::nothing) && value["Init State"].word != "No Init";
        volume.task_told = !value["Active Operations"].is(Kind::nothing) ||
                           (!begun && value["Consistent"].word != "No");
        blocks_[volume.id] = {value["Number of Blocks"].whole().value_or(0),
                              value["Block Size"].whole().value_or(0)};
        size_of(volume);
    }

    /// Blocks and the words beside them stand in different places, in any order.
    void size_of(VirtualDrive& volume) {
        const auto told = told_size_.find(volume.id);
        const auto blocks = blocks_.find(volume.id);
        const std::string_view words = told == told_size_.end() ? std::string_view() : told->second;
        if (blocks != blocks_.end())
            volume.bytes = bytes_of_blocks(blocks->second.first, blocks->second.second, words);
        else if (volume.bytes == 0)
            volume.bytes = bytes_in(words);
    }

    void members(const Value& list, VirtualDrive& volume) {
        for (const Value& one : list.items) {
            const Drive* drive = row(one);
            if (drive != nullptr &&
                std::ranges::find(volume.drives, drive->selector) == volume.drives.end())
                volume.drives.push_back(drive->selector);
        }
    }

    /// A member that no slot has is only in the topology.
    void topology(const Value& list) {
        std::erase_if(into_.drives, [](const Drive& d) { return !d.slot; });
        for (const Value& one : list.items) {
            if (one["Type"].word != "DRIVE" || place_in(one["EID:Slot"].word)) continue;
            const std::string state = one["State"].word;
            if (drive_state(state, one["Status"].word, "-") != DriveState::missing) continue;
            if (into_.drives.size() == most_drives) return;
            into_.drives.push_back({.state = DriveState::missing,
                                    .raw_state = state,
                                    .bytes = bytes_in(one["Size"].word),
                                    .group = small_number(one["DG"].word)});
        }
    }

    void member(std::string_view key, const Value& value) {
        constexpr std::string_view pds = "PDs for VD ";
        if (key == "TOPOLOGY") return topology(value);
        if (key.starts_with("FOREIGN")) {
            if (!value.items.empty()) add_flag(into_, "foreign-config");
            return;
        }
        if (key == "Total Foreign PDs" || key == "Total foreign drive Count") {
            if (value.whole().value_or(0) > 0) add_flag(into_, "foreign-config");
            return;
        }
        if (key.ends_with("Detailed Information")) {
            const auto place = place_in_selector(key);
            if (Drive* drive = place ? drive_at(*place) : nullptr) detail(value, *drive);
            return;
        }
        if (key.starts_with(pds)) {
            const auto id = small_number(key.substr(pds.size()));
            if (VirtualDrive* volume = id ? volume_with(*id) : nullptr) members(value, *volume);
            return;
        }
        if (key.starts_with("VD") && key.ends_with(" Properties")) {
            const auto id = small_number(key.substr(2, key.find(' ') - 2));
            if (VirtualDrive* volume = id ? volume_with(*id) : nullptr) properties(value, *volume);
            return;
        }
        if (value.is(Kind::object) || value.is(Kind::list)) object(value);
    }

    Controller& into_;
    std::map<unsigned, std::string> told_size_;
    std::map<unsigned, std::pair<std::uint64_t, std::uint64_t>> blocks_;
};

}  // namespace

void take_drives_and_volumes(const Value& data, Controller& into) {
    Walk(into).object(data);
}

void link_drives_and_volumes(Controller& controller) {
    for (VirtualDrive& volume : controller.volumes)
        if (volume.drives.empty() && volume.group)
            for (const Drive& drive : controller.drives)
                if (drive.group == volume.group && drive.slot)
                    volume.drives.push_back(drive.selector);
    for (Drive& drive : controller.drives) {
        drive.volumes.clear();
        for (const VirtualDrive& volume : controller.volumes) {
            const bool listed = drive.slot && std::ranges::find(volume.drives, drive.selector) !=
                                                  volume.drives.end();
            const bool missing_of_it = !drive.slot && drive.group && drive.group == volume.group;
            if (listed || missing_of_it) drive.volumes.push_back(volume.id);
        }
        std::ranges::sort(drive.volumes);
        if (drive.state == DriveState::free && !drive.volumes.empty())
            drive.state = DriveState::unknown;
    }
}

}  // namespace metalwright::raid::storcli
