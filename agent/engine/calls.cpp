// Calls of vendors' APIs: what they come to is decided by agent/vendor, on what is in force; here
// it becomes durable and is carried out. Calls that come at once are accepted as one: their edits
// of the host's addresses make one document, one operation and one commit.

#include "agent/engine/calls.hpp"

#include <algorithm>
#include <set>

#include "agent/engine/digest.hpp"
#include "agent/engine/engine.hpp"
#include "agent/engine/log.hpp"
#include "agent/spec/address_edit.hpp"
#include "agent/spec/leases.hpp"
#include "agent/vendor/eip.hpp"
#include "netcfg/plan.hpp"
#include "sys/random.hpp"

namespace metalwright::engine {
namespace {

using Live = std::shared_ptr<LiveCall>;

std::string drawn_id(std::string_view prefix) {
    constexpr std::size_t enough = 12;
    std::string text;
    const auto uuid = sys::random_uuid();
    for (const char c : uuid.value_or(std::string()))
        if (c != '-' && text.size() < enough) text += c;
    return std::string(prefix) + text;
}

std::vector<netcfg::Prefix> all_but(const std::vector<netcfg::Prefix>& after,
                                    const std::vector<netcfg::Prefix>& before) {
    std::vector<netcfg::Prefix> more;
    for (const netcfg::Prefix& one : after)
        if (std::ranges::find(before, one) == before.end()) more.push_back(one);
    return more;
}

/// What is kept of a call for when its operation has ended.
struct Memo {
    Json memo;
    std::string instance;
    std::vector<std::string> drawn{};
    std::vector<std::string> added{};  ///< items
    bool all_or_nothing = false;
    std::string ticket{};  ///< whoever waits for this call names it so

    std::string text() const {
        return dump({{"memo", memo},
                     {"instance", instance},
                     {"drawn", drawn},
                     {"added", added},
                     {"allOrNothing", all_or_nothing},
                     {"ticket", ticket}});
    }
    static Memo from(const std::string& text) {
        const Json json = Json::parse(text, nullptr, false);
        if (!json.is_object()) return {};
        return {json.value("memo", Json::object()),
                json.value("instance", ""),
                json.value("drawn", std::vector<std::string>()),
                json.value("added", std::vector<std::string>()),
                json.value("allOrNothing", false),
                json.value("ticket", "")};
    }
};

const vendor::Dialect* dialect_named(const std::string& name) {
    for (const vendor::Dialect& dialect : vendor::dialects())
        if (dialect.name == name) return &dialect;
    return nullptr;
}

const vendor::Route* route_named(const vendor::Dialect& dialect, const std::string& name) {
    const auto it = std::ranges::find(dialect.routes, name, &vendor::Route::operation);
    return it == dialect.routes.end() ? nullptr : &*it;
}

}  // namespace

namespace {

/// Whether the vendor refuses it where its token came before with this.
bool is_other(const Live& live, const store::Call& before) {
    return live->found.dialect->repeated == vendor::Repeated::same_request &&
           before.digest != live->digest;
}

}  // namespace

/// Calls that are being accepted together.
class Engine::Batch {
 public:
    Batch(Engine& engine, std::unique_ptr<Look> look) : engine_(engine), look_(std::move(look)) {}

    void take(const Live& live);
    /// Makes all of it durable, and answers those who need not wait.
    void commit();
    /// One that has ended, and is told so once what is taken back with this batch is gone.
    void hold(const Live& live, Answer answer) { held_.emplace_back(live, std::move(answer)); }
    Look& look() { return *look_; }
    /// Edits the addresses that are wanted, here; commit() makes it so. What it added, as items.
    std::expected<std::vector<std::string>, Errors> edit(const spec::AddressEdit& edit,
                                                         std::vector<std::string>& drawn,
                                                         bool& changes);
    store::Ledger& ledger() { return ledger_; }

 private:
    /// One that is accepted with the others, and waits for their operation.
    struct Waiting {
        Live live;
        Memo memo;
        store::Call row;
        std::vector<Live> twins{};                ///< that came with the same token a moment later
        std::optional<spec::AddressEdit> edit{};  ///< not yet made
        std::optional<Answer> refused{};          ///< by itself, without the others
    };

