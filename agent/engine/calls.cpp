// Calls of vendors' APIs: what they come to is decided by agent/vendor, on what is in force; here
// it becomes durable and is carried out.

#include "agent/engine/calls.hpp"

#include <algorithm>

#include "agent/engine/call_batch.hpp"
#include "agent/engine/digest.hpp"
#include "agent/engine/log.hpp"
#include "agent/spec/address_edit.hpp"
#include "netcfg/plan.hpp"
#include "sys/random.hpp"

namespace metalwright::engine {
namespace {

std::string drawn_id(std::string_view prefix) {
    constexpr std::size_t enough = 12;
    std::string text;
    const auto uuid = sys::random_uuid();
    for (const char c : uuid.value_or(std::string()))
        if (c != '-' && text.size() < enough) text += c;
    return std::string(prefix) + text;
}

const vendor::Dialect* dialect_named(const std::string& name) {
    for (const vendor::Dialect& dialect : vendor::dialects())
        if (dialect.name == name) return &dialect;
    return nullptr;
}

const vendor::Route* route_named(const vendor::Dialect& dialect, const std::string& name) {
    const auto it = std::ranges::find(dialect.routes, name, &vendor::Route::operation);
    return it == dialect.routes.end() ? nullptr : &*it;
}

/// What has become of an item that is not told by itself: the room could not even be looked at.
const ItemResult& room_of(const std::vector<ItemResult>& items) {
    static const ItemResult none{
        .outcome = Outcome::failed,
        .error = Error{Errc::internal, "the host has not told what became of it"}};
    const auto network = std::ranges::find_if(items, [](const ItemResult& item) {
        return (item.item == "network" || item.item == "nic") && item.outcome == Outcome::failed;
    });
    return network == items.end() ? none : *network;
}

}  // namespace

std::shared_ptr<agent::Desk::VendorCall> Engine::call(agent::VendorRequest request) {
    vendor::Found found = vendor::find(request);
    auto live = std::make_shared<LiveCall>(std::move(request), std::move(found),
                                           sys::random_uuid().value_or("unknown"));
    if (live->found.route == nullptr) {
        live->end(Answer::of(vendor::no_route(live->found, live->request)));
        return live;
    }
    if (!live->found.route->changes) {
        const auto seen = look();
        if (!seen) {
            live->end(Answer::of(live->found.dialect->refusal(seen.error())));
            return live;
        }
        const vendor::Decision told =
            live->found.route->decide(live->request, live->found.caught, (*seen)->host);
        if (const auto* refusal = std::get_if<vendor::Refusal>(&told))
            live->end(Answer::of(*refusal));
        else
            live->end(Answer::of(std::get<vendor::Reply>(told)));
        return live;
    }
    live->token = live->found.dialect->token(live->request);
    std::string whole = live->request.method;
    for (const std::string& segment : live->request.path) whole += '/' + segment;
    for (const auto& [name, value] : live->request.query) whole += '\n' + name + '=' + value;
    live->digest = keyed_digest(store_.host_key(), whole + "\n\n" + live->request.body);
    {
        const std::lock_guard lock(mutex_);
        calls_->waiting.push_back(live);
        if (std::exchange(calls_->accepting, true)) return live;  // whoever accepts takes it along
    }
    accept_calls();
    return live;
}

void Engine::accept_calls() {
    while (true) {
        std::vector<Live> now;
        {
            const std::lock_guard lock(mutex_);
            now.swap(calls_->waiting);
            if (now.empty()) {
                calls_->accepting = false;
                return;
            }
        }
        const std::lock_guard one_at_a_time(accept_mutex_);
        auto seen = look();
        if (!seen) {
            for (const Live& live : now)
                live->end(Answer::of(live->found.dialect->refusal(seen.error())));
        } else {
            Batch batch(*this, std::move(*seen));
            for (const Live& live : now) batch.take(live);
            batch.commit();
        }
        changed();
    }
}

/// Whether a token counts as known, after all the time that has passed.
bool Engine::is_known_still(const vendor::Dialect& dialect, const store::Call& call) const {
    return dialect.token_ms == 0 || !call.ended() || clock_() - call.at_ms < dialect.token_ms;
}

void Engine::repeat(const std::shared_ptr<LiveCall>& live, const store::Call& known) {
    const vendor::Dialect& dialect = *live->found.dialect;
    if (is_other(*live, known)) return live->end(Answer::of(*dialect.mismatch));
    if (dialect.token_ms != 0)  // it counts from the last time that it came
        if (auto kept = store_.came_again(known.id, clock_()); !kept)
            return live->end(Answer::of(dialect.refusal({kept.error()})));
    const std::lock_guard alone(calls_->mutex);
    // It may have ended between the look and now.
    const auto now = store_.call(known.vendor, *known.token);
    if (now && *now && (*now)->ended()) return live->end(Answer::from_store(**now));
    calls_->under_way.emplace(known.operation,
                              Calls::UnderWay{live, Memo::from(known.memo).ticket, std::nullopt});
}

std::expected<std::unique_ptr<Look>, Errors> Engine::look() {
    auto seen = std::make_unique<Look>();
    auto catalogue = load_catalogue(options_.catalogue);
    if (!catalogue) return std::unexpected(std::move(catalogue).error());
    seen->catalogue = std::move(*catalogue);
    auto all = documents();
    if (!all) return std::unexpected(Errors{all.error()});
    seen->documents = std::move(*all);
    const auto standing = store_.standing();
    const auto resources = store_.resources();
    if (!standing || !resources)
        return std::unexpected(Errors{standing ? resources.error() : standing.error()});
    vendor::Host& host = seen->host;
    host.id = options_.host_id;
    host.limits = options_.limits;
    host.now_ms = clock_();
    for (const store::Resource& row : *resources) host.resources.push_back(from_store(row));
    host.draw_id = drawn_id;
    const std::string instance = standing->instance.value_or("");
    host.id_of = [this, instance](std::string_view prefix, std::string_view text) {
        const std::string of = std::string(prefix) + '\n' + instance + '\n' + std::string(text);
        return std::string(prefix) + keyed_digest(store_.host_key(), of).substr(0, 12);
    };
    if (standing->instance) {
        const std::string state = !standing->operation               ? "idle"
                                  : !standing->operation->finished() ? "applying"
                                  : standing->operation->state == "done"
                                      ? "running"
                                      : standing->operation->state;
        host.instance = vendor::Instance{.id = instance, .state = state, .spec = &seen->merged};
        if (const auto sources = store_.sources())
            for (const store::Source& source : *sources)
                if (source.name != spec::address_source)
                    if (const auto first = store_.operation(source.operation); first && *first)
                        host.instance->since_ms = (*first)->accepted_ms;
    }
    if (auto merged = spec::merge(seen->documents))
        seen->merged = std::move(*merged);
    else
        return std::unexpected(std::move(merged).error());
    fill_addresses(*seen);
    return seen;
}

void Engine::fill_addresses(Look& look) {
    look.host.addresses.clear();
    for (const spec::Sourced& one : look.documents) {
        if (!one.spec.network || !one.spec.network->aliases) continue;
        for (const netcfg::Alias& alias : *one.spec.network->aliases)
            if (!spec::is_withdrawn(alias, one, look.documents))
                look.host.addresses.push_back({.cidr = alias.cidr,
                                               .kind = alias.kind,
                                               .id = alias.id,
                                               .from_order = one.source != spec::address_source});
    }
}

/// The calls that have waited for this operation, as they ended.
store::Ledger Engine::ended_calls(std::int64_t operation, const std::vector<ItemResult>& items) {
    store::Ledger ledger;
    const auto open = store_.open_calls();
    if (!open) {
        log(Level::error, "cannot read the calls that wait: " + describe(open.error()));
        return ledger;
    }
    for (store::Call call : *open) {
        if (call.operation != operation || call.ended()) continue;
        const vendor::Dialect* dialect = dialect_named(call.vendor);
        const vendor::Route* route = dialect ? route_named(*dialect, call.route) : nullptr;
        if (route == nullptr || route->reply == nullptr) continue;
        const Memo memo = Memo::from(call.memo);
        vendor::Outcome outcome{.instance = memo.instance, .drawn = memo.drawn};
        std::vector<std::string> failed;
        std::optional<Error> first;
        const ItemResult& room = room_of(items);
        for (const std::string& added : memo.added) {
            const auto item = std::ranges::find(items, added, &ItemResult::item);
            outcome.items.push_back(item == items.end() ? room : *item);
            outcome.items.back().item = added;
            if (outcome.items.back().outcome != Outcome::failed) continue;
            failed.push_back(added);
            if (!first) first = outcome.items.back().error.value_or(Error{});
        }
        if (memo.all_or_nothing && first) {
            failed = memo.added;
            Answer::of(dialect->refusal({*first})).put_into(call);
        } else {
            Answer::of(route->reply(memo.memo, outcome)).put_into(call);
        }
        if (!failed.empty()) call.undo = dump(failed);
        ledger.calls.push_back(std::move(call));
    }
    return ledger;
}

/// Once an operation is finished, durably: whoever waits is told, and what could not be set, or was
/// set in vain, is no longer wanted.
void Engine::answer_calls(std::int64_t operation, const store::Ledger& ended) {
    std::vector<std::pair<Live, Answer>> held;
    std::map<std::string, const store::Call*> by_ticket;
    bool takes_back = false;
    for (const store::Call& call : ended.calls) {
        by_ticket.emplace(Memo::from(call.memo).ticket, &call);
        takes_back |= !call.undo.empty();
    }
    {
        const std::lock_guard alone(calls_->mutex);
        const auto [from, to] = calls_->under_way.equal_range(operation);
        for (auto it = from; it != to; ++it) {
            const Calls::UnderWay& one = it->second;
            if (one.answer) {
                one.live->end(*one.answer);
                continue;
            }
            const auto call = by_ticket.find(one.ticket);
            if (call == by_ticket.end()) continue;
            if (call->second->undo.empty())
                one.live->end(Answer::from_store(*call->second));
            else
                held.emplace_back(one.live, Answer::from_store(*call->second));
        }
        calls_->under_way.erase(from, to);
    }
    if (takes_back) take_back_calls(std::move(held));
}

/// What calls have left behind that they should not have; `held` are told when that is gone.
void Engine::take_back_calls(std::vector<std::pair<std::shared_ptr<LiveCall>, Answer>> held) {
    auto open = store_.open_calls();
    const auto let_go = [&] {
        for (const auto& [live, answer] : held) live->end(answer);
    };
    if (open && std::ranges::all_of(*open, [](const store::Call& c) { return c.undo.empty(); }))
        return let_go();
    const std::lock_guard one_at_a_time(accept_mutex_);
    auto seen = look();
    if (!open || !seen) {
        log(Level::error,
            "cannot take back a call: " + describe(open ? seen.error().front() : open.error()));
        return let_go();
    }
    Batch batch(*this, std::move(*seen));
    for (auto& [live, answer] : held) batch.hold(live, std::move(answer));
    spec::AddressEdit edit;
    for (store::Call& call : *open) {
        if (call.undo.empty()) continue;
        const Json undo = Json::parse(call.undo, nullptr, false);
        const auto items =
            undo.is_array() ? undo.get<std::vector<std::string>>() : std::vector<std::string>();
        for (const vendor::Address& there : batch.look().host.addresses) {
            const std::string item = netcfg::item_of(there.kind, there.cidr);
            if (!there.from_order && std::ranges::find(items, item) != items.end())
                edit.remove.push_back({.cidr = there.cidr});
        }
        call.undo.clear();
        batch.ledger().calls.push_back(std::move(call));
    }
    std::vector<std::string> drawn;
    bool changes = false;
    if (!edit.remove.empty())
        if (auto edited = batch.edit(edit, drawn, changes); !edited)
            log(Level::error, "cannot take back a call: " + describe(edited.error().front()));
    batch.commit();
    changed();
}

}  // namespace metalwright::engine
