// The addresses that are wanted, one by one: how each stands, and more or fewer of them.

#include <algorithm>
#include <map>

#include "agent/engine/engine.hpp"
#include "agent/engine/json.hpp"
#include "agent/spec/address_edit.hpp"
#include "netcfg/plan.hpp"

namespace metalwright::engine {
namespace {

/// The sources that want each item, as "admin, ip".
std::map<std::string, std::string> wanted_by(const std::vector<spec::Sourced>& documents) {
    std::map<std::string, std::string> sources;
    const auto add = [&](const std::string& item, const std::string& source) {
        std::string& names = sources[item];
        names += (names.empty() ? "" : ", ") + source;
    };
    for (const spec::Sourced& one : documents) {
        if (!one.spec.network) continue;
        if (one.spec.network->primary) add("primary", one.source);
        if (!one.spec.network->aliases) continue;
        for (const netcfg::Alias& alias : *one.spec.network->aliases)
            add(netcfg::item_of(alias.kind, alias.cidr), one.source);
    }
    return sources;
}

/// The addresses that were given to the source of the edits, but for those that it had.
std::vector<netcfg::Prefix> drawn(const std::vector<spec::Sourced>& documents,
                                  const std::vector<netcfg::Prefix>& before) {
    std::vector<netcfg::Prefix> given;
    for (const spec::Sourced& one : documents)
        if (one.source == spec::address_source)
            for (const netcfg::Prefix& lease : one.spec.leases)
                if (std::ranges::find(before, lease) == before.end()) given.push_back(lease);
    return given;
}

void put_state(Json& row, const PlannedItem& planned) {
    row["state"] = "present";
    row["note"] = planned.note;
    if (!planned.steps.empty()) {
        row["state"] = "missing";
        row["note"] = planned.steps.front().why;
    } else if (planned.outcome == Outcome::failed) {
        row["state"] = "failed";
        if (planned.error) row["note"] = planned.error->message;
    }
}

}  // namespace

std::expected<std::string, Errors> Engine::addresses() {
    const auto all = documents();
    if (!all) return std::unexpected(Errors{all.error()});
    const auto spec = spec::merge(*all);
    if (!spec) return std::unexpected(spec.error());
    Json rows = Json::array();
    if (!spec->network) return dump({{"addresses", rows}});

    const auto owned = network_owned();
    if (!owned) return std::unexpected(Errors{owned.error()});
    const auto planned = machine_.network(network_wanted(*spec), *owned, {}, {})->plan();
    if (!planned) return std::unexpected(Errors{planned.error()});
    std::map<std::string_view, const PlannedItem*> found;
    for (const PlannedItem& item : *planned) found.try_emplace(item.item, &item);

    const auto sources = wanted_by(*all);
    const PlannedItem unplanned{
        .outcome = Outcome::failed,
        .error = Error{Errc::internal, "the plan of the network does not name it"}};
    const auto tell = [&](const std::string& item, const netcfg::Prefix& address,
                          std::string_view kind, const std::string& id) {
        Json row{{"item", item}, {"address", address.text()}, {"kind", kind}, {"id", id}};
        row["source"] = sources.at(item);
        const auto plan = found.find(item);
        put_state(row, plan == found.end() ? unplanned : *plan->second);
        rows.push_back(std::move(row));
    };
    if (spec->network->primary) tell("primary", spec->network->primary->address, "primary", {});
    if (spec->network->aliases)
        for (const netcfg::Alias& alias : *spec->network->aliases)
            tell(netcfg::item_of(alias.kind, alias.cidr), alias.cidr, netcfg::to_string(alias.kind),
                 alias.id);
    return dump({{"addresses", std::move(rows)}});
}

std::expected<std::string, Errors> Engine::edit_addresses(std::string_view request) {
    const auto edit = spec::read_address_edit(request);
    if (!edit) return std::unexpected(edit.error());

    // From the look at what is in force until the new document is: nobody else's edit and no
    // release may come between.
    std::unique_lock one_at_a_time(accept_mutex_);
    const auto instance = store_.instance();
    const auto all = documents();
    if (!instance || !all)
        return std::unexpected(Errors{instance ? all.error() : instance.error()});
    if (!*instance)
        return std::unexpected(
            Errors{{Errc::conflict,
                    "no instance is in force on this host, so it has no addresses to add to or "
                    "remove from: apply an order first, with `metalwright apply FILE`"}});
    const auto edited = spec::edit_addresses(*edit, *all, **instance);
    if (!edited) return std::unexpected(edited.error());

    Json answer{
        {"added", edited->added}, {"removed", edited->removed}, {"unchanged", edited->unchanged}};
    const agent::Submission submission{std::string(spec::address_source),
                                       spec::native_text(edited->document)};
    auto document = read(submission);
    if (!document) return std::unexpected(document.error());
    document->leases = edited->document.leases;
    if (edit->dry_run) {
        one_at_a_time.unlock();
        const auto planned = plan_document(submission.source, *document);
        if (!planned) return std::unexpected(planned.error());
        answer.update(Json::parse(*planned));
        return dump(answer);
    }
    answer["operation"] = nullptr;
    answer["instance"] = **instance;
    if (!edited->changes()) return dump(answer);
    const auto accepted = take_in(submission, std::move(*document));
    if (!accepted) return std::unexpected(accepted.error());
    if (edited->counts) {
        const auto now = documents();
        if (!now) return std::unexpected(Errors{now.error()});
        for (const netcfg::Prefix& given : drawn(*now, edited->document.leases))
            answer["added"].push_back(given.text());
    }
    answer["operation"] = accepted->operation;
    answer["generation"] = accepted->generation;
    answer["repeated"] = accepted->repeated;
    answer["finished"] = accepted->finished;
    return dump(answer);
}

}  // namespace metalwright::engine
