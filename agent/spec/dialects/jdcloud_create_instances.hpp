#pragma once

#include "agent/spec/catalogue.hpp"
#include "agent/spec/cursor.hpp"
#include "agent/spec/model.hpp"

namespace metalwright::spec::jdcloud {

/// The body of PUT /v1/regions/{regionId}/instances of JD Cloud's edcps, {"regionId","clientToken",
/// "instanceSpec"}, as its SDKs send it: with explicit nulls, and perhaps fields of later versions.
/// Source: SDK service revision 1.3.0, and the Create-Instance, User-Data and Alias-IP pages.
///
/// raid types -> storage · cidr, privateIp, subnet -> network.primary · aliasIps -> network.aliases
/// · hostname (default host-<3rd octet>-<4th octet> of privateIp), password, keypairId, userData ·
/// clientToken -> token · name, description · bandwidth, extraUplinkBandwidth -> shaping ·
/// everything else is checked and kept.
void read_create_instances(Fields& request, const Catalogue* catalogue, HostSpec& spec);

/// The "instanceSpec" of PUT .../instances/{instanceId}:reinstallInstance: hostname, password,
/// keypairId, userData. What it says of the system and the data volume is checked and kept.
/// Source: SDK service revision 1.3.0.
void read_reinstall_instance(Fields& request, const Catalogue* catalogue, HostSpec& spec);

}  // namespace metalwright::spec::jdcloud
