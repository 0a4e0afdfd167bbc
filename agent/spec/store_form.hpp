#pragma once

#include <string>
#include <string_view>

#include "agent/spec/model.hpp"
#include "core/error.hpp"

namespace metalwright::spec {

/// One JSON object, compact, keys sorted: {"form":1,"spec":<native>,"dialect","kept","notes",
/// "pointers"}. The plain password is left out: hash it first (cloudinit/password.hpp), set
/// password_hash, then store. Holds token and user data: never log it.
std::string to_store(const HostSpec& spec);

// Where that has them: paths as SQLite's JSON functions take them.
inline constexpr std::string_view stored_user_data = "$.spec.userData";
inline constexpr std::string_view stored_instance_id = "$.spec.instance.id";

/// from_store(to_store(s)) == s but for `password`, for every s that read_document or merge gave.
/// Errors: io, when the text is not of to_store's making; it says where.
Result<HostSpec> from_store(std::string_view text);

/// What two documents must share to be the same order: everything but token and generation, the
/// plain password included (then password_hash, which is salted, is not). Take it as read, before
/// an instance id or a hash is filled in; put it through a keyed HMAC, never store or log it.
std::string canonical_bytes(const HostSpec& spec);

}  // namespace metalwright::spec
