#include "raid/storcli/choose.hpp"

#include <algorithm>
#include <functional>
#include <tuple>

#include "raid/storcli/words.hpp"

namespace metalwright::raid::storcli {
namespace {

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

Seat seat_of(const Drive& drive) {
    return {drive.selector, drive.serial};
}

std::string with(std::string_view what, const Drive& drive) {
    return tell(drive) + ' ' + std::string(what);
}

Result<std::vector<Seat>> named(const std::vector<std::string>& ids, const Controller& controller,
                                const Claims& claims) {
    std::vector<Seat> seats;
    std::string refusals, where;
    const auto refuse = [&](const std::string& why, const std::string& drive) {
        refusals += (refusals.empty() ? "" : "; ") + why;
        if (where.empty()) where = drive;
    };
    for (const std::string& id : ids) {
        std::vector<const Drive*> found;
        for (const Drive& drive : controller.drives)
            if (means(id, drive)) found.push_back(&drive);
        if (found.empty()) return fail(Errc::not_found, controller.id + " has no drive " + id, id);
        const Drive& drive = *found.front();
        const bool twice = std::ranges::find(seats, drive.selector, &Seat::selector) != seats.end();
        if (found.size() > 1)
            refuse(id + " means more than one drive", id);
        else if (twice)
            refuse(with("is named twice", drive), id);
        else if (is_claimed(claims, controller, drive))
            refuse(with("is to be another volume's", drive), id);
        else if (const std::string why = obstacle(drive, controller); !why.empty())
            refuse(why, id);
        else
            seats.push_back(seat_of(drive));
    }
    if (!refusals.empty()) return fail(Errc::refused, refusals, where);
    return seats;
}

struct Rule {
    std::string words;  ///< "are large enough"
    std::function<bool(const Drive&)> pass;
};

/// Those that are asked for, one by one.
std::vector<Rule> rules_in(const DriveRule& rule) {
    std::vector<Rule> rules;
    if (rule.media != DriveMedia::unknown)
        rules.push_back({"are " + std::string(to_string(rule.media)),
                         [&rule](const Drive& d) { return d.media == rule.media; }});
    if (rule.enclosure)
        rules.push_back({"are in enclosure " + std::to_string(*rule.enclosure),
                         [&rule](const Drive& d) { return d.enclosure == rule.enclosure; }});
    if (rule.min_bytes != 0)
        rules.push_back(
            {"are large enough", [&rule](const Drive& d) { return d.bytes >= rule.min_bytes; }});
    if (rule.max_bytes != 0)
        rules.push_back(
            {"are small enough", [&rule](const Drive& d) { return d.bytes <= rule.max_bytes; }});
    return rules;
}

/// Leaves those that pass, and remembers how many each rule left.
class Sieve {
 public:
    Sieve(const Controller& controller, const Claims& claims) {
        for (const Drive& drive : controller.drives)
            if (obstacle(drive, controller).empty() && !is_claimed(claims, controller, drive))
                left_.push_back(&drive);
        told_ = std::to_string(left_.size()) + " of " + std::to_string(controller.drives.size()) +
                " drives are free";
    }

    void keep(const Rule& rule) {
        std::erase_if(left_, [&](const Drive* drive) { return !rule.pass(*drive); });
        told_ += ", " + std::to_string(left_.size()) + " of these " + rule.words;
    }

    std::vector<const Drive*>& left() { return left_; }
    const std::string& told() const { return told_; }

