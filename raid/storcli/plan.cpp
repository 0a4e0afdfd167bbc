#include "raid/storcli/plan.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <set>

#include "raid/storcli/choose.hpp"
#include "raid/storcli/differ.hpp"

namespace metalwright::raid::storcli {
namespace {

struct LevelRule {
    unsigned level;
    unsigned fewest;  ///< in each span
    bool spanned;
    bool even;  ///< mirrors
};

// Fewest as for mdadm where the firmware would take less (RAID 6 over three drives).
constexpr std::array<LevelRule, 7> rules{{{0, 1, false, false},
                                          {1, 2, false, true},
                                          {5, 3, false, false},
                                          {6, 4, false, false},
                                          {10, 2, true, true},
                                          {50, 3, true, false},
                                          {60, 4, true, false}}};

const LevelRule* rule_of(unsigned level) {
    const auto at = std::ranges::find(rules, level, &LevelRule::level);
    return at == rules.end() ? nullptr : &*at;
}

std::string level_word(unsigned level) {
    return "raid" + std::to_string(level);
}

bool mixed(const std::vector<Seat>& seats) {
    const auto enclosed =
        std::ranges::count_if(seats, [](const Seat& seat) { return seat.selector.contains("/e"); });
    return enclosed != 0 && enclosed != std::ssize(seats);
}

std::string item_of(const std::string& name) {
    return "volume/" + name;
}

/// Why so many drives do not make this volume; empty when they do.
std::string wrong_count(const WantedVolume& wanted, unsigned drives) {
    const LevelRule& rule = *rule_of(wanted.level);
    const std::string wish = level_word(wanted.level) + " over " + std::to_string(drives) +
                             (drives == 1 ? " drive" : " drives");
    if (!rule.spanned) {
        if (drives < rule.fewest)
            return wish + ": it needs " + std::to_string(rule.fewest) + " at least";
        return rule.even && drives % 2 != 0 ? wish + ": it needs an even number" : "";
    }
    const unsigned each = per_span(wanted, drives);
    const unsigned spans = each == 0 ? 0 : drives / each;
    constexpr unsigned most_spans = 8;  // of every controller that was seen
    if (each < rule.fewest || spans * each != drives || spans < (wanted.level == 10 ? 1U : 2U) ||
        spans > most_spans || (rule.even && each % 2 != 0))
        return wish + ": they do not make equal spans of " + std::to_string(rule.fewest) +
               " drives at least" + (spans > most_spans ? ", eight at most" : "");
    return {};
}

class Planner {
 public:
    Planner(const Controllers& there, Claims& claims) : there_(there), claims_(claims) {}

    Plan<VolumeOp> run(std::span<const WantedVolume> wanted) {
        std::set<std::string> names;
        for (const WantedVolume& one : wanted) {
            std::optional<Error> error = fault(one);
            if (!error && !names.insert(one.name).second)
                error = Error{Errc::invalid_spec, "two volumes are called '" + one.name + '\'',
                              one.name};
            if (!error) error = volume(one);
            if (error)
                plan_.settled.push_back({.item = item_of(one.name),
                                         .outcome = Outcome::failed,
                                         .error = std::move(error)});
        }
        return std::move(plan_);
    }

 private:
    /// Steps or a settled line; or why there are none.
    std::optional<Error> volume(const WantedVolume& wanted);
    std::optional<Error> existing(const WantedVolume& wanted, const Controller& controller,
                                  const VirtualDrive& volume);
    std::optional<Error> fresh(const WantedVolume& wanted, const Controller& controller);
    void step(const WantedVolume& wanted, std::string why, VolumeOp op, bool destroys) {
        plan_.steps.push_back({item_of(wanted.name), std::move(why), std::move(op), destroys});
    }

    /// What makes it ready for use once it is there: each of these only where it is said.
    struct Rest {
        std::vector<Seat> spares{};
        bool boot = false;
        bool init = false;
        bool await = false;
    };
    void finish(const WantedVolume& wanted, const Controller& controller, const Rest& rest);
    /// What a crash has left undone of one that was begun.
    static Rest left_undone(const WantedVolume& wanted, const Controller& controller,
                            const VirtualDrive& volume);

