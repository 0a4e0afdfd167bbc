#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "agent/spec/model.hpp"
#include "core/error.hpp"

namespace metalwright::spec {

/// The document in force of one source.
struct Sourced {
    std::string source;  ///< "link", "file", "admin", a dialect's name
    std::uint64_t generation = 0;
    HostSpec spec{};
};

/// Whether an alias that this source wants has been withdrawn by another.
bool is_withdrawn(const netcfg::Alias& alias, const Sourced& wanted_by,
                  std::span<const Sourced> all);

/// The desired state: the union of all sources' documents. Lists of arrays, aliases, routes and
/// keys are united; everything else may be said by several only if they say the same, an alias's id
/// only if they say any. Pure.
///
/// An alias of a vendor's order that another source has withdrawn is nobody's.
///
/// What belongs to one request is left out: generation, token, wipe consent, notes, a release; and
/// what want_leases() has made addresses of.
/// `dialect` and `kept` are those of the first source that has any.
/// Errors: conflict, one for each contradiction, `where` = the field in native form; both sources
/// are named, secrets are not quoted.
std::expected<HostSpec, Errors> merge(std::span<const Sourced> sources);

}  // namespace metalwright::spec
