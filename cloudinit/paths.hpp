#pragma once

namespace metalwright::cloudinit::paths {

inline constexpr const char* hostname = "/etc/hostname";
inline constexpr const char* hosts = "/etc/hosts";
inline constexpr const char* shadow = "/etc/shadow";
inline constexpr const char* machine_id = "/etc/machine-id";
inline constexpr const char* dbus_machine_id = "/var/lib/dbus/machine-id";
inline constexpr const char* host_keys = "/etc/ssh";
inline constexpr const char* ssh_directory = "/root/.ssh";
inline constexpr const char* authorized_keys = "/root/.ssh/authorized_keys";

}  // namespace metalwright::cloudinit::paths
