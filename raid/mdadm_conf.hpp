#pragma once

#include <string>
#include <string_view>

namespace metalwright::raid {

/// Whether a line of mdadm.conf(5), ours or anybody's, names the array with this md UUID and, if
/// the line gives a device, gives it this name.
bool lists_array(std::string_view conf, std::string_view name, std::string_view uuid);

/// The file with this array's line in our marked block (made at the end when there is none). Every
/// other line stays byte for byte; an older line of ours for this UUID or name is replaced.
std::string with_array(std::string_view conf, std::string_view name, std::string_view uuid,
                       std::string_view metadata = "1.2");

/// The file without our block.
std::string without_our_arrays(std::string_view conf);

/// The file without our line for this UUID; lines of others stay, also those that name it.
std::string without_array(std::string_view conf, std::string_view uuid);

}  // namespace metalwright::raid
