// What mdadm and the kernel write about arrays, and mdadm.conf, which others write too: whatever
// stands there is read, and a line that is not ours stays byte for byte.
#include <cstdlib>
#include <string>

#include "raid/mdadm.hpp"
#include "raid/mdadm_conf.hpp"
#include "tests/fuzz/target.hpp"

namespace metalwright::fuzz {
namespace {

using namespace raid;

constexpr std::string_view detail =
    "MD_LEVEL=raid1\nMD_DEVICES=2\nMD_METADATA=1.2\nMD_UUID=0ab1c2d3:e4f50617:28394a5b:6c7d8e9f\n"
    "MD_DEVNAME=data\nMD_NAME=host:data\nMD_DEVICE_dev_vdb1_ROLE=0\nMD_DEVICE_dev_vdb1_DEV=/dev/"
    "vdb1\nMD_DEVICE_ev_vdc_ROLE=spare\nMD_DEVICE_ev_vdc_DEV=/dev/vdc\n";
constexpr std::string_view mdstat =
    "Personalities : [raid1] [raid6] \nmd127 : active raid1 vdc[1](F) vdb[0]\n      1046528 blocks "
    "super 1.2 [2/1] [U_]\n      [=>...................]  recovery =  9.8% (103168/1046528) "
    "finish=0.6min speed=25792K/sec\n      bitmap: 0/1 pages [0KB], 65536KB chunk\n\nmd1 : active "
    "raid5 vdd[0] vde[1]\n      2093056 blocks level 5\n      \tresync=DELAYED\n\nunused devices: "
    "<none>\n";
constexpr std::string_view conf =
    "# of the operator\nDEVICE partitions\nARRAY /dev/md/old metadata=1.2 "
    "UUID=0ab1c2d3:e4f50617:28394a5b:6c7d8e9f\nmailaddr root\n"
    "# metalwright: begin. Lines up to the end mark are ours.\nARRAY /dev/md/data metadata=1.2 "
    "UUID=11111111:22222222:33333333:44444444\n# metalwright: end.\nARRAY <ignore> uuid=1";
constexpr std::string_view uuid = "55555555:66666666:77777777:88888888";

void check(bool promise) {
    if (!promise) std::abort();
}

void check_conf(const std::string& text) {
    const std::string with = with_array(text, "data", uuid);
    check(lists_array(with, "data", uuid));
    check(with_array(with, "data", uuid) == with);
    const std::string without = without_array(with, uuid);
    check(!lists_array(without, "data", uuid) || lists_array(text, "data", uuid));
    // Ours are gone, whatever was there; and what is left holds nothing of ours.
    const std::string others = without_our_arrays(with);
    check(without_our_arrays(others) == others);
    check(without_our_arrays(text) == without_our_arrays(others));
}

}  // namespace

void run(std::span<const std::uint8_t> input) {
    const std::string text(input.begin(), input.end());
    for (const Array::Member& member : parse_detail_export(text).members)
        check(!member.disk.empty());
    for (const auto& [name, sync] : parse_mdstat(text)) {
        check(!name.empty());
        check(sync.percent <= 100 && sync.eta_s >= -1);
    }
    check_conf(text);
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> all;
    for (const std::string_view one : {detail, mdstat, conf})
        all.emplace_back(one.begin(), one.end());
    return all;
}

}  // namespace metalwright::fuzz
