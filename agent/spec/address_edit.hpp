#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/spec/desired.hpp"

namespace metalwright::spec {

/// The source of the addresses that are added and removed one by one.
inline constexpr std::string_view address_source = "ip";

/// Addresses to want from now on, and to want no longer.
struct AddressEdit {
    struct Removal {
        netcfg::Prefix cidr{};
        bool bare = false;    ///< written without a prefix length: the address, whatever its length
        std::string where{};  ///< JSON pointer in the request
    };

    std::vector<netcfg::Alias> add{};
    SecondaryCount count{};  ///< so many more secondary addresses, whichever are free
    std::vector<Removal> remove{};
    bool dry_run = false;
};

/// {"add":[{"cidr","id","kind","routed","as","adopt","preferred","detectDuplicate"}],
/// "count":{"ipv4":1,"ipv6":1},"remove":["10.0.0.5"],"dryRun":false}, each part optional, but for
/// one address at least. "kind" is alias (the default), secondary or elastic.
/// Errors: invalid_spec, all of them, each with its JSON pointer.
std::expected<AddressEdit, Errors> read_address_edit(std::string_view request);

/// What an edit comes to.
struct EditedAddresses {
    HostSpec document{};               ///< of address_source, without generation
    std::vector<std::string> added{};  ///< CIDRs, always with their length
    std::vector<std::string> removed{};
    std::vector<std::string> unchanged{};  ///< asked for, and wanted by address_source already

    bool counts = false;  ///< some are asked for by number

    bool changes() const noexcept { return counts || !added.empty() || !removed.empty(); }
};

/// The document of address_source after the edit; `in_force` are the documents of all sources,
/// `instance` the instance in force. Only addresses other than the primary one are touched; of
/// those asked for by number only the count, hand_out() draws them. Pure. Errors, all of them:
/// conflict when another source wants the address (it is named), or when it is there with another
/// id, length or way; not_found when nobody wants what is to be removed.
std::expected<EditedAddresses, Errors> edit_addresses(const AddressEdit& edit,
                                                      std::span<const Sourced> in_force,
                                                      const std::string& instance);

/// The native document, as read_document() takes it; without the plain password.
std::string native_text(const HostSpec& spec);

}  // namespace metalwright::spec
