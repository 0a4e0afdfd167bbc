#pragma once

namespace metalwright::cloudinit::paths {

inline constexpr const char* hostname = "/etc/hostname";
inline constexpr const char* hosts = "/etc/hosts";
inline constexpr const char* shadow = "/etc/shadow";
inline constexpr const char* cloud_init = "/etc/cloud/cloud.cfg";
/// Ours, where cloud-init is: it leaves the host name alone.
inline constexpr const char* cloud_init_host_name = "/etc/cloud/cloud.cfg.d/95_metalwright.cfg";
inline constexpr const char* machine_id = "/etc/machine-id";
inline constexpr const char* dbus_machine_id = "/var/lib/dbus/machine-id";
inline constexpr const char* host_keys = "/etc/ssh";
inline constexpr const char* ssh_directory = "/root/.ssh";
inline constexpr const char* authorized_keys = "/root/.ssh/authorized_keys";

}  // namespace metalwright::cloudinit::paths

namespace metalwright::cloudinit {

/// What paths::cloud_init_host_name holds once an order has named the host.
inline constexpr const char* cloud_init_leaves_the_name =
    "# Written by metalwright, whose order has named this host.\npreserve_hostname: true\n";

}  // namespace metalwright::cloudinit
