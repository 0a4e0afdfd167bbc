#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "agent/spec/catalogue.hpp"
#include "agent/spec/model.hpp"
#include "cloudinit/user_data.hpp"
#include "core/error.hpp"

namespace metalwright::spec {

/// Where a document is read.
struct Context {
    std::string host_id{};  ///< this host; empty (a laptop): any host's document is read
    cloudinit::UserDataLimits user_data{};
};

/// One document -> what it wants, or everything that is wrong with it, in its own order, each with
/// a JSON pointer. Three forms:
///   native    {"apiVersion":"metalwright/v1","host":{"id"},"instance":{"id"},...}
///   envelope  {"dialect":"jdcloud.createInstances","request":{...}} and, if wanted, "apiVersion",
///             "host", "instanceId", "generation", "wipeConsent"
///   release   {"apiVersion","host":{"id"},"release":{"instanceId"}}
/// Without a catalogue a vendor's opaque ids are checked for form only, and what they stand for is
/// left out of the spec, with a note: for `validate` alone. Whoever applies gives one, an empty one
/// if need be; then every RAID type and key pair must be in it.
/// Errors: invalid_spec; refused when the document names another host than `context` does.
std::expected<HostSpec, Errors> read_document(std::string_view text, const Catalogue* catalogue,
                                              const Context& context);

}  // namespace metalwright::spec
