// The door: a document is read, decided on, and durably accepted before anybody is answered.

#include <openssl/crypto.h>

#include <algorithm>

#include "agent/engine/acceptance.hpp"
#include "agent/engine/digest.hpp"
#include "agent/engine/engine.hpp"
#include "agent/engine/json.hpp"
#include "agent/engine/log.hpp"
#include "agent/engine/mandate.hpp"
#include "agent/engine/run_order.hpp"
#include "agent/spec/address_edit.hpp"
#include "agent/spec/catalogue.hpp"
#include "agent/spec/document.hpp"
#include "agent/spec/leases.hpp"
#include "agent/spec/store_form.hpp"
#include "cloudinit/password.hpp"
#include "core/fail_point.hpp"
#include "sys/files.hpp"
#include "sys/random.hpp"

namespace metalwright::engine {
namespace {

/// Without a file no vendor id is known. Errors name the file: the order is not at fault.
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

agent::Accepted accepted(const store::Operation& operation, bool repeated) {
    return {operation.id, operation.generation, operation.instance, repeated, operation.finished()};
}

}  // namespace

std::expected<spec::HostSpec, Errors> Engine::read(const agent::Submission& submission) {
    // The catalogue is read anew each time: an operator may replace it while we run.
    const auto catalogue = load_catalogue(options_.catalogue);
    if (!catalogue) return std::unexpected(catalogue.error());
    auto spec = spec::read_document(submission.document, &*catalogue,
                                    {.host_id = options_.host_id, .user_data = options_.user_data});
    if (!spec) return spec;
    // What only this host can tell.
    const bool native = spec->dialect.empty();
    Errors errors;
    const auto check = [&](Result<void> good, std::string where) {
        if (good) return;
        Error error = std::move(good).error();
        error.code = Errc::invalid_spec;
        error.where = std::move(where);
        errors.push_back(std::move(error));
    };
    if (spec->authorized_keys)
        for (std::size_t i = 0; i < spec->authorized_keys->size(); ++i)
            check(machine_.check_key((*spec->authorized_keys)[i]),
                  native ? "/authorizedKeys/" + std::to_string(i) : "/request/keypairId");
    if (spec->user_data)
        check(machine_.check_user_data(spec->user_data->bytes),
              native ? "/userData/base64" : "/request/userData");
    if (!errors.empty()) return std::unexpected(std::move(errors));
    return spec;
}

void Engine::refuse_upwards(const agent::Submission& submission, const Errors& errors) {
    for (const Error& error : errors)
        log(Level::warn, "document refused: " + describe(error),
            {{"source", submission.source}, {"code", std::string(to_string(error.code))}});
    // Who asked is there to read the answer.
    if (submission.source == "admin" || submission.source == "raid" ||
        submission.source == spec::address_source)
        return;
    Json report{{"kind", "refused"},
                {"at", iso_time(clock_())},
                {"host", options_.host_id},
                {"source", submission.source}};
    report["generation"] = submission.generation ? Json(*submission.generation) : Json();
    report["errors"] = to_json(errors);
    if (auto put = store_.report(dump(report), clock_()); !put)
        log(Level::error, "cannot keep a report: " + describe(put.error()));
    changed();
}

std::expected<agent::Accepted, Errors> Engine::submit(const agent::Submission& submission) {
    auto spec = read(submission);
    if (!spec) {
        refuse_upwards(submission, spec.error());
        return std::unexpected(spec.error());
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

/// With accept_mutex_ held.
std::expected<agent::Accepted, Errors> Engine::take_in(const agent::Submission& submission,
                                                       spec::HostSpec spec) {
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
    std::string run_order, order_again;
    if (spec.user_data) {
        RunOrder order = run_order_of(spec, spec.password ? *spec.password : std::string());
        run_order = to_store(order);
        order.armed_again = true;
        order_again = to_store(order);
    }
    if (spec.password) {
        auto hash = cloudinit::hash_password(*spec.password);
        if (!hash) return refuse_one(hash.error());
        spec.password_hash = std::move(*hash);
        OPENSSL_cleanse(spec.password->data(), spec.password->size());
        spec.password.reset();
    }

    store::Candidate candidate{.source = submission.source,
                               .kind = accept.kind,
                               .generation = accept.generation,
                               .instance = instance_id,
                               .token = spec.token,
                               .digest = offer.digest,
                               .consent = to_store(mandate_of(spec))};
    if (accept.kind == "apply") {
        // The same order again keeps the password's one salted hash: another would be a change.
        const auto known =
            std::ranges::find(in_force.sources, offer.digest, &store::Source::digest);
        if (known == in_force.sources.end())
            if (auto given = lease(submission.source, spec); !given) {
                refuse_upwards(submission, given.error());
                return std::unexpected(given.error());
            }
        candidate.document =
            known != in_force.sources.end() ? known->document : spec::to_store(spec);
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
    Json report{{"kind", "accepted"},           {"at", iso_time(clock_())},
                {"host", options_.host_id},     {"source", submission.source},
                {"operationKind", accept.kind}, {"generation", accept.generation},
                {"instance", instance_id}};
    candidate.report = dump(report);

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
    return agent::Accepted{*id, accept.generation, instance_id, false, false};
}

}  // namespace metalwright::engine
