#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "agent/store/store.hpp"
#include "core/error.hpp"

namespace metalwright::engine {

/// A well-formed document at the door, reduced to what the rules of acceptance look at.
struct Offer {
    std::string source;                        ///< "link", "file", "admin"
    std::string digest;                        ///< of its content, without token and generation
    std::optional<std::uint64_t> delivered{};  ///< generation it came with (ETag)
    std::optional<std::uint64_t> written{};    ///< generation inside the document
    std::optional<std::string> token{};
    std::optional<std::string> instance{};  ///< absent: a dialect's order that names none
    std::optional<std::string> release{};   ///< it is a release of this instance
    std::optional<std::string> reset{};     ///< it resets the password of this instance
    bool first_result_wins = false;  ///< the dialect answers a known token whatever the body holds
};

/// What the store holds when the document comes.
struct InForce {
    std::optional<std::string> instance{};
    std::optional<std::string> last_released{};
    std::vector<store::Source> sources{};
    std::optional<store::Operation> same_token{};  ///< the operation that first brought the token
};

/// The first answer again: this operation.
struct Repeat {
    std::int64_t operation = 0;
};
/// A new operation.
struct Accept {
    std::string kind;  ///< "apply", "release", "resetPassword"
    std::uint64_t generation = 0;
    std::string instance;    ///< empty: draw one
    bool reapplied = false;  ///< same content as in force: verification
};

using Decision = std::variant<Repeat, Accept, Error>;

/// The rules of desired state (house: named sources, own generations, one instance in force), as a
/// pure function. Errors: conflict, with the JSON pointer of the field at fault.
Decision decide(const Offer& offer, const InForce& in_force);

}  // namespace metalwright::engine
