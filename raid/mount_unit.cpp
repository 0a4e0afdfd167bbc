#include "raid/mount_unit.hpp"

#include "core/hex.hpp"

namespace metalwright::raid {
namespace {

constexpr std::string_view mark = "# Written by metalwright; changes here are overwritten.\n";

}  // namespace

std::string mount_unit_name(std::string_view mount_point) {
    while (mount_point.starts_with('/')) mount_point.remove_prefix(1);
    while (mount_point.ends_with('/')) mount_point.remove_suffix(1);
    std::string name;
    for (const char c : mount_point) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == ':' || c == '_' ||
                           (c == '.' && !name.empty());
        if (c == '/') {
            name += '-';
        } else if (plain) {
            name += c;
        } else {
            append_hex(name += "\\x", static_cast<unsigned char>(c));
        }
    }
    return (name.empty() ? "-" : name) + ".mount";
}

std::string mount_unit_text(std::string_view array, std::string_view mount_point,
                            std::string_view type, std::string_view uuid) {
    // nofail takes the mount out of the way of local-fs.target: with a disk gone the host still
    // boots and can be reached. WantedBy, not RequiredBy, for the same reason.
    std::string text(mark);
    text += "[Unit]\nDescription=Array " + std::string(array) + " at " + std::string(mount_point) +
            "\n\n[Mount]\nWhat=/dev/disk/by-uuid/" + std::string(uuid) +
            "\nWhere=" + std::string(mount_point) + "\nType=" + std::string(type) +
            "\nOptions=defaults,nofail\n\n[Install]\nWantedBy=local-fs.target\n";
    return text;
}

bool is_our_unit(std::string_view text) {
    return text.starts_with(mark);
}

}  // namespace metalwright::raid