    void decide(const Live& live);
    void take(const Live& live, vendor::Order& order, Json memo);
    void take(const Live& live, const vendor::Edit& edit, Json memo);
    void take(const Live& live, const vendor::Ledger& ledger, const Json& memo);
    void make(Waiting& one);
    void make_all();
    void foresee(const spec::AddressEdit& edit);
    void see(const spec::HostSpec& document);
    void fail(const Errors& errors);
    store::Call row_of(const Live& live) const;

    Engine& engine_;
    std::unique_ptr<Look> look_;
    std::optional<spec::HostSpec> document_{};  ///< of the addresses, once it is edited
    store::Ledger ledger_{};
    std::vector<Waiting> edits_{};
    std::vector<std::pair<Live, Answer>> noted_{};  ///< answered once the ledger is durable
    std::vector<std::pair<Live, Answer>> held_{};
};

store::Call Engine::Batch::row_of(const Live& live) const {
    store::Call row{.vendor = std::string(live->found.dialect->name),
                    .digest = live->digest,
                    .route = std::string(live->found.route->operation),
                    .at_ms = look_->host.now_ms};
    if (!live->token.empty()) row.token = live->token;
    return row;
}

void Engine::Batch::take(const Live& live) {
    if (live->token.empty()) return decide(live);
    const vendor::Dialect& dialect = *live->found.dialect;
    for (Waiting& other : edits_)
        if (other.row.token == live->token && other.row.vendor == dialect.name) {
            if (is_other(live, other.row)) return live->end(Answer::of(*dialect.mismatch));
            other.twins.push_back(live);
            return;
        }
    for (const store::Call& other : ledger_.calls)
        if (other.token == live->token && other.vendor == dialect.name) {
            if (is_other(live, other)) return live->end(Answer::of(*dialect.mismatch));
            noted_.emplace_back(live, Answer::from_store(other));
            return;
        }
    const auto known = engine_.store_.call(dialect.name, live->token);
    if (!known) return live->end(Answer::of(dialect.refusal({known.error()})));
    if (*known && engine_.is_known_still(dialect, **known)) return engine_.repeat(live, **known);
    decide(live);
}

void Engine::Batch::decide(const Live& live) {
    vendor::Decision decision =
        live->found.route->decide(live->request, live->found.caught, look_->host);
    if (const auto* reply = std::get_if<vendor::Reply>(&decision))
        return live->end(Answer::of(*reply));
    if (const auto* refusal = std::get_if<vendor::Refusal>(&decision))
        return live->end(Answer::of(*refusal));
    auto& work = std::get<vendor::Work>(decision);
    std::visit([&](auto& operation) { take(live, operation, std::move(work.memo)); },
               work.operation);
}

void Engine::Batch::take(const Live& live, vendor::Order& order, Json memo) {
    commit();
    const vendor::Dialect& dialect = *live->found.dialect;
    const agent::Submission submission{std::string(dialect.name), std::move(order.document)};
    auto spec = engine_.read(submission);
    if (!spec) return live->end(Answer::of(dialect.refusal(spec.error())));
    const auto answer = [&](const std::string& instance) {
        return Answer::of(live->found.route->reply(memo, {.instance = instance}));
    };
    const auto accepted =
        engine_.take_in(submission, std::move(*spec), [&](const std::string& instance) {
            store::Call row = row_of(live);
            row.operation = store::Candidate::this_one;
            answer(instance).put_into(row);
            return store::Ledger{.calls = {std::move(row)}};
        });
    live->end(accepted ? answer(accepted->instance)
                       : Answer::of(dialect.refusal(accepted.error())));
    if (auto look = engine_.look()) look_ = std::move(*look);
}

void Engine::Batch::take(const Live& live, const vendor::Edit& edit, Json memo) {
    Memo kept{.memo = std::move(memo),
              .instance = look_->host.instance ? look_->host.instance->id : "",
              .all_or_nothing = edit.all_or_nothing,
              .ticket = live->ticket()};
    store::Call row = row_of(live);
    row.operation = store::Candidate::this_one;
    // What is added and taken away again is two edits; addresses by number are drawn at once.
    const bool by_number = edit.edit.count != spec::SecondaryCount();
    if (by_number || !edit.edit.remove.empty()) make_all();
    edits_.push_back({live, std::move(kept), std::move(row), {}, edit.edit});
    if (by_number)
        make_all();
    else
        foresee(edit.edit);
}

/// The addresses as they will be, for those who decide on the next call.
void Engine::Batch::foresee(const spec::AddressEdit& edit) {
    for (const spec::AddressEdit::Removal& removal : edit.remove)
        std::erase_if(look_->host.addresses,
                      [&](const vendor::Address& there) { return there.cidr == removal.cidr; });
    for (const netcfg::Alias& alias : edit.add)
        look_->host.addresses.push_back({.cidr = alias.cidr, .kind = alias.kind, .id = alias.id});
}

/// The edit of one call, by itself.
void Engine::Batch::make(Waiting& one) {
    const std::optional<spec::HostSpec> before = document_;
    const spec::AddressEdit edit = std::move(*std::exchange(one.edit, std::nullopt));
    bool changes = false;
    auto added = this->edit(edit, one.memo.drawn, changes);
    if (added) {
        one.memo.added = std::move(*added);
        one.row.memo = one.memo.text();
        return;
    }
    document_ = before;
    const vendor::Dialect& dialect = *one.live->found.dialect;
    const bool by_number = edit.count != spec::SecondaryCount();
    one.refused =
        Answer::of(by_number && dialect.exhausted != nullptr ? dialect.exhausted(added.error())
                                                             : dialect.refusal(added.error()));
}

/// The edits that are not yet made, as one; where that cannot be, each by itself.
void Engine::Batch::make_all() {
    std::vector<Waiting*> waiting;
    spec::AddressEdit all;
    for (Waiting& one : edits_) {
        if (!one.edit) continue;
        waiting.push_back(&one);
        std::ranges::copy(one.edit->add, std::back_inserter(all.add));
        std::ranges::copy(one.edit->remove, std::back_inserter(all.remove));
    }
    if (waiting.empty()) return;
    engine_.fill_addresses(*look_);  // what was foreseen is looked at
    const std::optional<spec::HostSpec> before = document_;
    std::vector<std::string> drawn;
    bool changes = false;
    const bool by_number = waiting.front()->edit->count != spec::SecondaryCount();
    if (waiting.size() > 1 && !by_number && edit(all, drawn, changes)) {
        for (Waiting* one : waiting) {
            for (const netcfg::Alias& alias : one->edit->add)
                one->memo.added.push_back(netcfg::item_of(alias.kind, alias.cidr));
            one->edit.reset();
            one->row.memo = one->memo.text();
        }
        return;
    }
    document_ = before;
    for (Waiting* one : waiting) make(*one);
    for (const Waiting& one : edits_)
        if (one.refused) {
            one.live->end(*one.refused);
            for (const Live& twin : one.twins) twin->end(*one.refused);
        }
    std::erase_if(edits_, [](const Waiting& one) { return one.refused.has_value(); });
}

std::expected<std::vector<std::string>, Errors> Engine::Batch::edit(const spec::AddressEdit& edit,
                                                                    std::vector<std::string>& drawn,
                                                                    bool& changes) {
    if (!look_->host.instance)
        return std::unexpected(Errors{{Errc::conflict, "no instance is in force on this host"}});
    auto edited = spec::edit_addresses(edit, look_->documents, look_->host.instance->id);
    if (!edited) return std::unexpected(std::move(edited).error());
    changes = edited->changes();
    spec::HostSpec document = std::move(edited->document);
    std::vector<std::string> added;
    std::map<netcfg::Prefix, netcfg::Kind> kinds;
    for (const netcfg::Alias& alias : edit.add)
        added.push_back(netcfg::item_of(alias.kind, alias.cidr));
    if (edited->counts) {
        const std::vector<netcfg::Prefix> before = document.leases;
        if (auto given = engine_.lease(std::string(spec::address_source), document); !given)
            return std::unexpected(std::move(given).error());
        for (const netcfg::Prefix& lease : all_but(document.leases, before)) {
            drawn.push_back(lease.text());
            added.push_back(netcfg::item_of(netcfg::Kind::secondary, lease));
        }
    }
    see(document);
    document_ = std::move(document);
    return added;
}

/// From now on the look is at the host as it will be.
void Engine::Batch::see(const spec::HostSpec& document) {
    std::erase_if(look_->documents,
                  [](const spec::Sourced& one) { return one.source == spec::address_source; });
    spec::Sourced own{std::string(spec::address_source), 0, document};
    spec::want_leases(own.spec);
    look_->documents.push_back(std::move(own));
    engine_.fill_addresses(*look_);
}

void Engine::Batch::take(const Live& live, const vendor::Ledger& ledger, const Json& memo) {
    store::Ledger rows = to_store(ledger);
    for (const vendor::Resource& one : ledger.put) {
        const auto there = std::ranges::find(look_->host.resources, one.id, &vendor::Resource::id);
        if (there != look_->host.resources.end())
            *there = one;
        else
            look_->host.resources.push_back(one);
    }
    std::erase_if(look_->host.resources, [&](const vendor::Resource& one) {
        return std::ranges::find(ledger.dropped, one.id) != ledger.dropped.end();
    });
    const std::string instance = look_->host.instance ? look_->host.instance->id : "";
    const Answer answer = Answer::of(live->found.route->reply(memo, {.instance = instance}));
    store::Call row = row_of(live);
    answer.put_into(row);
    std::ranges::move(rows.put, std::back_inserter(ledger_.put));
    std::ranges::move(rows.dropped, std::back_inserter(ledger_.dropped));
    ledger_.calls.push_back(std::move(row));
    noted_.emplace_back(live, answer);
}

void Engine::Batch::fail(const Errors& errors) {
    for (const Waiting& one : edits_) {
        const Answer answer = Answer::of(one.live->found.dialect->refusal(errors));
        one.live->end(answer);
        for (const Live& twin : one.twins) twin->end(answer);
    }
    for (const auto& [live, answer] : noted_)
        live->end(Answer::of(live->found.dialect->refusal(errors)));
}

void Engine::Batch::commit() {
    make_all();
    const bool resources = !ledger_.put.empty() || !ledger_.dropped.empty();
    store::Ledger ledger = std::exchange(ledger_, {});
    auto edits = std::exchange(edits_, {});
    auto noted = std::exchange(noted_, {});
    const auto refuse = [&](const Errors& errors) {
        edits_ = std::move(edits);
        noted_ = std::move(noted);
        fail(errors);
        edits_.clear();
        noted_.clear();
    };
    if (!document_) {
        if (auto kept = engine_.store_.note(ledger); !kept) return refuse({kept.error()});
    } else {
        const spec::HostSpec wanted = std::move(*std::exchange(document_, std::nullopt));
        const agent::Submission submission{std::string(spec::address_source),
                                           spec::native_text(wanted)};
        auto document = engine_.read(submission);
        if (!document) return refuse(document.error());
        document->leases = wanted.leases;
        for (const Waiting& one : edits) ledger.calls.push_back(one.row);
        // Until those that wait are known as waiting, nobody tells that the operation has ended.
        const std::lock_guard alone(engine_.calls_mutex_);
        const auto accepted = engine_.take_in(submission, std::move(*document),
                                              [&](const std::string&) { return ledger; });
        if (!accepted) return refuse(accepted.error());
        for (const Waiting& one : edits) {
            const Answer meanwhile = Answer::of(one.live->found.route->reply(
                one.memo.memo,
                {.instance = one.memo.instance, .drawn = one.memo.drawn, .under_way = true}));
            std::vector<Live> all = one.twins;
            all.push_back(one.live);
            for (const Live& live : all) {
                live->meanwhile(meanwhile);
                engine_.under_way_.emplace(accepted->operation,
                                           UnderWay{live, one.memo.ticket, std::nullopt});
            }
        }
        for (auto& [live, answer] : std::exchange(held_, {}))
            engine_.under_way_.emplace(accepted->operation, UnderWay{live, "", std::move(answer)});
    }
    for (const auto& [live, answer] : held_) live->end(answer);
    for (const auto& [live, answer] : noted) live->end(answer);
    if (resources) engine_.look_after_resources();
}

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
        waiting_calls_.push_back(live);
        if (std::exchange(accepting_calls_, true)) return live;  // whoever accepts takes it along
    }
    accept_calls();
    return live;
}

