#include "raid/mkfs.hpp"

namespace metalwright::raid {

std::vector<std::string> mkfs_args(const MakeFilesystem& op, const std::string& device) {
    if (op.type == "xfs") return {"-q", "-K", "-m", "uuid=" + op.uuid, "-L", op.label, device};
    return {"-q",
            "-U",
            op.uuid,
            "-L",
            op.label,
            "-E",
            "lazy_itable_init=1,lazy_journal_init=1,nodiscard",
            device};
}

}  // namespace metalwright::raid
