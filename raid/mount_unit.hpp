#pragma once

#include <string>
#include <string_view>

namespace metalwright::raid {

/// The name systemd gives the mount unit of a mount point: "/srv/fast-data" ->
/// "srv-fast\x2ddata.mount". Source: systemd.unit(5), "String Escaping".
std::string mount_unit_name(std::string_view mount_point);

/// The unit that mounts a file system by its UUID, whatever the array's device is called today.
/// `uuid` in blkid's form.
std::string mount_unit_text(std::string_view array, std::string_view mount_point,
                            std::string_view type, std::string_view uuid);

/// Whether this unit text was written by metalwright.
bool is_our_unit(std::string_view text);

}  // namespace metalwright::raid
