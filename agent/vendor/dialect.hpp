#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/signature/signature.hpp"
#include "agent/vendor/model.hpp"

namespace metalwright::vendor {

/// All of them.
std::span<const Dialect> dialects();

/// Whether the segments of a path match a route's pattern; `caught` gets what stands for each "*".
/// No caught segment is empty or holds a colon, which sets an operation off from what it is done
/// to.
bool matches(std::string_view pattern, const std::vector<std::string>& segments,
             std::vector<std::string>& caught);

/// What a request is for.
struct Found {
    const Dialect* dialect = nullptr;   ///< null: it is no vendor's path
    const Route* route = nullptr;       ///< null: the vendor's path, but not an operation of ours
    std::vector<std::string> caught{};  ///< what stands for each "*"
    std::string allow{};                ///< where the path is known under other methods: these
};

Found find(const agent::VendorRequest& request);

/// The refusal where no route was found: not_found, or method not allowed.
Refusal no_route(const Found& found, const agent::VendorRequest& request);

/// The refusal of a request that is not signed as it must be.
Refusal unauthorized(const Dialect& dialect, signature::Fault fault, const std::string& message);

// The dialects, each in a file of its own.
const Dialect& jdcloud();
const Dialect& baidu();
const Dialect& zenlayer();

}  // namespace metalwright::vendor
