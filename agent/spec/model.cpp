#include "agent/spec/model.hpp"

namespace metalwright::spec {

cloudinit::Wanted first_boot_of(const HostSpec& spec) {
    return {.instance_id = spec.instance_id.value_or(""),
            .hostname = spec.hostname,
            .password_hash = spec.password_hash,
            .authorized_keys = spec.authorized_keys};
}

std::optional<cloudinit::Script> script_of(const HostSpec& spec) {
    if (!spec.user_data) return std::nullopt;
    return cloudinit::Script{.instance_id = spec.instance_id.value_or(""),
                             .bytes = spec.user_data->bytes,
                             .timeout = spec.user_data->timeout};
}

}  // namespace metalwright::spec
