#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "raid/plan_filesystem.hpp"
#include "raid/room.hpp"

namespace metalwright::raid {

/// Does one step after the other. Writes nothing by itself but zeros: every write is one program or
/// one file, and is preceded by a fresh look at what it is about to write to, and by the kernel's
/// word that nobody holds it.
class Applier {
 public:
    Applier(const Observed& observed, Doors& doors, Journal& journal)
        : observed_(observed), doors_(doors), journal_(journal) {}

    /// The item whose step comes next: progress is told under it.
    void begin(const std::string& item) { item_ = item; }

    Result<void> operator()(const TakeDownHolder& op);
    Result<void> operator()(const WipeDisk& op);
    Result<void> operator()(const StopArray& op);
    Result<void> operator()(const ForgetMembers& op);
    Result<void> operator()(const CreateArray& op);
    Result<void> operator()(const AssembleArray& op);
    Result<void> operator()(const ListInMdadmConf& op);
    Result<void> operator()(const MakeFilesystem& op);
    Result<void> operator()(const WriteMountUnit& op);
    Result<void> operator()(const StartMount& op);
    Result<void> operator()(const RemoveMount& op);
    Result<void> operator()(const WipeArray& op);
    Result<void> operator()(const UnlistInMdadmConf& op);
    Result<void> operator()(const FailMember& op);
    Result<void> operator()(const RemoveMember& op);
    Result<void> operator()(const AddMember& op);
    Result<void> operator()(const LightLocate& op);
    Result<void> operator()(const storcli::VolumeOp& op);

 private:
    Result<void> run(std::string_view program, std::vector<std::string> args,
                     std::chrono::milliseconds timeout = std::chrono::seconds(60));
    Result<void> run_while_busy(std::string_view program, const std::vector<std::string>& args,
                                const std::string& what);
    Result<void> claim(const std::string& path);
    void settle(const std::string& until_exists = {});
    bool await_filesystem(const std::string& uuid, const std::string& device = {});
    Result<Disk> look_at(const std::string& identity);
    Result<std::vector<Disk>> look_at(std::span<const std::string> identities);
    Result<std::vector<std::string>> paths_of(const std::vector<std::string>& disks,
                                              std::string_view carrying);
    Result<Array> array_now(std::string_view uuid, std::string_view name);
    Result<void> await(const storcli::AwaitInit& op, VirtualDrive& seen);
    Result<void> unused(const storcli::StartInit& op);
    Result<Disk> disk_of_volume(const std::string& controller, const std::string& name);
    Result<Ground> ground_now(const MakeFilesystem& op);
    Result<Holder> holder_now(const TakeDownHolder& op);
    Result<void> wipe_device(const std::string& path);
    Result<void> manage(std::string_view uuid, std::vector<std::string> args,
                        const std::string& what);
    Result<void> put_conf(const std::string& content);

    const Observed& observed_;
    Doors& doors_;
    Journal& journal_;
    std::string item_{};
    std::map<std::string, std::string> made_{};  ///< NAA ids of the volumes made here, by name
};

}  // namespace metalwright::raid
