#include "agent/engine/acceptance.hpp"

#include <algorithm>

namespace metalwright::engine {
namespace {

Error conflict(std::string message, std::string where) {
    return {Errc::conflict, std::move(message), std::move(where)};
}

Decision decide_release(const Offer& offer, const InForce& in_force, std::uint64_t generation) {
    if (in_force.instance == offer.release) return Accept{"release", generation, *offer.release};
    if (in_force.instance)
        return conflict("the instance in force is " + *in_force.instance +
                            ", not this one; a release must name the current id",
                        "/release/instanceId");
    if (in_force.last_released == offer.release)
        return Accept{"release", generation, *offer.release};  // said twice: nothing left to do
    return conflict("no instance is in force on this host", "/release/instanceId");
}

}  // namespace

Decision decide(const Offer& offer, const InForce& in_force) {
    if (in_force.same_token) {
        if (offer.first_result_wins || in_force.same_token->digest == offer.digest)
            return Repeat{in_force.same_token->id};
        return conflict("this token came before with other content (operation " +
                            std::to_string(in_force.same_token->id) +
                            "); draw a new token for a new request",
                        "/operation/token");
    }

    const auto source = std::ranges::find(in_force.sources, offer.source, &store::Source::name);
    const bool known = source != in_force.sources.end();
    const std::uint64_t newest = known ? source->generation : 0;
    const bool same_content = known && !source->digest.empty() && source->digest == offer.digest;

    if (offer.delivered && offer.written && offer.delivered != offer.written)
        return conflict("the document says generation " + std::to_string(*offer.written) +
                            " but was delivered as generation " + std::to_string(*offer.delivered),
                        "/generation");
    const std::optional<std::uint64_t> given = offer.delivered ? offer.delivered : offer.written;
    if (given && *given < newest)
        return conflict("generation " + std::to_string(*given) + " is older than " +
                            std::to_string(newest) + ", the newest accepted from " + offer.source,
                        "/generation");
    if (given && known && *given == newest) {
        if (source->last_digest == offer.digest) return Repeat{source->operation};
        return conflict("generation " + std::to_string(*given) +
                            " was accepted before with other content; raise the generation",
                        "/generation");
    }
    const std::uint64_t generation = given ? *given : same_content ? newest : newest + 1;

    if (offer.release) return decide_release(offer, in_force, generation);

    if (offer.reset) {
        if (in_force.instance == offer.reset)
            return Accept{"resetPassword", generation, *offer.reset};
        return conflict(in_force.instance
                            ? "the instance in force is " + *in_force.instance + ", not this one"
                            : std::string("no instance is in force on this host"),
                        "/resetPassword/instanceId");
    }

    // A dialect's order names no instance: the same order again is the same instance, whoever hands
    // it over.
    const bool same_order = std::ranges::any_of(
        in_force.sources, [&](const store::Source& s) { return s.digest == offer.digest; });
    std::string instance = offer.instance.value_or("");
    if (!offer.instance && same_order) instance = in_force.instance.value_or("");
    if (in_force.instance && instance != *in_force.instance)
        return conflict("instance " + *in_force.instance +
                            " is in force on this host; release it before another is ordered",
                        offer.instance ? "/instance/id" : "");
    return Accept{"apply", generation, instance, same_content};
}

}  // namespace metalwright::engine
