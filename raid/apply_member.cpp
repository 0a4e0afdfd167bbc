#include <algorithm>
#include <utility>

#include "raid/applier.hpp"
#include "raid/identity.hpp"
#include "raid/locate.hpp"

namespace metalwright::raid {
namespace {

bool is_member(const Array& array, const std::string& identity) {
    return std::ranges::any_of(array.members, [&](const Array::Member& member) {
        return member.disk == identity || member.partition == identity;
    });
}

}  // namespace

/// `what` in words: "DATA1 cannot be removed from 'data'".
Result<void> Applier::manage(std::string_view uuid, std::vector<std::string> args,
                             const std::string& what) {
    const Result<Array> array = array_now(uuid, uuid);
    if (!array) return std::unexpected(array.error());
    args.insert(args.begin(), {"--manage", "/dev/" + array->kernel_name});
    return run_while_busy("mdadm", args, what);
}

Result<void> Applier::operator()(const FailMember& op) {
    const Result<Disk> disk = look_at(op.disk);
    if (!disk) return std::unexpected(disk.error());
    return manage(op.uuid, {"--fail", disk->path}, op.disk + " cannot be taken out of use");
}

Result<void> Applier::operator()(const RemoveMember& op) {
    const Result<Disk> disk = look_at(op.disk);
    if (!disk && disk.error().code != Errc::not_found) return std::unexpected(disk.error());
    const std::string which = disk ? disk->path : "detached";
    if (Result<void> done =
            manage(op.uuid, {"--remove", which}, op.disk + " cannot be removed from its array");
        !done)
        return done;
    settle();
    const Result<Array> after = array_now(op.uuid, op.uuid);
    if (!after) return std::unexpected(after.error());
    if (is_member(*after, op.disk))
        return fail(Errc::io, op.disk + " is still a member of '" + after->name + '\'', op.disk);
    return {};
}

Result<void> Applier::operator()(const AddMember& op) {
    const Result<std::vector<std::string>> paths = paths_of({op.disk}, {});
    if (!paths) return std::unexpected(paths.error());
    if (Result<void> done = manage(op.uuid, {"--add", paths->front()},
                                   op.disk + " cannot be added to '" + op.name + '\'');
        !done)
        return done;
    settle();
    const Result<Array> after = array_now(op.uuid, op.name);
    if (!after) return std::unexpected(after.error());
    if (!is_member(*after, op.disk))
        return fail(Errc::io, op.disk + " is no member of '" + op.name + "' after it was added",
                    op.disk);
    return {};
}

Result<void> Applier::operator()(const LightLocate& op) {
    if (const Result<std::string> lit = locate(doors_, op.disk, /*on=*/true); !lit)
        journal_.progress(item_, "its locate LED is dark: " + describe(lit.error()), -1);
    return {};
}

}  // namespace metalwright::raid
