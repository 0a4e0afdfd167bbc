#include "agent/spec/model.hpp"

namespace metalwright::spec {

cloudinit::Wanted first_boot_of(const HostSpec& spec) {
    return {.instance_id = spec.instance_id.value_or(""),
            .hostname = spec.hostname,
            .password_hash = spec.password_hash,
            .authorized_keys = spec.authorized_keys};
}

}  // namespace metalwright::spec
