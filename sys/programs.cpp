#include "sys/programs.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace metalwright::sys {
namespace {

constexpr std::array<std::string_view, 4> directories{"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 22> packages{{
    {"dmsetup", "dmsetup"},
    {"mdadm", "mdadm"},
    {"mkfs.ext4", "e2fsprogs"},
    {"mkfs.xfs", "xfsprogs"},
    {"wipefs", "util-linux"},
    {"blockdev", "util-linux"},
    {"findmnt", "util-linux"},
    {"lsblk", "util-linux"},
    {"udevadm", "udev"},
    {"systemctl", "systemd"},
    {"networkctl", "systemd"},
    {"resolvectl", "systemd-resolved"},
    {"hostnamectl", "systemd"},
    {"python3", "python3-minimal"},
    {"bash", "bash"},
    {"useradd", "passwd"},
    {"ip", "iproute2"},
    {"tc", "iproute2"},
    {"ifup", "ifupdown"},
    {"ethtool", "ethtool"},
    {"cloud-init", "cloud-init"},
    {"ssh-keygen", "openssh-client"},
}};

bool runnable(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<std::string> find_program(std::string_view name) {
    if (name.empty() || name.find('/') != std::string_view::npos)
        return fail(Errc::not_found, "'" + std::string(name) + "' is not the name of a program");
    for (const std::string_view directory : directories)
        if (std::string path = std::string(directory) + std::string(name); runnable(path))
            return path;
    std::string hint = "install the Debian package that has it";
    for (const auto& [program, package] : packages)
        if (program == name) hint = "install it: apt-get install " + std::string(package);
    return fail(Errc::not_found, std::string(name) + " is not on this host, " + hint,
                std::string(name));
}

}  // namespace metalwright::sys
