#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/engine/json.hpp"
#include "core/error.hpp"

namespace metalwright::engine {

/// An operator's hold: until then nothing is put back and no operation that would touch the scope
/// begins. Milliseconds since 1970, UTC; 0 is none.
struct Hold {
    std::int64_t network_until = 0;
    std::int64_t storage_until = 0;

    bool operator==(const Hold&) const = default;
    bool network(std::int64_t now) const noexcept { return network_until > now; }
    bool storage(std::int64_t now) const noexcept { return storage_until > now; }
};

/// {"network":"2026-11-26T14:00:00.000Z"|null,"storage":...}; null when nothing is held now.
Json to_json(const Hold& hold, std::int64_t now);

/// What the store keeps, and back; no hold for a text that is none of ours.
std::string to_store(const Hold& hold);
Hold hold_from_store(std::string_view text);

/// `hold` as {"scope":"network"|"storage"|"all","seconds":N} changes it; 0 seconds ends it.
/// Errors: invalid_spec, with the JSON pointer.
Result<Hold> changed_hold(Hold hold, std::string_view request, std::int64_t now);

}  // namespace metalwright::engine
