#pragma once

#include <string>
#include <variant>
#include <vector>

namespace metalwright::cloudinit {

/// Names the host: /etc/hostname, the running kernel, the 127.0.1.1 line of /etc/hosts.
struct SetHostname {
    std::string name;
    bool operator==(const SetHostname&) const = default;
};

/// Puts `hash` into root's line of /etc/shadow. The hash never reaches a log or a report.
struct SetRootPassword {
    std::string hash;
    bool operator==(const SetRootPassword&) const = default;
};

/// Appends to /root/.ssh/authorized_keys; removes nothing.
struct AddAuthorizedKeys {
    std::vector<std::string> lines;
    bool operator==(const AddAuthorizedKeys&) const = default;
};

using Op = std::variant<SetHostname, SetRootPassword, AddAuthorizedKeys>;

}  // namespace metalwright::cloudinit
