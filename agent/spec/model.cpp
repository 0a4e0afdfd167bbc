#include "agent/spec/model.hpp"

namespace metalwright::spec {

bool has_network(const HostSpec& spec) noexcept {
    return spec.network.has_value() || spec.bandwidth_mbps.has_value();
}

std::optional<netcfg::Shaping> shaping_of(const HostSpec& spec, bool ingress) noexcept {
    if (!spec.bandwidth_mbps) return std::nullopt;
    const std::uint32_t ordered = *spec.bandwidth_mbps;
    if (ordered == 0) return netcfg::Shaping{};
    return netcfg::Shaping{.egress_mbps = ordered + spec.extra_uplink_mbps.value_or(0),
                           .ingress_mbps = ingress ? ordered : 0};
}

cloudinit::Wanted first_boot_of(const HostSpec& spec) {
    return {.instance_id = spec.instance_id.value_or(""),
            .hostname = spec.hostname,
            .password_hash = spec.password.hash,
            .authorized_keys = spec.authorized_keys,
            .renew_machine_id = spec.renew_machine_id,
            .renew_host_keys = spec.renew_host_keys};
}

}  // namespace metalwright::spec
