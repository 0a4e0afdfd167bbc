#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "agent/spec/cursor.hpp"
#include "agent/vendor/model.hpp"

namespace metalwright::vendor::jd {

// What the operations of JD Cloud share.

using Caught = std::vector<std::string>;

inline constexpr spec::Text opaque{.most = 128, .form = &spec::forms::id};

Refusal invalid(std::string message);
Refusal absent(const std::string& what, const std::string& id);
Refusal precondition(std::string message);
std::optional<Refusal> bad_token(const std::string& token);
std::optional<Refusal> wrong_instance(const std::string& id, const Host& host);

/// What the path says twice must be the same: the Python and Go SDKs put it into the body as well.
void read_region(spec::Fields& fields, const Caught& caught);

/// The page of `all` that is asked for.
Decision paged(const agent::VendorRequest& request, const char* name, const Json& all);

/// "filters.1.name=aliasIpId&filters.1.values.1=a": what a list of filters says of one name; empty:
/// nothing.
std::vector<std::string> filter(const agent::VendorRequest& request, std::string_view name);
bool passes(const std::vector<std::string>& values, const std::string& value);

/// {"success": true}
Reply success(const Json& memo, const Outcome& outcome);

// The operations on addresses, in jdcloud_addresses.cpp.
Decision create_alias_ip(const agent::VendorRequest&, const Caught&, const Host&);
Reply alias_ips_created(const Json& memo, const Outcome& outcome);
Decision describe_alias_ips(const agent::VendorRequest&, const Caught&, const Host&);
Decision delete_alias_ip(const agent::VendorRequest&, const Caught&, const Host&);
Decision create_secondary_cidr(const agent::VendorRequest&, const Caught&, const Host&);
Reply secondary_cidr_created(const Json& memo, const Outcome& outcome);
Decision describe_secondary_cidrs(const agent::VendorRequest&, const Caught&, const Host&);
Decision delete_secondary_cidr(const agent::VendorRequest&, const Caught&, const Host&);

}  // namespace metalwright::vendor::jd
