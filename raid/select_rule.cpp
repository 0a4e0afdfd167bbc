#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "raid/identity.hpp"
#include "raid/select.hpp"

namespace metalwright::raid {
namespace {

/// One rule that took disks away, and how many it left.
struct Sieve {
    std::string words;  ///< what can be said of those that are left: "pass minBytes"
    std::size_t left = 0;
};

using Disks = std::vector<const Disk*>;

std::string counted(std::size_t number, const std::string& noun) {
    return std::to_string(number) + ' ' + noun + (number == 1 ? "" : "s");
}

/// What the order asks for, in words.
std::string wish(const WantedArray& wanted) {
    const MemberRule& rule = wanted.members;
    std::string text = rule.count == 0 ? "every disk" : counted(rule.count, "disk");
    const bool many = rule.count > 1;
    if (rule.media == Media::hdd) text += many ? " that turn" : " that turns";
    if (rule.media == Media::ssd) text += many ? " that do not turn" : " that does not turn";
    if (rule.media == Media::nvme) text += " behind NVMe";
    if (rule.rotational) text += *rule.rotational ? ", rotational," : ", not rotational,";
    if (!rule.controller.empty()) text += " behind " + rule.controller;
    if (rule.min_bytes != 0) text += " of at least " + std::to_string(rule.min_bytes) + " bytes";
    if (rule.max_bytes != 0) text += " of at most " + std::to_string(rule.max_bytes) + " bytes";
    if (rule.same_model) text += " of one model";
    if (wanted.spares != 0) text += " and " + counted(wanted.spares, "spare");
    return text;
}

class Chooser {
 public:
    Chooser(const WantedArray& wanted, const Grounds& grounds)
        : wanted_(wanted),
          rule_(wanted.members),
          grounds_(grounds),
          need_(std::size_t{rule_.count == 0 ? fewest_members(wanted.level) : rule_.count} +
                wanted.spares) {}

    Result<Selection> choose();

 private:
    void sift(const std::string& words, const std::function<bool(const Disk&)>& passes);
    void judge_all();
    void keep_one_model();
    void sort(Disks& disks) const;
    Error too_few() const;
    std::string why(std::size_t of) const;

