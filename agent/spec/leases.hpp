#pragma once

#include <span>
#include <vector>

#include "agent/spec/desired.hpp"

namespace metalwright::spec {

/// Hands out the addresses that a document asks for by number (`secondary_count`) from the networks
/// that are delegated to this host: its own `pools`, those of the other documents, `pools` of the
/// configuration. `before` are the addresses this source was given earlier: as many of them as are
/// asked for stay, in their order; `others` are the documents in force of all other sources, whose
/// addresses are never given. Fills spec.leases. Pure: the same input gives the same addresses,
/// the lowest free ones.
/// Errors: conflict, one for each family that the pools have too few free addresses of, with how
/// many there are.
std::expected<void, Errors> hand_out(HostSpec& spec, std::span<const netcfg::Prefix> before,
                                     std::span<const Sourced> others,
                                     std::span<const netcfg::Prefix> pools);

/// Makes secondary addresses of the leases, so that everything else treats them as such.
void want_leases(HostSpec& spec);

}  // namespace metalwright::spec