 private:
    std::vector<const Drive*> left_;
    std::string told_;
};

void sort(std::vector<const Drive*>& drives, bool largest_first) {
    std::ranges::sort(drives, [&](const Drive* a, const Drive* b) {
        if (a->bytes != b->bytes) return largest_first ? a->bytes > b->bytes : a->bytes < b->bytes;
        return std::tie(a->enclosure, a->slot) < std::tie(b->enclosure, b->slot);
    });
}

}  // namespace

std::string tell(const Drive& drive) {
    if (drive.serial.empty()) return drive.selector.empty() ? "a missing drive" : drive.selector;
    return drive.serial + (drive.selector.empty() ? "" : " (" + drive.selector + ")");
}

bool means(std::string_view id, const Drive& drive) {
    if (id.empty() || !drive.slot) return false;
    if (id == drive.serial) return true;
    std::string wwn = lower(std::string(id));
    for (const std::string_view prefix : {"wwn-", "naa.", "0x"})
        if (wwn.starts_with(prefix)) wwn.erase(0, prefix.size());
    if (!drive.wwn.empty() && wwn == drive.wwn) return true;
    const std::optional<Place> place = place_in(id);
    return place && *place == Place{drive.enclosure, drive.slot};
}

std::string obstacle(const Drive& drive, const Controller& controller) {
    const std::string tool = controller.tool.substr(controller.tool.rfind('/') + 1);
    const std::string command = tool + " " + drive.selector;
    const std::string at = tool + " /c" + std::to_string(controller.number);
    switch (drive.state) {
        case DriveState::free:
            if (drive.serial.empty())
                return with("does not tell its serial number, so it could be any drive", drive);
            if (drive.spun_down) return with("is spun down: `" + command + " spinup` first", drive);
            return {};
        case DriveState::foreign:
            return with("carries the configuration of another controller: look at it with `" + at +
                            "/fall show all`, then import it, or give its data up with `" + at +
                            "/fall del`",
                        drive);
        case DriveState::jbod:
            return with("is passed through to the kernel and may hold data: if it holds none, `" +
                            command + " set good` makes it free",
                        drive);
        case DriveState::member:
        case DriveState::rebuilding:
        case DriveState::offline:
            return with(drive.volumes.empty()
                            ? std::string("belongs to a drive group")
                            : "belongs to volume " + std::to_string(drive.volumes.front()),
                        drive);
        case DriveState::hot_spare:
            return with("is a hot spare: `" + command + " delete hotsparedrive` frees it", drive);
        case DriveState::bad: return with("is bad (" + drive.raw_state + "): replace it", drive);
        case DriveState::missing: return with("is missing", drive);
        case DriveState::unknown: break;
    }
    return with("is in the state '" + drive.raw_state + "', which is not known to be free", drive);
}

Result<const Controller*> controller_for(const std::string& wanted, const std::string& for_whom,
                                         const Controllers& there) {
    std::vector<const Controller*> fit;
    std::string known;
    for (const Controller& one : there.list) {
        known += (known.empty() ? "" : ", ") + one.id + " (" + one.serial + ")";
        const bool named = wanted == one.id || (!one.serial.empty() && wanted == one.serial);
        const bool only = wanted.empty() && one.mode == ControllerMode::raid;
        if (named || only) fit.push_back(&one);
    }
    if (fit.size() == 1) return fit.front();
    if (!fit.empty())
        return fail(Errc::invalid_spec,
                    "there are several controllers, name one for '" + for_whom + "': " + known,
                    for_whom);
    return fail(Errc::not_found,
                (wanted.empty() ? std::string("there is no controller in RAID mode")
                                : "there is no controller " + wanted) +
                    (known.empty() ? "" : "; there are " + known),
                for_whom);
}

const Error* unread_of(const Controller& controller, const Controllers& there) {
    if (!controller.errors.empty()) return &controller.errors.front();
    const auto of_the_tool = std::ranges::find(there.errors, controller.tool, &Error::where);
    return of_the_tool == there.errors.end() ? nullptr : &*of_the_tool;
}

bool passes(const DriveRule& rule, const Drive& drive) {
    return std::ranges::all_of(rules_in(rule), [&](const Rule& one) { return one.pass(drive); });
}

void claim(Claims& claims, const Controller& controller, const Seat& seat) {
    claims.insert(controller.id + ' ' + seat.selector);
}

bool is_claimed(const Claims& claims, const Controller& controller, const Drive& drive) {
    return claims.contains(controller.id + ' ' + drive.selector);
}

Result<std::vector<Seat>> choose(const WantedVolume& wanted, const Controller& controller,
                                 const Claims& claims) {
    const DriveRule& rule = wanted.drives;
    if (!wanted.known_drives.empty()) return named(wanted.known_drives, controller, claims);
    if (!rule.ids.empty()) return named(rule.ids, controller, claims);
    Sieve sieve(controller, claims);
    for (const Rule& one : rules_in(rule)) sieve.keep(one);
    std::vector<const Drive*>& left = sieve.left();
    sort(left, rule.largest_first);
    if (rule.same_model && !left.empty()) {
        const std::string model = left.front()->model;
        sieve.keep({"are of the model " + model, [&](const Drive& d) { return d.model == model; }});
    }
    const std::size_t all = left.size() - std::min<std::size_t>(left.size(), wanted.spares);
    const std::size_t count = rule.count == 0 ? all : rule.count;
    if (count == 0 || left.size() < count + wanted.spares)
        return fail(
            Errc::not_found,
            "too few drives for '" + wanted.name + "': " + sieve.told() +
                (rule.count == 0 ? "" : "; it takes " + std::to_string(rule.count)) +
                (wanted.spares == 0 ? "" : " and " + std::to_string(wanted.spares) + " to spare"),
            controller.id);
    left.resize(count + wanted.spares);
    sort(left, false);  // a spare must be no smaller than what it stands in for
    std::vector<Seat> seats;
    for (const Drive* drive : left) seats.push_back(seat_of(*drive));
    return seats;
}

}  // namespace metalwright::raid::storcli