void Engine::accept_calls() {
    while (true) {
        std::vector<Live> now;
        {
            const std::lock_guard lock(mutex_);
            now.swap(waiting_calls_);
            if (now.empty()) {
                accepting_calls_ = false;
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

void Engine::repeat(const std::shared_ptr<LiveCall>& live, store::Call known) {
    const vendor::Dialect& dialect = *live->found.dialect;
    if (is_other(live, known)) return live->end(Answer::of(*dialect.mismatch));
    if (dialect.token_ms != 0) {  // it counts from the last time that it came
        known.at_ms = clock_();
        if (auto kept = store_.note({.calls = {known}}); !kept)
            return live->end(Answer::of(dialect.refusal({kept.error()})));
    }
    const std::lock_guard alone(calls_mutex_);
    // It may have ended between the look and now.
    const auto now = store_.call(known.vendor, *known.token);
    if (now && *now && (*now)->ended()) return live->end(Answer::from_store(**now));
    under_way_.emplace(known.operation,
                       UnderWay{live, Memo::from(known.memo).ticket, std::nullopt});
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
    host.pools = options_.pools;
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
        const ItemResult* first = nullptr;
        for (const ItemResult& item : items) {
            if (std::ranges::find(memo.added, item.item) == memo.added.end()) continue;
            outcome.items.push_back(item);
            if (item.outcome != Outcome::failed) continue;
            failed.push_back(item.item);
            if (first == nullptr) first = &item;
        }
        if (memo.all_or_nothing && first != nullptr) {
            failed = memo.added;
            Answer::of(dialect->refusal({first->error.value_or(Error{})})).put_into(call);
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
        const std::lock_guard alone(calls_mutex_);
        const auto [from, to] = under_way_.equal_range(operation);
        for (auto it = from; it != to; ++it) {
            const UnderWay& one = it->second;
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
        under_way_.erase(from, to);
    }
    if (takes_back) take_back_calls(std::move(held));
}

/// What calls have left behind that they should not have; `held` are told when that is gone.
void Engine::take_back_calls(std::vector<std::pair<std::shared_ptr<LiveCall>, Answer>> held) {
    auto open = store_.open_calls();
    if (open && std::ranges::all_of(*open, [](const store::Call& c) { return c.undo.empty(); }))
        return;
    const std::lock_guard one_at_a_time(accept_mutex_);
    auto seen = look();
    if (!open || !seen) {
        log(Level::error,
            "cannot take back a call: " + describe(open ? seen.error().front() : open.error()));
        for (const auto& [live, answer] : held) live->end(answer);
        return;
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

void Engine::look_after_resources() {
    {
        const std::lock_guard lock(mutex_);
        resources_changed_ = true;
    }
    wake_.notify_all();
}

/// Elastic addresses on their way. On the worker.
void Engine::settle_resources() {
    if (const auto there = store_.resources(); there && there->empty()) return;
    const std::lock_guard one_at_a_time(accept_mutex_);
    auto seen = look();
    if (!seen)
        return log(Level::error,
                   "cannot look after the elastic addresses: " + describe(seen.error().front()));
    std::vector<vendor::Finished> finished;
    std::set<std::int64_t> asked;
    for (const vendor::Resource& one : (*seen)->host.resources) {
        if (one.operation == 0 || !asked.insert(one.operation).second) continue;
        const auto operation = store_.operation(one.operation);
        if (!operation) continue;
        if (*operation && !(*operation)->finished()) continue;
        auto items = store_.items(one.operation);
        if (items) finished.push_back({one.operation, std::move(*items)});
    }
    vendor::Settled settled = vendor::settle((*seen)->host, finished);
    next_settlement_ms_ = vendor::next_settlement((*seen)->host);
    if (settled.empty()) return;
    Batch batch(*this, std::move(*seen));
    std::vector<std::string> drawn;
    bool changes = false;
    const bool edits = !settled.edit.add.empty() || !settled.edit.remove.empty();
    if (edits) {
        const auto edited = batch.edit(settled.edit, drawn, changes);
        for (vendor::Resource& one : settled.ledger.put) {
            if (std::ranges::find(settled.waiting, one.id) == settled.waiting.end()) continue;
            if (edited) {
                one.operation = store::Candidate::this_one;
                continue;
            }
            one = vendor::given_up(std::move(one), edited.error().front().message, clock_());
        }
    }
    batch.ledger() = to_store(settled.ledger);
    batch.commit();
    changed();
}

}  // namespace metalwright::engine
