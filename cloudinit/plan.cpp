#include <optional>
#include <string>
#include <utility>

#include "cloudinit/etc_files.hpp"
#include "cloudinit/password.hpp"
#include "cloudinit/paths.hpp"
#include "cloudinit/room.hpp"

namespace metalwright::cloudinit {
namespace {

ItemResult unchanged(std::string_view item, std::string note = {}) {
    return {.item = std::string(item), .outcome = Outcome::unchanged, .note = std::move(note)};
}

ItemResult failed(std::string_view item, Error error) {
    return {.item = std::string(item), .outcome = Outcome::failed, .error = std::move(error)};
}

std::string first_line(std::string_view text) {
    return std::string(text.substr(0, text.find('\n')));
}

/// Adds one item's line to a plan: a step, or how it is settled.
class Items {
 public:
    explicit Items(const Wanted& wanted) : wanted_(wanted) {}

    bool settled_before(std::string_view item) {
        if (!wanted_.done.contains(std::string(item))) return false;
        settle(unchanged(item, "done once for this instance; the tenant's own since"));
        return true;
    }
    void settle(ItemResult result) { plan_.settled.push_back(std::move(result)); }
    void step(std::string_view item, std::string why, Op op) {
        plan_.steps.push_back({std::string(item), std::move(why), std::move(op)});
    }
    Plan<Op> take() { return std::move(plan_); }

 private:
    const Wanted& wanted_;
    Plan<Op> plan_;
};

void plan_hostname(const std::string& name, const Observed& observed, Items& items) {
    constexpr std::string_view item = "hostname";
    if (items.settled_before(item)) return;
    if (Result<void> good = check_hostname(name); !good)
        return items.settle(failed(item, good.error()));
    const bool already =
        first_line(observed.hostname_file) == name && observed.hostname_now == name &&
        with_own_name(observed.hosts, name) == observed.hosts &&
        (!observed.cloud_init || observed.cloud_init_told == cloud_init_leaves_the_name);
    if (already) return items.settle(unchanged(item));
    items.step(item, "name the host '" + name + "', now '" + observed.hostname_now + "'",
               SetHostname{name});
}

void plan_machine_id(const Wanted& wanted, const Observed& observed, Items& items) {
    constexpr std::string_view item = "machineId";
    if (items.settled_before(item)) return;
    const std::string& now = observed.identity.machine_id;
    if (wanted.before && wanted.before->machine_id != now)
        return items.settle(
            unchanged(item, "programs that run now know the old one until they start again"));
    items.step(item, "give the host a machine-id of its own, now '" + now + "'", RenewMachineId());
}

void plan_host_keys(const Wanted& wanted, const Observed& observed, Items& items) {
    constexpr std::string_view item = "hostKeys";
    if (items.settled_before(item)) return;
    std::vector<std::string> old;
    for (const auto& [name, line] : observed.identity.host_keys) {
        const auto before =
            wanted.before ? wanted.before->host_keys.find(name) : observed.identity.host_keys.end();
        if (!wanted.before || (before != wanted.before->host_keys.end() && before->second == line))
            old.push_back(name);
    }
    if (old.empty() && !observed.identity.host_keys.empty()) return items.settle(unchanged(item));
    const std::size_t count = old.size();
    items.step(item,
               count == 0 ? std::string("make the keys by which sshd shows itself")
                          : "make new keys by which sshd shows itself, in the place of " +
                                std::to_string(count),
               RenewHostKeys{std::move(old)});
}

void plan_password(const std::string& hash, const Observed& observed, Items& items) {
    constexpr std::string_view item = "password";
    if (items.settled_before(item)) return;
    if (Result<void> good = check_password_hash(hash); !good)
        return items.settle(failed(item, good.error()));
    const Result<std::string> now = root_password(observed.shadow);
    if (!now) return items.settle(failed(item, now.error()));
    if (*now == hash) return items.settle(unchanged(item));
    items.step(item, "set the password of root", SetRootPassword{hash});
}

void plan_keys(const std::vector<std::string>& lines, const Observed& observed, Items& items) {
    constexpr std::string_view item = "authorizedKeys";
    if (items.settled_before(item)) return;
    for (const std::string& line : lines)
        if (Result<void> good = check_authorized_key(line); !good)
            return items.settle(failed(item, good.error()));
    std::vector<std::string> missing = missing_keys(observed.authorized_keys, lines);
    if (missing.empty()) return items.settle(unchanged(item));
    const std::string count =
        std::to_string(missing.size()) + (missing.size() == 1 ? " key" : " keys");
    items.step(item, "add " + count + " to /root/.ssh/authorized_keys",
               AddAuthorizedKeys{std::move(missing)});
}

}  // namespace

Plan<Op> plan(const Wanted& wanted, const Observed& observed) {
    Items items(wanted);
    if (wanted.hostname) plan_hostname(*wanted.hostname, observed, items);
    if (wanted.renew_machine_id) plan_machine_id(wanted, observed, items);
    if (wanted.renew_host_keys) plan_host_keys(wanted, observed, items);
    if (wanted.password_hash) plan_password(*wanted.password_hash, observed, items);
    if (wanted.authorized_keys) plan_keys(*wanted.authorized_keys, observed, items);
    return items.take();
}

Plan<Op> plan_leaving(const Leaving& leaving, const Observed& observed) {
    Plan<Op> plan;
    const auto item = [&](std::string_view name, bool there, std::string why, Op op) {
        if (there)
            plan.steps.push_back({std::string(name), std::move(why), std::move(op)});
        else
            plan.settled.push_back(unchanged(name));
    };
    if (leaving.done.contains("password")) {
        const Result<std::string> now = root_password(observed.shadow);
        item("password", now && *now != "*", "let no password in as root", LockRootPassword());
    }
    if (leaving.done.contains("authorizedKeys"))
        item("authorizedKeys", !our_keys(observed.authorized_keys).empty(),
             "take the instance's keys out of /root/.ssh/authorized_keys", RemoveOurKeys());
    if (leaving.done.contains("hostname") && !observed.cloud_init_told.empty())
        item("hostname", true, "let cloud-init name the host again",
             RemoveFiles{{paths::cloud_init_host_name}});
    if (!observed.left_by_run.empty())
        item("userData", true, "remove what user data has left: its scripts and its output",
             RemoveFiles{observed.left_by_run});
    return plan;
}

}  // namespace metalwright::cloudinit