    const Controllers& there_;
    Claims& claims_;
    Plan<VolumeOp> plan_;
};

std::optional<Error> Planner::volume(const WantedVolume& wanted) {
    const Result<const Controller*> found = controller_for(wanted.controller, wanted.name, there_);
    if (!found) return found.error();
    const Controller& controller = **found;
    if (const VirtualDrive* volume = volume_for(wanted, controller))
        return existing(wanted, controller, *volume);
    if (wanted.memory == Memory::complete)
        return Error{Errc::refused,
                     "volume '" + wanted.name +
                         "' once existed and is absent now: it will not be made anew, since its "
                         "data would be lost; bring its drives back or release the host",
                     controller.id};
    return fresh(wanted, controller);
}

std::optional<Error> Planner::existing(const WantedVolume& wanted, const Controller& controller,
                                       const VirtualDrive& volume) {
    const std::string at = controller.id + "/v" + std::to_string(volume.id);
    if (const std::string told = differences(wanted, controller, volume); !told.empty())
        return Error{Errc::conflict,
                     "volume '" + wanted.name + "' is there, but " + told +
                         "; a volume with data is not made anew: delete it or change the order",
                     at};
    if (const std::string broken = damage(controller, volume); !broken.empty())
        return Error{Errc::refused,
                     "volume '" + wanted.name + "' is " + broken +
                         "; it is not touched: replace the drive, and see that it is rebuilt",
                     at};
    const std::size_t before = plan_.steps.size();
    const CachePolicy other = cache_to_set(wanted.cache, volume.cache);
    if (other != CachePolicy())
        step(wanted, "set the cache policy of '" + wanted.name + "'",
             SetCache{controller.id, wanted.name, other}, false);
    if (wanted.memory == Memory::begun)
        finish(wanted, controller, left_undone(wanted, controller, volume));
    if (plan_.steps.size() == before)
        plan_.settled.push_back({.item = item_of(wanted.name),
                                 .outcome = Outcome::unchanged,
                                 .note = progress_note(controller, volume)});
    return std::nullopt;
}

Planner::Rest Planner::left_undone(const WantedVolume& wanted, const Controller& controller,
                                   const VirtualDrive& volume) {
    Rest rest;
    const std::size_t known = wanted.known_drives.size();
    for (std::size_t i = known - std::min<std::size_t>(known, wanted.spares); i < known; ++i) {
        const auto drive =
            std::ranges::find(controller.drives, wanted.known_drives[i], &Drive::serial);
        if (drive != controller.drives.end() && drive->state != DriveState::hot_spare)
            rest.spares.push_back({drive->selector, drive->serial});
    }
    const auto is_done = [&](const VolumeOp& op) {
        return wanted.done.contains(deed_of(op, volume.wwn));
    };
    const bool under_way = volume.task && volume.task->kind == TaskKind::initialization;
    rest.boot = wanted.boot && !is_done(SetBootDrive{controller.id, wanted.name});
    rest.init = wanted.init != Init::none && !under_way &&
                !is_done(StartInit{controller.id, wanted.name, wanted.init == Init::full});
    rest.await = (rest.init || under_way) && wanted.filesystem;
    return rest;
}

void Planner::finish(const WantedVolume& wanted, const Controller& controller, const Rest& rest) {
    const std::string named = '\'' + wanted.name + '\'';
    if (!rest.spares.empty())
        step(wanted, "give " + named + " its spares",
             AddSpares{controller.id, wanted.name, rest.spares}, true);
    if (rest.boot)
        step(wanted, "boot from " + named, SetBootDrive{controller.id, wanted.name}, false);
    if (rest.init)
        step(wanted, "initialize " + named,
             StartInit{controller.id, wanted.name, wanted.init == Init::full}, true);
    if (rest.await)
        step(wanted, "wait until " + named + " is initialized",
             AwaitInit{controller.id, wanted.name}, false);
}

std::optional<Error> Planner::fresh(const WantedVolume& wanted, const Controller& controller) {
    const auto refuse = [&](Errc code, std::string why) {
        return Error{code, std::move(why), controller.id};
    };
    const std::string tool = controller.tool.substr(controller.tool.rfind('/') + 1);
    const std::string at = tool + " /c" + std::to_string(controller.number);
    if (const Error* unread = unread_of(controller, there_))
        return refuse(Errc::refused, "not all of " + controller.id + " could be read (" +
                                         unread->message + "): nothing is made of its drives");
    if (controller.mode != ControllerMode::raid)
        return refuse(Errc::unsupported, controller.id + " is in " +
                                             std::string(to_string(controller.mode)) +
                                             " mode and makes no volumes");
    const std::string level = level_word(wanted.level);
    if (!controller.levels.empty() &&
        std::ranges::find(controller.levels, level) == controller.levels.end()) {
        std::string levels;
        for (const std::string& one : controller.levels)
            levels += (levels.empty() ? "" : ", ") + one;
        return refuse(Errc::unsupported,
                      controller.id + " does not make " + level + ", only " + levels);
    }
    if (wanted.strip_kib != 0 &&
        ((controller.strip_min_kib != 0 && wanted.strip_kib < controller.strip_min_kib) ||
         (controller.strip_max_kib != 0 && wanted.strip_kib > controller.strip_max_kib)))
        return refuse(Errc::unsupported, controller.id + " makes strips of " +
                                             std::to_string(controller.strip_min_kib) + " to " +
                                             std::to_string(controller.strip_max_kib) + " KiB");
    if (std::ranges::find(controller.flags, "preserved-cache") != controller.flags.end())
        return refuse(Errc::refused,
                      controller.id +
                          " keeps data in its cache for a volume that is offline or missing: bring "
                          "that volume back, or give the data up (`" +
                          at + " show preservedcache`, `" + at + "/vN delete preservedcache`)");
    Result<std::vector<Seat>> seats = choose(wanted, controller, claims_);
    if (!seats) return std::move(seats).error();
    if (seats->size() <= wanted.spares)
        return refuse(Errc::invalid_spec,
                      "no drive of '" + wanted.name + "' is left for the volume");
    const auto members = static_cast<unsigned>(seats->size() - wanted.spares);
    if (const std::string why = wrong_count(wanted, members); !why.empty())
        return refuse(Errc::invalid_spec, why);
    if (mixed(*seats))
        return refuse(
            Errc::unsupported,
            "drives with and without an enclosure cannot be named in one command: a slot "
            "after an enclosure's would be taken for that enclosure's; choose of one kind");
    for (const Seat& seat : *seats) claim(claims_, controller, seat);

    const std::vector<Seat> drives(seats->begin(), seats->begin() + members);
    const std::vector<Seat> spares(seats->begin() + members, seats->end());
    std::string over;
    for (const Seat& seat : drives) over += (over.empty() ? "" : ", ") + seat.serial;
    step(wanted, "create " + level + " '" + wanted.name + "' over " + over,
         CreateVolume{.controller = controller.id,
                      .name = wanted.name,
                      .level = wanted.level,
                      .drives = drives,
                      .per_span = per_span(wanted, members),
                      .strip_kib = wanted.strip_kib,
                      .cache = wanted.cache,
                      .bytes = wanted.bytes},
         true);
    const bool init = wanted.init != Init::none;
    finish(
        wanted, controller,
        {.spares = spares, .boot = wanted.boot, .init = init, .await = init && wanted.filesystem});
    return std::nullopt;
}

}  // namespace

std::string deed_of(const VolumeOp& op, const std::string& wwn) {
    if (std::holds_alternative<StartInit>(op) || std::holds_alternative<AwaitInit>(op))
        return "initialized " + wwn;
    if (std::holds_alternative<SetBootDrive>(op)) return "boots " + wwn;
    return {};
}

unsigned per_span(const WantedVolume& wanted, unsigned drives) {
    const LevelRule* rule = rule_of(wanted.level);
    if (rule == nullptr || !rule->spanned) return 0;
    const unsigned spans = wanted.spans != 0 ? wanted.spans : wanted.level == 10 ? drives / 2 : 2;
    return spans == 0 ? 0 : drives / spans;
}

std::optional<Error> fault(const WantedVolume& wanted) {
    const auto wrong = [&](std::string why) {
        return Error{Errc::invalid_spec, std::move(why), wanted.name};
    };
    constexpr std::size_t longest_name = 15;  // the firmware cuts the rest off
    const bool plain = std::ranges::all_of(wanted.name, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '_';
    });
    if (wanted.name.empty() || wanted.name.size() > longest_name || !plain)
        return wrong("a volume's name is 1 to 15 letters, digits, '-' and '_', not '" +
                     wanted.name + '\'');
    const LevelRule* rule = rule_of(wanted.level);
    if (rule == nullptr)
        return wrong("there is no level " + std::to_string(wanted.level) +
                     ": 0, 1, 5, 6, 10, 50 or 60");
    if (wanted.spans != 0 && !rule->spanned)
        return wrong(level_word(wanted.level) + " has no spans");
    if (wanted.strip_kib != 0 && !std::has_single_bit(wanted.strip_kib))
        return wrong("a strip is a power of two in KiB, not " + std::to_string(wanted.strip_kib));
    if (wanted.level == 0 && wanted.spares != 0) return wrong("raid0 has no use for spares");
    const auto one_of = [](const std::string& word, std::initializer_list<std::string_view> words) {
        return word.empty() || std::ranges::find(words, word) != words.end();
    };
    if (!one_of(wanted.cache.read, {"ra", "nora"}) ||
        !one_of(wanted.cache.write, {"wt", "wb", "awb"}) ||
        !one_of(wanted.cache.io, {"direct", "cached"}) ||
        !one_of(wanted.cache.drive, {"on", "off", "default"}))
        return wrong("the cache policy of '" + wanted.name + "' is none");
    const std::vector<std::string>& ids = wanted.drives.ids;
    const auto count =
        static_cast<unsigned>(ids.empty()                  ? wanted.drives.count
                              : ids.size() > wanted.spares ? ids.size() - wanted.spares
                                                           : 0);
    if (!ids.empty() && wanted.drives.count != 0 && wanted.drives.count != count)
        return wrong("the order names " + std::to_string(count) + " drives and counts " +
                     std::to_string(wanted.drives.count));
    if (!ids.empty() || count != 0)
        if (const std::string why = wrong_count(wanted, count); !why.empty()) return wrong(why);
    return std::nullopt;
}

Plan<VolumeOp> plan_volumes(std::span<const WantedVolume> wanted, const Controllers& there,
                            Claims& claims) {
    return Planner(there, claims).run(wanted);
}

}  // namespace metalwright::raid::storcli
