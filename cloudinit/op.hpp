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

/// Gives /etc/machine-id another id, and D-Bus's own copy of it where there is one.
struct RenewMachineId {
    bool operator==(const RenewMachineId&) const = default;
};

/// New keys of sshd in the place of these, by file name; with none of them those that ssh-keygen
/// makes by default. A running sshd reads them at once, and keeps its connections.
struct RenewHostKeys {
    std::vector<std::string> names;
    bool operator==(const RenewHostKeys&) const = default;
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

using Op = std::variant<SetHostname, RenewMachineId, RenewHostKeys, SetRootPassword,
                        AddAuthorizedKeys, RemoveOurKeys, LockRootPassword, RemoveFiles>;

}  // namespace metalwright::cloudinit
