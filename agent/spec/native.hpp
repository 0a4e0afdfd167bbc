#pragma once

#include <nlohmann/json_fwd.hpp>

#include "agent/spec/cursor.hpp"
#include "agent/spec/model.hpp"

namespace metalwright::spec {

enum class Completeness {
    whole,  ///< a document as delivered: apiVersion, host.id and instance.id are required
    part,   ///< out of the store: ids may still be missing
};

/// Reads the native form, schema/host-spec.schema.json. Every error goes to the document's
/// findings; `spec` is of use only when there is none.
void read_native(Fields& document, HostSpec& spec, Completeness completeness);

/// Reads {"apiVersion","host","release","generation","operation"}.
void read_release(Fields& document, HostSpec& spec);

/// Reads {"apiVersion","host","resetPassword","generation","operation"}.
void read_password_reset(Fields& document, HostSpec& spec);

// The parts that an envelope has too.
void read_api_version(Fields& document, bool required);
void read_host(Fields& document, HostSpec& spec, bool required);
void read_generation(Fields& document, HostSpec& spec);
void read_wipe_consent(Fields& holder, HostSpec& spec);

/// An instance's id in whatever form a document holds it.
inline constexpr Text id_text{.most = 128, .form = &forms::id};

enum class Secrets { leave_out, include };

/// The reverse of read_native: keys sorted, only what is managed, defaults spelled out. `Secrets`
/// is about the plain password, and the key that one is to be encrypted to.
nlohmann::json native_json(const HostSpec& spec, Secrets secrets);

}  // namespace metalwright::spec
