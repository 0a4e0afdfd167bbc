#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "netcfg/model.hpp"
#include "raid/model.hpp"

namespace metalwright::spec {

/// What a vendor's RAID type id means here.
struct RaidType {
    enum class Volume { system, data };
    Volume volume = Volume::data;
    std::optional<raid::Level> level{};        ///< absent: no array ("none")
    std::optional<raid::WantedArray> array{};  ///< a data volume with a level, of mdadm's
    std::optional<raid::storcli::WantedVolume> hardware{};  ///< the same of a controller's

    bool operator==(const RaidType&) const = default;
};

/// What a vendor's subnet id means here.
struct Subnet {
    netcfg::Prefix cidr{};
    std::optional<netcfg::Address> gateway{};
    std::vector<netcfg::Address> dns{};
    std::optional<std::uint32_t> mtu{};  ///< bytes, 576..9216

    bool operator==(const Subnet&) const = default;
};

/// Where a vendor sells elastic addresses, and which of them this host has the use of.
struct Zone {
    std::vector<netcfg::Prefix> eips{};  ///< networks, none twice
    std::vector<std::string> sells{};    ///< "PREPAID", "POSTPAID"

    bool operator==(const Zone&) const = default;
};

template <class T>
using ById = std::map<std::string, T, std::less<>>;

/// A vendor's opaque ids -> what they mean on this host. Form: schema/catalogue.schema.json.
struct Catalogue {
    ById<RaidType> raid_types{};
    ById<std::string> keypairs{};  ///< one public key, a whole line
    ById<Subnet> subnets{};
    ById<std::string> os_types{};      ///< a name for people
    ById<std::string> device_types{};  ///< JSON object of what is told of one
    ById<Zone> zones{};

    bool operator==(const Catalogue&) const = default;
};

/// Errors (invalid_spec): all of them, each with its JSON pointer into the catalogue.
std::expected<Catalogue, Errors> read_catalogue(std::string_view text);

}  // namespace metalwright::spec
