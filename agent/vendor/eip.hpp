#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "agent/vendor/model.hpp"

namespace metalwright::vendor {

/// The states of an elastic address, in Zenlayer's words. What ends in ING is under way:
///
///   CREATING -> AVAILABLE or CREATE_FAILED
///   AVAILABLE -> ASSOCIATING -> ASSOCIATED -> UNASSOCIATING -> AVAILABLE
///   AVAILABLE, ASSOCIATED or CREATE_FAILED -> (RECYCLING ->) RECYCLE -> gone, after a day at most
namespace eip_state {
inline constexpr std::string_view creating = "CREATING";
inline constexpr std::string_view create_failed = "CREATE_FAILED";
inline constexpr std::string_view available = "AVAILABLE";
inline constexpr std::string_view associating = "ASSOCIATING";
inline constexpr std::string_view associated = "ASSOCIATED";
inline constexpr std::string_view unassociating = "UNASSOCIATING";
inline constexpr std::string_view recycling = "RECYCLING";  ///< it leaves the NIC first
inline constexpr std::string_view recycle = "RECYCLE";      ///< it can be released
}  // namespace eip_state

/// How long an address stays in the recycle bin, milliseconds. Source: TerminateEipAddress.
inline constexpr std::int64_t recycle_ms = 24LL * 3600 * 1000;

/// How an operation on addresses has gone, for those that wait for it.
struct Finished {
    std::int64_t operation = 0;
    std::vector<ItemResult> items{};
};

/// What comes next for the elastic addresses, after whatever has changed.
struct Settled {
    Ledger ledger{};           ///< states that have been reached
    spec::AddressEdit edit{};  ///< addresses to be set and to be taken away now
    /// Those of the ledger that wait for the edit: they get its operation.
    std::vector<std::string> waiting{};

    bool empty() const noexcept {
        return ledger.put.empty() && ledger.dropped.empty() && edit.add.empty() &&
               edit.remove.empty();
    }
};

/// Carries on those that are under way, as far as can be seen now. Pure.
Settled settle(const Host& host, std::span<const Finished> finished);

/// One of those whose edit was refused: back to where it can be tried again, or called off.
Resource given_up(Resource eip, const std::string& why, std::int64_t now_ms);

/// When the next one leaves the recycle bin, milliseconds since 1970, UTC; 0: none is in it.
std::int64_t next_settlement(const Host& host);

}  // namespace metalwright::vendor
