// The door: a document is read, decided on, and durably accepted before anybody is answered.

#include <string.h>

#include <algorithm>

#include "agent/engine/acceptance.hpp"
#include "agent/engine/calls.hpp"
#include "agent/engine/digest.hpp"
#include "agent/engine/engine.hpp"
#include "agent/engine/json.hpp"
#include "agent/engine/log.hpp"
#include "agent/engine/mandate.hpp"
#include "agent/engine/run_order.hpp"
#include "agent/engine/trust.hpp"
#include "agent/spec/catalogue.hpp"
#include "agent/spec/document.hpp"
#include "agent/spec/leases.hpp"
#include "agent/spec/sealing.hpp"
#include "agent/spec/store_form.hpp"
#include "cloudinit/password.hpp"
#include "core/fail_point.hpp"
#include "core/utc.hpp"
#include "sys/files.hpp"
#include "sys/random.hpp"

namespace metalwright::engine {

std::expected<spec::Catalogue, Errors> load_catalogue(const std::filesystem::path& file) {
    if (file.empty()) return spec::Catalogue();
    const auto text = sys::PosixFiles().read(file);
    if (!text) return std::unexpected(Errors{text.error()});
    auto catalogue = spec::read_catalogue(*text);
    if (!catalogue)
        for (Error& error : catalogue.error())
            error.message = "in the catalogue " + file.native() + ": " + error.message;
    return catalogue;
}

namespace {

agent::Accepted accepted(const store::Operation& operation, bool repeated) {
    return {operation.id, operation.generation, operation.instance, repeated, operation.finished()};
}

void cleanse(std::string& secret) {
    ::explicit_bzero(secret.data(), secret.size());
    secret.clear();
}

/// Whether what is in force of the source is what the author of the document has seen.
Result<void> replaces(const agent::Submission& submission,
                      const std::vector<store::Source>& sources) {
    const agent::Replaces& wanted = *submission.replaces;
    const auto it = std::ranges::find_if(sources, [&](const store::Source& source) {
        return source.name == submission.source && !source.document.empty();
    });
    const bool there = it != sources.end();
    const bool seen =
        there && std::ranges::find(wanted.generations, it->generation) != wanted.generations.end();
    if (wanted.nothing ? !there : wanted.anything ? there : seen) return {};
    return fail(Errc::conflict,
                (there ? "generation " + std::to_string(it->generation) + " is in force here"
                       : std::string("no document is in force here")) +
                    ", not what this one was to replace: GET /v1/spec, and make the change again",
                agent::not_replaced);
}

/// From here on there is the hash alone. Answers what one that was drawn here is told as; nothing
/// where it was given.
Result<std::optional<std::string>> settle_password(spec::RootPassword& password) {
    std::optional<std::string> sealed;
    if (password.sealed_to) {
        auto drawn = cloudinit::random_password();
        if (!drawn) return std::unexpected(drawn.error());
        password.plain = std::move(*drawn);
        auto closed = spec::seal(*password.plain, *password.sealed_to);
        if (!closed) cleanse(*password.plain);
        if (!closed) return std::unexpected(closed.error());
        sealed = std::move(*closed);
        password.sealed_to.reset();
    }
    if (!password.plain) return sealed;
    auto hash = cloudinit::hash_password(*password.plain);
    cleanse(*password.plain);
    password.plain.reset();
    if (!hash) return std::unexpected(hash.error());
    password.hash = std::move(*hash);
    return sealed;
}

}  // namespace

std::expected<spec::HostSpec, Errors> Engine::read(const agent::Submission& submission) {
    // The catalogue is read anew each time: an operator may replace it while we run.
    const auto catalogue = load_catalogue(options_.catalogue);
    if (!catalogue) return std::unexpected(catalogue.error());
    auto spec = spec::read_document(submission.document, &*catalogue,
                                    {.host_id = options_.host_id, .user_data = options_.user_data});
    if (!spec) return spec;
    if (auto fits = fits_this_host(*spec); !fits) return std::unexpected(std::move(fits).error());
    return spec;
}

/// What only this host can tell.
std::expected<void, Errors> Engine::fits_this_host(const spec::HostSpec& spec) {
    const bool native = spec.dialect.empty();
    Errors errors;
    const auto check = [&](Result<void> good, std::string where) {
        if (good) return;
        Error error = std::move(good).error();
        error.code = Errc::invalid_spec;
        error.where = std::move(where);
        errors.push_back(std::move(error));
    };
    if (spec.authorized_keys)
        for (std::size_t i = 0; i < spec.authorized_keys->size(); ++i)
            check(machine_.check_key((*spec.authorized_keys)[i]),
                  native ? "/authorizedKeys/" + std::to_string(i) : "/request/keypairId");
    if (spec.user_data)
        check(machine_.check_user_data(spec.user_data->bytes),
              native ? "/userData/base64" : "/request/userData");
    if (!errors.empty()) return std::unexpected(std::move(errors));
    return {};
}

/// The order that a source has in force.
Result<spec::HostSpec> Engine::ordered_by(const std::string& source) {
    const auto sources = store_.sources();
    if (!sources) return std::unexpected(sources.error());
    for (const store::Source& one : *sources)
        if (one.name == source && !one.document.empty()) return spec::from_store(one.document);
    return fail(Errc::unsupported,
                "the instance was not ordered by this API: whoever ordered it sends its document "
                "again, with operation.reinstall");
}

void Engine::refuse_upwards(const agent::Submission& submission, const Errors& errors) {
    for (const Error& error : errors)
        log(Level::warn, "document refused: " + describe(error),
            {{"source", submission.source}, {"code", std::string(to_string(error.code))}});
    // Who asked here is there to read the answer.
    if (!came_over_a_link(submission.source)) return;
    Json report{{"kind", "refused"},
                {"at", utc_with_ms(clock_())},
                {"host", options_.host_id},
                {"source", submission.source}};
    report["generation"] = submission.generation ? Json(*submission.generation) : Json();
    report["errors"] = to_json(errors);
    if (auto put = store_.report(dump(report), clock_()); !put)
        log(Level::error, "cannot keep a report: " + describe(put.error()));
    changed();
}

std::expected<agent::Accepted, Errors> Engine::submit(const agent::Submission& submission) {
    const auto refuse = [&](Errors errors) {
        refuse_upwards(submission, errors);
        return std::unexpected(std::move(errors));
    };
    // Before it is read: of what nobody signed nothing is taken apart.
    const auto signed_as = signed_generation(submission, options_);
    if (!signed_as) return refuse(signed_as.error());
    auto spec = read(submission);
    if (!spec) return refuse(std::move(spec).error());
    if (*signed_as) {
        if (spec->generation.value_or(**signed_as) != **signed_as)
            return refuse({{Errc::refused,
                            "the document says generation " + std::to_string(*spec->generation) +
                                ", its signature is for generation " + std::to_string(**signed_as) +
                                ": sign it as what it says",
                            "/generation"}});
        // So that one which says none is older than what was signed after it.
        spec->generation = *signed_as;
    }
    const std::lock_guard one_at_a_time(accept_mutex_);
    return take_in(submission, std::move(*spec));
}

/// The addresses that a document asks for by number; those that its source has stay as they are.
std::expected<void, Errors> Engine::lease(const std::string& source, spec::HostSpec& document) {
    if (!document.secondary_count) return {};
    auto others = documents();
    if (!others) return std::unexpected(Errors{others.error()});
    // An edit knows which of them it gives back; any other document starts from those in force.
    std::vector<netcfg::Prefix> before = document.leases;
    if (before.empty())
        for (const spec::Sourced& one : *others)
            if (one.source == source) before = one.spec.leases;
    std::erase_if(*others, [&](const spec::Sourced& one) { return one.source == source; });
    return spec::hand_out(document, before, *others, options_.pools);
}

/// What is done once cannot be done once more while it may be under way.
Result<void> Engine::nothing_under_way() {
    const auto unfinished = store_.unfinished();
    if (!unfinished) return std::unexpected(unfinished.error());
    if (unfinished->empty()) return {};
    return fail(Errc::conflict,
                "operation " + std::to_string(unfinished->front().id) +
                    " is under way: send the reinstall again once it has finished",
                "/operation/reinstall");
}

/// With accept_mutex_ held.
std::expected<agent::Accepted, Errors> Engine::take_in(const agent::Submission& submission,
                                                       spec::HostSpec spec, const WithIt& with) {
    const auto refuse_one = [&](Error error) {
        Errors errors{std::move(error)};
        refuse_upwards(submission, errors);
        return std::unexpected(std::move(errors));
    };
    Offer offer{.source = submission.source,
                .digest = keyed_digest(store_.host_key(), spec::canonical_bytes(spec)),
                .delivered = submission.generation,
                .written = spec.generation,
                .token = spec.token,
                .instance = spec.instance_id,
                .first_result_wins = !spec.dialect.empty()};
    if (spec.release) offer.release = spec.release->instance_id;
    if (spec.reset) offer.reset = spec.reset->instance_id;

    InForce in_force;
    auto instance = store_.instance();
    auto released = store_.last_released();
    auto sources = store_.sources();
    if (!instance || !released || !sources)
        return refuse_one(!instance   ? instance.error()
                          : !released ? released.error()
                                      : sources.error());
    in_force.instance = *instance;
    in_force.last_released = *released;
    in_force.sources = *sources;
    if (offer.token) {
        auto same = store_.by_token(*offer.token);
        if (!same) return refuse_one(same.error());
        in_force.same_token = *same;
    }

    const Decision decision = decide(offer, in_force);
    if (const Error* error = std::get_if<Error>(&decision)) return refuse_one(*error);
    if (const Repeat* repeat = std::get_if<Repeat>(&decision)) {
        auto operation = store_.operation(repeat->operation);
        if (!operation) return refuse_one(operation.error());
        if (*operation) return accepted(**operation, true);
        return refuse_one({Errc::internal, "the first operation of this request is lost"});
    }
    const auto& accept = std::get<Accept>(decision);
    if (submission.replaces)
        if (auto as_seen = replaces(submission, in_force.sources); !as_seen)
            return refuse_one(as_seen.error());
    if (store_.outbox_full())
        return refuse_one({Errc::unavailable,
                           "the outbox is full of reports that the control plane has not taken; "
                           "new documents wait until it has"});

    std::string instance_id = accept.instance;
    if (instance_id.empty()) {
        auto uuid = sys::random_uuid();
        if (!uuid) return refuse_one(uuid.error());
        instance_id = "i-" + *uuid;
    }
    spec.instance_id = instance_id;
    spec.generation = accept.generation;
    const bool anew = spec.reinstall && in_force.instance == instance_id;
    if (anew)
        if (auto free = nothing_under_way(); !free) return refuse_one(free.error());
    std::string run_order, order_again;
    if (spec.user_data) {
        RunOrder order = run_order_of(spec, spec.password.plain.value_or(""));
        order.anew = anew;
        run_order = to_store(order);
        order.armed_again = true;
        order_again = to_store(order);
    }
    // The same order again keeps the password's one salted hash: another would be a change. One
    // that will not be set any more is not drawn either.
    const auto known = std::ranges::find_if(in_force.sources, [&](const store::Source& source) {
        return source.digest == offer.digest && !source.document.empty() && !spec.reset;
    });
    const bool same_order = known != in_force.sources.end();
    if (spec.password.sealed_to && !anew) {
        const auto done = store_.once_done(instance_id);
        if (!done) return refuse_one(done.error());
        if (same_order || std::ranges::find(*done, "password") != done->end())
            spec.password.sealed_to.reset();
    }
    auto sealed = settle_password(spec.reset ? spec.reset->password : spec.password);
    if (!sealed) return refuse_one(sealed.error());

    store::Candidate candidate{.source = submission.source,
                               .kind = accept.kind,
                               .generation = accept.generation,
                               .instance = instance_id,
                               .token = spec.token,
                               .digest = offer.digest,
                               .consent = to_store(mandate_of(spec))};
    if (accept.kind == "apply") {
        if (!same_order)
            if (auto given = lease(submission.source, spec); !given) {
                refuse_upwards(submission, given.error());
                return std::unexpected(given.error());
            }
        candidate.document = same_order ? known->document : spec::to_store(spec);
        candidate.anew = anew;
        if (spec.user_data) {
            candidate.script = spec.user_data->bytes;
            const auto said = spec.user_data->timeout;
            candidate.script_timeout_s =
                (said.count() != 0 ? said : options_.script_timeout).count();
            candidate.rerun_interrupted = spec.user_data->rerun_interrupted;
            candidate.run_order = std::move(run_order);
            candidate.order_again = std::move(order_again);
        }
    }
    Json report{{"kind", "accepted"},           {"at", utc_with_ms(clock_())},
                {"host", options_.host_id},     {"source", submission.source},
                {"operationKind", accept.kind}, {"generation", accept.generation},
                {"instance", instance_id}};
    if (*sealed) {
        report["password"] = {{"encrypted", **sealed}, {"algorithm", "RSA-OAEP-256"}};
        candidate.report_once = true;
    }
    candidate.report = dump(report);
    if (with) candidate.ledger = with(instance_id);

    const auto id = store_.accept(candidate, clock_());
    if (!id) return refuse_one(id.error());
    fail_point("accept.after-commit");
    log(Level::info, "accepted",
        {{"operation", std::to_string(*id)},
         {"kind", accept.kind},
         {"source", submission.source},
         {"generation", std::to_string(accept.generation)},
         {"instance", instance_id}});
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(*id);
    }
    wake_.notify_all();
    changed();
    return agent::Accepted{*id, accept.generation, instance_id, false, false, sealed->value_or("")};
}

}  // namespace metalwright::engine
