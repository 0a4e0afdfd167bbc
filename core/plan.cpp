#include "core/plan.hpp"

namespace metalwright {

std::string_view to_string(Outcome outcome) noexcept {
    switch (outcome) {
        case Outcome::unchanged: return "unchanged";
        case Outcome::changed: return "changed";
        case Outcome::skipped: return "skipped";
        case Outcome::failed: return "failed";
    }
    return "failed";
}

Outcome outcome_from(std::string_view word) noexcept {
    for (Outcome o : {Outcome::unchanged, Outcome::changed, Outcome::skipped})
        if (to_string(o) == word) return o;
    return Outcome::failed;
}

}  // namespace metalwright
