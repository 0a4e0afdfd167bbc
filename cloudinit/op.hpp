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

/// Adds to our block of /root/.ssh/authorized_keys; removes nothing.
struct AddAuthorizedKeys {
    std::vector<std::string> lines;
    bool operator==(const AddAuthorizedKeys&) const = default;
};

/// Takes our block out of /root/.ssh/authorized_keys.
struct RemoveOurKeys {
    bool operator==(const RemoveOurKeys&) const = default;
};

/// No password lets root in any more.
struct LockRootPassword {
    bool operator==(const LockRootPassword&) const = default;
};

/// What a run of user data has left: scripts, output. That it has run stays known.
struct RemoveFiles {
    std::vector<std::string> paths;
    bool operator==(const RemoveFiles&) const = default;
};

using Op = std::variant<SetHostname, SetRootPassword, AddAuthorizedKeys, RemoveOurKeys,
                        LockRootPassword, RemoveFiles>;

}  // namespace metalwright::cloudinit
