// raid::storcli: whatever a tool writes, an answer or an error; and of a broken one no drive is
// free that does not say so.
#include <cstdlib>
#include <string>

#include "raid/storcli/answer.hpp"
#include "raid/storcli/seen.hpp"
#include "tests/fuzz/target.hpp"

namespace metalwright::fuzz {
namespace {

using namespace raid;

constexpr std::string_view older = R"json({"Controllers":[{"Command Status":{"CLI Version":"007.1",
"Controller":0,"Status":"Success","Description":"None"},"Response Data":{"Basics":{"Controller":0,
"Model":"M","Serial Number":"S"},"Version":{"Firmware Package Build":"5"},"Status":{
"Controller Status":"Optimal","Any Offline VD Cache Preserved":"No","Current Personality":"RAID-Mode "},
"Capabilities":{"RAID Level Supported":"RAID0, RAID1(2 or more)"},"TOPOLOGY":[{"DG":0,"Arr":0,"Row":1,
"EID:Slot":"-","Type":"DRIVE","State":"Msng","Size":"1 GB"}],"VD LIST":[{"DG/VD":"0/239",
"TYPE":"RAID1","State":"Optl","Cache":"RWTD","Size":"16.370 TB","Name":"n"}],"PD LIST":[{"EID:Slt":
"252:1","DID":1,"State":"UGood","DG":"-","Size":"1.0 TB","Intf":"SAS","Med":"HDD","SeSz":"512B",
"Model":"M  ","Sp":"U"},{"EID:Slt":" :2","State":"UGood","DG":"F"}],"PDs for VD 239":[{"EID:Slt":
"252:3","State":"Onln","DG":0}],"VD239 Properties":{"Strip Size":"256 KB","Number of Blocks":9,
"Span Depth":1,"SCSI NAA Id":"6"},"Drive /c0/e252/s1 - Detailed Information":{"Drive /c0/e252/s1
Device attributes":{"SN":"Z","WWN":"5","Coerced size":"1 TB [0x82f700000 Sectors]",
"Logical Sector Size":"4 KB"}}}},{"Command Status":{"Controller":1,"Status":"Failure",
"Description":"None","Detailed Status":[{"Drive":"/c1/e8/s1","Status":"Failure","ErrCd":46,
"ErrMsg":"-"}]}}]})json";

constexpr std::string_view newer = R"({"Controllers":[{"Command Status":{"Controller":"0",
"Status":"Success"},"Response Data":{"Virtual Drives":[{"VD Info":{"DG/VD":"0/1","TYPE":"RAID6",
"State":"Optl","CurrentCache":"NR,WB","Size":"9.094 TiB"},"PDs":[{"EID:Slt":"306:0","State":"Conf",
"Status":"Online","DG":0}],"VD Properties":{"Block Size":4096,"Number of Blocks":2441478144}}],
"Drives List":[{"Drive Information":{"EID:Slt":"306:1","State":"UConf","Status":"Good","DG":"-"},
"Drive Detailed Information":{"Serial Number":"S"}}]}}]})";

constexpr std::string_view under_way = R"json({"Controllers":[{"Command Status":{"Controller":0,
"Status":"Success"},"Response Data":{"VD LIST":[{"DG/VD":"0/1","TYPE":"RAID5","State":"Optl"}],
"VD1 Properties":{"Active Operations":"Background Initialization (36%)"},
"VD Operation Status":[{"VD":1,"Operation":"BGI","Progress%":37,"Status":"In progress",
"Estimated Time Left":"3 Minutes"}]}}]})json";

constexpr std::string_view text =
    "CLI Version = 007\nController = 0\nStatus = Failure\nDescription = None\n\n"
    "Detailed Status :\n=====\nDrive Status ErrCd ErrMsg\n/c0/e8/s1 Failure 46 -\n";

void check(bool promise) {
    if (!promise) std::abort();
}

}  // namespace

void run(std::span<const std::uint8_t> input) {
    const std::string out(input.begin(), input.end());
    const auto answer = storcli::read_answer(out);
    if (!answer) {
        check(!answer.error().message.empty());
        return;
    }
    storcli::Seen seen("/t/storcli64");
    seen.take(*answer, "/call show all");
    const Controllers all = std::move(seen).finish();
    for (const Controller& one : all.list) {
        for (const Drive& drive : one.drives) {
            check(drive.slot.has_value() == !drive.selector.empty());
            check(drive.slot || drive.state == DriveState::missing);
            check(drive.state != DriveState::free || !drive.group);
            check(drive.state != DriveState::free || drive.raw_state.size() >= 5);
        }
        for (const VirtualDrive& volume : one.volumes)
            check(volume.drives.size() <= one.drives.size() &&
                  (!volume.task || (volume.task->percent >= -1 && volume.task->percent <= 100 &&
                                    !volume.task->name.empty())));
        for (const Error& error : one.errors) check(!error.message.empty());
    }
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> all;
    for (const std::string_view one : {older, newer, text, under_way})
        all.emplace_back(one.begin(), one.end());
    return all;
}

}  // namespace metalwright::fuzz
