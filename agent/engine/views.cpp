// What is told to whoever asks: status, plan, operations, events, inventory.

#include <algorithm>

#include "agent/engine/digest.hpp"
#include "agent/engine/json.hpp"
#include "agent/engine/lock.hpp"
#include "agent/engine/owned.hpp"
#include "agent/engine/work.hpp"
#include "agent/inventory/document.hpp"
#include "agent/spec/document.hpp"
#include "agent/spec/leases.hpp"
#include "agent/spec/native.hpp"
#include "agent/spec/store_form.hpp"

namespace metalwright::engine {
namespace {

/// Has the form of one, and lets nobody in.
constexpr const char* any_hash = "$y$none$none";

}  // namespace

Result<netcfg::Owned> Engine::network_owned() {
    const auto rows = store_.owned();
    if (!rows) return std::unexpected(rows.error());
    return owned_from(*rows);
}

/// What is asked for most, by whoever watches: told again as it was, until something has changed.
std::string Engine::status() {
    const std::lock_guard lock(status_mutex_);
    const Counts counts{store_.writes(), restored_.load(), looks_.load(), links_told_.load()};
    if (status_counts_ != counts) {
        status_text_ = status_now();
        // A hold ends by itself.
        status_counts_ = hold() == Hold() ? counts : Counts{-1};
    }
    return status_text_;
}

std::optional<std::string> Engine::status_at_hand() {
    const std::unique_lock lock(status_mutex_, std::try_to_lock);
    if (!lock) return std::nullopt;
    const auto writes = store_.writes_at_hand();
    if (!writes ||
        status_counts_ != Counts{*writes, restored_.load(), looks_.load(), links_told_.load()})
        return std::nullopt;
    return status_text_;
}

void Engine::link_changed(const agent::LinkStatus& status) {
    const std::lock_guard lock(links_mutex_);
    agent::LinkStatus& known = links_[status.name];
    const auto last_contact = known.last_contact;
    known = status;
    if (!known.last_contact) known.last_contact = last_contact;  // of its process before this one
    ++links_told_;
}

std::string Engine::status_now() {
    const auto standing = store_.standing();
    Json json{{"host", options_.host_id}, {"generation", 0}, {"state", "idle"}};
    const std::optional<store::Lock> locked = store_.locked();
    json["locked"] = locked ? to_json(*locked) : Json();
    json["hold"] = to_json(hold(), clock_());
    json["restored"] = restored_.load();
    {
        const std::lock_guard lock(arrays_mutex_);
        json["arrays"] = arrays_json(arrays_seen_);
        json["controllers"] = controllers_json(controllers_seen_);
    }
    {
        const std::lock_guard lock(links_mutex_);
        Json& links = json["links"] = Json::array();
        for (const auto& [name, link] : links_) links.push_back(to_json(link));
    }
    if (!standing) {
        json["state"] = "failed";
        json["error"] = to_json(standing.error());
        return dump(json);
    }
    const auto& [instance, operation, items, script, reports_waiting] = *standing;
    json["reportsWaiting"] = reports_waiting;
    json["instance"] = instance ? Json(*instance) : Json();
    json["operation"] = operation ? Json(operation->id) : Json();
    json["items"] = to_json(items);
    json["userData"] = script_json(script);
    if (!operation) return dump(json);
    json["generation"] = operation->generation;
    json["netlinkMutations"] = operation->mutations;
    if (!operation->finished())
        json["state"] = "applying";
    else if (instance)
        json["state"] = operation->state == "done" ? "running" : operation->state;
    return dump(json);
}

/// The desired state as it would be with this document in the place of its source's.
std::expected<spec::HostSpec, Errors> Engine::desired_with(const std::string& source,
                                                           const spec::HostSpec& document) {
    const auto sources = store_.sources();
    if (!sources) return std::unexpected(Errors{sources.error()});
    const std::string digest = keyed_digest(store_.host_key(), spec::canonical_bytes(document));
    std::vector<spec::Sourced> all;
    spec::Sourced offered{source, document.generation.value_or(1), document};
    for (const store::Source& known : *sources) {
        if (known.name == source)
            offered.generation = document.generation.value_or(known.generation + 1);
        if (known.document.empty()) continue;
        auto spec = spec::from_store(known.document);
        if (!spec) return std::unexpected(Errors{spec.error()});
        spec::want_leases(*spec);
        // As in take_in(): the same order again keeps the one salted hash of its password.
        if (known.digest == digest) {
            offered.spec.password = spec->password;
        }
        if (known.name != source) all.push_back({known.name, known.generation, std::move(*spec)});
    }
    if (auto given = lease(source, offered.spec); !given) return std::unexpected(given.error());
    spec::want_leases(offered.spec);
    all.push_back(std::move(offered));
    return spec::merge(all);
}

std::expected<std::string, Errors> Engine::plan(const agent::Submission& submission) {
    const auto document = read(submission);
    if (!document) return std::unexpected(document.error());
    return plan_document(submission.source, *document);
}

std::expected<std::string, Errors> Engine::plan_document(const std::string& source,
                                                         const spec::HostSpec& document) {
    Json json{{"host", options_.host_id}};
    json["instance"] = document.instance_id ? Json(*document.instance_id) : Json();
    if (document.release) {
        json["items"] = Json::array();
        json["note"] =
            "a release: the addresses, routes and shaping that are ours are removed, so are the "
            "instance's keys, root's password and what user data has left; disks are not touched";
        if (!document.release->remove_arrays) return dump(json);
        json["note"] =
            "a release: the addresses, routes and shaping that are ours are removed, so are the "
            "instance's keys, root's password and what user data has left, and every array that "
            "metalwright made, with its data";
        auto removed = arrays_to_remove();
        if (!removed) return std::unexpected(Errors{removed.error()});
        const auto planned =
            machine_.storage(std::move(*removed), {}, disk_veto("release", store_.locked()))
                ->plan();
        if (!planned) return std::unexpected(Errors{planned.error()});
        for (const PlannedItem& item : *planned) json["items"].push_back(to_json(item));
        return dump(json);
    }
    if (document.reset) {
        const PlannedItem item{.item = "password",
                               .steps = {{"password", "set the password of root", false}}};
        json["instance"] = document.reset->instance_id;
        json["items"] = Json::array({to_json(item)});
        json["note"] = "what else is in force is verified, and nothing else of it is changed";
        return dump(json);
    }
    const auto merged = desired_with(source, document);
    if (!merged) return std::unexpected(merged.error());
    const spec::HostSpec& spec = *merged;
    json["instance"] = spec.instance_id ? Json(*spec.instance_id) : Json();
    Json items = Json::array();
    Errors errors;
    const std::optional<store::Lock> lock = store_.locked();
    const auto tell = [&](std::unique_ptr<RoomRun> room) {
        const auto planned = room->plan();
        if (!planned) return errors.push_back(planned.error());
        for (const PlannedItem& item : *planned) items.push_back(to_json(item));
    };
    if (spec.storage) {
        store::Operation dry;
        auto wanted = storage_wanted(spec, dry);
        if (!wanted) return std::unexpected(Errors{wanted.error()});
        wanted->consent = document.wipe_consent;
        wanted->replace = document.replace;
        tell(machine_.storage(std::move(*wanted), {}, disk_veto("apply", lock)));
    }
    if (spec::has_network(spec)) {
        auto owned = network_owned();
        if (!owned) return std::unexpected(Errors{owned.error()});
        tell(machine_.network(network_wanted(spec), *owned, {}, {}));
    }
    cloudinit::Wanted first_boot = spec::first_boot_of(spec);
    // Not hashed for a dry run; never shown.
    if (spec.password.plain || spec.password.sealed_to) first_boot.password_hash = any_hash;
    const auto instance = store_.instance();
    if (instance && *instance && (!spec.instance_id || spec.instance_id == *instance))
        if (const auto done = store_.once_done(**instance); done && !document.reinstall)
            first_boot.done = std::set<std::string>(done->begin(), done->end());
    tell(machine_.first_boot(std::move(first_boot)));
    if (!errors.empty()) return std::unexpected(std::move(errors));
    if (spec.user_data) {
        const auto run = instance && *instance ? store_.script(**instance)
                                               : Result<std::optional<store::ScriptRun>>();
        const bool pending = document.reinstall || !run || !*run || (*run)->state == "pending";
        PlannedItem item{.item = "userData"};
        if (!pending) {
            item.outcome = Outcome::unchanged;
            item.note = "was run: " + (*run)->state + "; it never runs again";
        } else if (lock) {
            item.outcome = Outcome::failed;
            item.error = refused_by(*lock, "run user data", "userData");
        } else {
            item.steps = {{"userData", "run the script once, as root", false}};
        }
        items.push_back(to_json(item));
    }
    json["items"] = std::move(items);
    return dump(json);
}

std::string Engine::operations(std::size_t limit) {
    Json list = Json::array();
    if (const auto operations = store_.operations(limit))
        for (const store::Operation& operation : *operations) list.push_back(to_json(operation));
    return dump({{"operations", std::move(list)}});
}

Result<std::string> Engine::operation(std::int64_t id) {
    const auto operation = store_.operation(id);
    if (!operation) return std::unexpected(operation.error());
    if (!*operation)
        return fail(Errc::not_found, "there is no operation " + std::to_string(id) +
                                         "; `metalwright operations` lists them");
    Json json = to_json(**operation);
    const auto items = store_.items(id);
    if (!items) return std::unexpected(items.error());
    json["items"] = to_json(*items);
    const auto script = store_.script((*operation)->instance);
    json["userData"] = script_json(script ? *script : std::nullopt);
    return dump(json);
}

Result<agent::InForce> Engine::in_force(const std::string& source) {
    const auto sources = store_.sources();
    if (!sources) return std::unexpected(sources.error());
    const auto it = std::ranges::find(*sources, source, &store::Source::name);
    if (it == sources->end() || it->document.empty())
        return fail(Errc::not_found,
                    "no document of source '" + source + "' is in force: PUT /v1/spec gives one");
    const auto spec = spec::from_store(it->document);
    if (!spec) return std::unexpected(spec.error());
    nlohmann::json native = spec::native_json(*spec, spec::Secrets::leave_out);
    native.erase("operation");  // of one request: not to be said again with the next
    native.erase("generation");
    return agent::InForce{dump(native), it->generation};
}

Result<std::string> Engine::leases() {
    Json list = Json::array();
    const auto all = documents();
    if (!all) return std::unexpected(all.error());
    for (const spec::Sourced& one : *all)
        for (const netcfg::Prefix& lease : one.spec.leases)
            list.push_back({{"address", lease.address.text()},
                            {"kind", "secondary"},
                            {"source", one.source},
                            {"id", nullptr},
                            {"state", "in-force"}});
    const auto resources = store_.resources();
    if (!resources) return std::unexpected(resources.error());
    for (const store::Resource& one : *resources) {
        const Json body = Json::parse(one.body, nullptr, false);
        if (one.kind != "eip" || !body.is_object()) continue;
        list.push_back({{"address", body.value("ipAddress", "")},
                        {"kind", one.kind},
                        {"source", "zenlayer"},
                        {"id", one.id},
                        {"state", one.state}});
    }
    return dump({{"leases", std::move(list)}});
}

Result<void> Engine::ready() {
    if (auto answers = store_.ping(); !answers) return answers;
    if (stopping()) return fail(Errc::unavailable, "metalwrightd is stopping");
    if (store_.outbox_full())
        return fail(Errc::unavailable,
                    "the outbox is full of reports that the control plane has not taken: no "
                    "document is accepted until it has");
    return {};
}

Result<std::string> Engine::events(std::int64_t operation, std::int64_t after) {
    bool finished = false;
    if (operation != 0) {
        const auto known = store_.operation(operation);
        if (!known) return std::unexpected(known.error());
        if (!*known)
            return fail(Errc::not_found, "there is no operation " + std::to_string(operation) +
                                             "; `metalwright operations` lists them");
        finished = (*known)->finished();
    }
    const auto events = store_.events(operation, after, 500);
    if (!events) return std::unexpected(events.error());
    Json list = Json::array();
    for (const store::Event& event : *events) append_events(list, event);
    std::int64_t next = after;
    if (!events->empty()) {
        next = events->back().seq;
    } else {
        const auto newest = store_.newest_event(operation);
        if (!newest) return std::unexpected(newest.error());
        next = std::min(after, *newest);
    }
    return dump({{"events", std::move(list)},
                 {"next", next},
                 {"finished", finished && events->size() < 500}});
}

Result<std::string> Engine::inventory() {
    const auto storage = machine_.observe_storage();
    if (!storage) return std::unexpected(storage.error());
    const auto network = machine_.observe_network();
    if (!network) return std::unexpected(network.error());
    return inventory::document(*storage, machine_.observe_controllers(), *network);
}

}  // namespace metalwright::engine
