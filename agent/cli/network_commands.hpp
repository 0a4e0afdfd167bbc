#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "agent/cli/commands.hpp"

/// The commands hold and ip: each writes its answer and says how the program ends.
namespace metalwright::agent::cli {

/// Freezes "network", "storage" or "all" for that long; 0 ends it.
Exit hold(Session& session, const std::string& scope, std::chrono::seconds length);

Exit ip_list(Session& session);

/// Addresses to add, or to remove.
struct AddressChange {
    std::vector<std::string> cidrs;
    bool remove = false;
    std::string kind{};  ///< empty: alias
    std::string id{};
    bool routed = false;
    bool adopt = false;
    unsigned count = 0;  ///< so many that the host chooses, instead of `cidrs`
    bool ipv6 = false;   ///< of those
};

Exit ip_change(Session& session, const AddressChange& change, const Waiting& waiting);
Exit ip_plan(Session& session, const AddressChange& change);

/// Tells what is put back from now on, until SIGINT or the timeout, either of which ends it well.
Exit ip_watch(Session& session, const Waiting& waiting);

}  // namespace metalwright::agent::cli
