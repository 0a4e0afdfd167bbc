#pragma once

#include <optional>
#include <string>

#include "agent/api/long_poll.hpp"
#include "agent/vendor/dialect.hpp"

namespace metalwright::agent::api {

/// A request to one of the vendors' APIs.
struct VendorPath {
    VendorRequest request;
    vendor::Found found;
};

/// Nothing when the path is no vendor's.
std::optional<VendorPath> vendor_path(const Request& request);

/// A refusal in the vendor's frame.
Response refusal_of(const VendorPath& path, const vendor::Refusal& refusal);

/// Hands it in once, and answers when it has ended. How long somebody waits for that, seconds: the
/// SDKs give up after ten.
inline constexpr int vendor_patience = 8;
std::optional<Response> vendor_call(Desk& desk, const Call& call, bool last);

}  // namespace metalwright::agent::api
