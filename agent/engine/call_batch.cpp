// Calls that are accepted together: their edits of the host's addresses make one document, one
// operation and one commit.

#include "agent/engine/call_batch.hpp"

#include <algorithm>

#include "agent/engine/log.hpp"
#include "agent/spec/address_edit.hpp"
#include "agent/spec/leases.hpp"
#include "netcfg/plan.hpp"

namespace metalwright::engine {
namespace {

std::vector<netcfg::Prefix> all_but(const std::vector<netcfg::Prefix>& after,
                                    const std::vector<netcfg::Prefix>& before) {
    std::vector<netcfg::Prefix> more;
    for (const netcfg::Prefix& one : after)
        if (std::ranges::find(before, one) == before.end()) more.push_back(one);
    return more;
}

}  // namespace

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
            if (is_other(*live, other.row)) return live->end(Answer::of(*dialect.mismatch));
            other.twins.push_back(live);
            return;
        }
    for (const store::Call& other : ledger_.calls)
        if (other.token == live->token && other.vendor == dialect.name) {
            if (is_other(*live, other)) return live->end(Answer::of(*dialect.mismatch));
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

void Engine::Batch::take(const Live& live, vendor::Order& order, const Json& memo) {
    commit();
    const vendor::Dialect& dialect = *live->found.dialect;
    const agent::Submission submission{std::string(dialect.name), std::move(order.document)};
    auto spec = engine_.read(submission);
    if (!spec) return live->end(Answer::of(dialect.refusal(spec.error())));
    accept(live, submission, std::move(*spec), memo);
}

void Engine::Batch::take(const Live& live, vendor::Reinstall& reinstall, const Json& memo) {
    commit();
    const vendor::Dialect& dialect = *live->found.dialect;
    const agent::Submission submission{std::string(dialect.name), {}};
    auto order = engine_.ordered_by(submission.source);
    if (!order) return live->end(Answer::of(dialect.refusal({order.error()})));
    // As after its system was written anew: a script that is not sent along is not there any more.
    spec::HostSpec& changes = reinstall.changes;
    if (changes.hostname) order->hostname = std::move(changes.hostname);
    if (changes.authorized_keys) order->authorized_keys = std::move(changes.authorized_keys);
    order->password = std::move(changes.password);
    order->user_data = std::move(changes.user_data);
    order->kept = std::move(changes.kept);
    order->reinstall = true;
    order->generation.reset();
    order->token = live->ticket();
    if (auto fit = engine_.fits_this_host(*order); !fit)
        return live->end(Answer::of(dialect.refusal(fit.error())));
    accept(live, submission, std::move(*order), memo);
}

/// Durably, by itself; then it is answered.
void Engine::Batch::accept(const Live& live, const agent::Submission& submission,
                           spec::HostSpec spec, const Json& memo) {
    const auto answer = [&](const std::string& instance) {
        return Answer::of(live->found.route->reply(memo, {.instance = instance}));
    };
    const auto accepted =
        engine_.take_in(submission, std::move(spec), [&](const std::string& instance) {
            store::Call row = row_of(live);
            row.operation = store::Candidate::this_one;
            answer(instance).put_into(row);
            return store::Ledger{.calls = {std::move(row)}};
        });
    live->end(accepted ? answer(accepted->instance)
                       : Answer::of(live->found.dialect->refusal(accepted.error())));
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
        for (const auto& [live, answer] : std::exchange(held_, {})) live->end(answer);
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
        const std::lock_guard alone(engine_.calls_->mutex);
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
                engine_.calls_->under_way.emplace(
                    accepted->operation, Calls::UnderWay{live, one.memo.ticket, std::nullopt});
            }
        }
        for (auto& [live, answer] : std::exchange(held_, {}))
            engine_.calls_->under_way.emplace(accepted->operation,
                                              Calls::UnderWay{live, "", std::move(answer)});
    }
    for (const auto& [live, answer] : held_) live->end(answer);
    for (const auto& [live, answer] : noted) live->end(answer);
    if (resources) engine_.look_after_resources();
}

}  // namespace metalwright::engine