    const WantedArray& wanted_;
    const MemberRule& rule_;
    const Grounds& grounds_;
    std::size_t need_;
    Disks disks_{};
    std::vector<Sieve> sieves_{};
    std::size_t here_ = 0;
    std::vector<std::string> dirty_{};  ///< why each that is not blank may not be taken
    std::string where_{};               ///< the first of them
    std::string models_{};              ///< what stands against one model
    std::map<std::string, WipeDisk> wipes_{};
};

void Chooser::sift(const std::string& words, const std::function<bool(const Disk&)>& passes) {
    const std::size_t removed =
        std::erase_if(disks_, [&](const Disk* disk) { return !passes(*disk); });
    if (removed != 0) sieves_.push_back({words, disks_.size()});
}

/// Blank disks stay first, those with consent come after them.
void Chooser::judge_all() {
    Disks blank, wiped;
    for (const Disk* disk : disks_) {
        Verdict verdict = judge(*disk, grounds_);
        if (!verdict.refusal.empty()) {
            if (where_.empty()) where_ = disk->identity();
            dirty_.push_back(std::move(verdict.refusal));
        } else if (verdict.wipe) {
            wiped.push_back(disk);
            wipes_.emplace(disk->identity(), std::move(*verdict.wipe));
        } else {
            blank.push_back(disk);
        }
    }
    sort(blank);
    sort(wiped);
    disks_ = std::move(blank);
    disks_.insert(disks_.end(), wiped.begin(), wiped.end());
    if (!dirty_.empty()) sieves_.push_back({"are blank", disks_.size()});
}

/// The model of the first disk of which there are enough. Where every disk is wanted a second model
/// stops it: leaving its disks out would silently make a smaller array.
void Chooser::keep_one_model() {
    std::map<std::string, std::size_t> models;
    for (const Disk* disk : disks_)
        if (!disk->model.empty()) ++models[disk->model];
    std::string text;
    for (const auto& [model, count] : models)
        text.append(text.empty() ? "" : ", ").append(counted(count, model));
    std::string chosen;
    for (const Disk* disk : disks_)
        if (chosen.empty() && !disk->model.empty() && models[disk->model] >= need_)
            chosen = disk->model;
    const bool several = rule_.count == 0 && models.size() > 1;
    if (chosen.empty() || several) models_ = text.empty() ? "no disk tells its model" : text;
    if (several) chosen.clear();
    sift("pass sameModel",
         [&](const Disk& disk) { return !chosen.empty() && disk.model == chosen; });
}

void Chooser::sort(Disks& disks) const {
    std::ranges::sort(disks, [&](const Disk* a, const Disk* b) {
        if (a->bytes != b->bytes)
            return rule_.order == Order::smallest_first ? a->bytes < b->bytes : a->bytes > b->bytes;
        return a->identity() < b->identity();
    });
}

Error Chooser::too_few() const {
    std::string text = "array '" + wanted_.name + "' cannot be made: it wants " + wish(wanted_) +
                       " (at least " + std::to_string(need_) + " in all); of " +
                       counted(here_, "disk") + " here";
    bool blamed = here_ < need_;
    if (blamed) text += ", which are too few,";
    std::string separator = " ";
    for (const Sieve& sieve : sieves_) {
        text += separator + std::to_string(sieve.left) + ' ' + sieve.words;
        if (!blamed && sieve.left < need_) text += ", which are too few";
        blamed = blamed || sieve.left < need_;
        separator = ", ";
    }
    if (!models_.empty()) text += " (" + models_ + ')';
    for (const std::string& refusal : dirty_) text += "; " + refusal;
    return {dirty_.empty() ? Errc::not_found : Errc::refused, std::move(text),
            where_.empty() ? wanted_.name : where_};
}

std::string Chooser::why(std::size_t of) const {
    std::string text = rule_.count == 0 ? "all " : "";
    if (rule_.count != 0 && disks_.size() < of)
        text = rule_.order == Order::smallest_first ? "the smallest " : "the largest ";
    else if (rule_.count != 0)
        text = "the only ";
    text += std::to_string(disks_.size());
    if (disks_.size() < of) text += " of " + std::to_string(of);
    text += " that qualify";
    if (rule_.same_model) text += ", of model " + disks_.front()->model;
    return text;
}

Result<Selection> Chooser::choose() {
    for (const Disk& disk : grounds_.observed.disks)
        if (!disk.is_partition()) disks_.push_back(&disk);
    here_ = disks_.size();
    const SystemVolume& system = grounds_.observed.system;
    sift("do not carry the system", [&](const Disk& d) { return !under_system(d, system); });
    sift("belong to no other array", [&](const Disk& d) { return !is_claimed(d, grounds_); });
    sift("can be written",
         [](const Disk& d) { return !d.removable && !d.read_only && d.bytes != 0; });
    sift("pass media", [&](const Disk& d) {
        return rule_.media == Media::any || (rule_.media == Media::hdd && d.rotational) ||
               (rule_.media == Media::ssd && !d.rotational) ||
               (rule_.media == Media::nvme && d.transport == "nvme");
    });
    sift("pass rotational",
         [&](const Disk& d) { return !rule_.rotational || d.rotational == *rule_.rotational; });
    sift("are behind that controller",
         [&](const Disk& d) { return rule_.controller.empty() || d.pci == rule_.controller; });
    sift("pass minBytes", [&](const Disk& d) { return d.bytes >= rule_.min_bytes; });
    sift("pass maxBytes",
         [&](const Disk& d) { return rule_.max_bytes == 0 || d.bytes <= rule_.max_bytes; });
    judge_all();
    if (rule_.same_model) keep_one_model();

    const bool all = rule_.count == 0;
    if (disks_.size() < need_ || (all && !dirty_.empty())) return std::unexpected(too_few());
    const std::size_t of = disks_.size();
    if (!all) disks_.resize(need_);
    if (all) sort(disks_);
    Selection chosen = split(disks_, wanted_.spares);
    chosen.why = why(of);
    for (const Disk* disk : disks_)
        if (const auto wipe = wipes_.find(disk->identity()); wipe != wipes_.end())
            chosen.wipes.push_back(wipe->second);
    return chosen;
}

}  // namespace

Result<Selection> select_by_rule(const WantedArray& wanted, const Grounds& grounds) {
    return Chooser(wanted, grounds).choose();
}

}  // namespace metalwright::raid
