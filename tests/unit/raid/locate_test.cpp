#include "raid/locate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/raid/machine.hpp"
#include "tests/unit/raid/scene.hpp"
#include "tests/unit/raid/storcli_text.hpp"

namespace metalwright::raid {
namespace {

using namespace scene;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* slot = "/sys/block/vdb/device/enclosure_device:Slot 03";

class Locate : public testing::Test {
 protected:
    Locate() {
        host.add_disk("DATA0", "vdb");
        host.add_disk("DATA1", "vdc");
    }
    Result<std::string> locate(const std::string& id, bool on = true) {
        Doors doors = host.doors();
        doors.raid_tools = {"/t/storcli64"};
        return raid::locate(doors, id, on);
    }
    void in_an_enclosure() { host.files.with(std::string(slot) + "/locate", "0"); }

    Machine host;
};

TEST_F(Locate, TheEnclosuresLedIsLitAndPutOut) {
    in_an_enclosure();
    EXPECT_EQ(locate("DATA0").value(), slot);
    EXPECT_EQ(host.files.content(std::string(slot) + "/locate"), "1");
    EXPECT_TRUE(locate("DATA0", false));
    EXPECT_EQ(host.files.content(std::string(slot) + "/locate"), "0");
    EXPECT_TRUE(host.exec.lines().empty()) << "no program is needed for it";
    EXPECT_TRUE(host.signatures.probed.empty()) << "a dying disk is not read";
}

TEST_F(Locate, ADriveBehindAControllerIsLitByItsTool) {
    host.exec.on("storcli64", [](const sys::Command& command) -> Result<sys::Output> {
        if (command.args[0] == "/c0/e8/s0")
            return fakes::said(storcli::answer(storcli::part(0, "")));
        return fakes::said(storcli::answer(storcli::part(
            0, R"({"Basics":{"Serial Number":"C1"},"PD LIST":[)" + storcli::pd("8:0", "Onln", "0") +
                   R"(],"Drive /c0/e8/s0 - Detailed Information":{"a":{"SN":"S0"}}})")));
    });
    for (const char* id : {"S0", "8:0"}) EXPECT_EQ(locate(id).value(), "storcli64 /c0/e8/s0");
    EXPECT_EQ(host.exec.lines().back(), "storcli64 /c0/e8/s0 start locate J nolog");
    EXPECT_TRUE(locate("S0", false));
    EXPECT_EQ(host.exec.lines().back(), "storcli64 /c0/e8/s0 stop locate J nolog");
}

TEST_F(Locate, WhatCannotBeLitIsSaid) {
    host.exec.on("storcli64",
                 fakes::said(R"({"Controllers":[{"Command Status":{)"
                             R"("Status":"Failure","Description":"No Controller found"}}]})"));
    EXPECT_EQ(locate("DATA1").error().code, Errc::unsupported);
    EXPECT_THAT(locate("DATA1").error().message, HasSubstr("find it by its serial number"));
    EXPECT_EQ(locate("S9").error().code, Errc::not_found);
    in_an_enclosure();
    host.files.break_at(std::string(slot) + "/locate", {Errc::kernel_refused, "no such device"});
    EXPECT_EQ(locate("DATA0").error().code, Errc::kernel_refused);
}

TEST_F(Locate, AReplacedMemberIsLitAndADarkOneHindersNothing) {
    in_an_enclosure();
    Observed seen = scene::host(4);
    Array& array = run_array(seen, "raid1", {"DATA0", "DATA1"});
    array.component_bytes = gib - (1 << 20);
    list_in_conf(seen);
    the(seen, "DATA0").led = std::string(slot) + "/locate";
    Wanted wanted = only(complete(data(Level::raid1, 2), {"DATA0", "DATA1"}));
    wanted.replace = {{"DATA0"}};
    const Plan<Op> made = plan(wanted, seen);
    ASSERT_FALSE(made.steps.empty());
    EXPECT_EQ(made.steps.back().why, "light the locate LED of DATA0, to be taken out");
    EXPECT_EQ(made.steps.back().op, Op(LightLocate{"DATA0"}));
    Doors doors = host.doors();
    NoJournal journal;
    EXPECT_THAT(apply({&made.steps.back(), 1}, seen, doors, journal), ElementsAre(Result<void>()));
    EXPECT_EQ(host.files.content(std::string(slot) + "/locate"), "1");
    host.pull_disk("vdb");
    Doors without = host.doors();
    EXPECT_TRUE(apply({&made.steps.back(), 1}, seen, without, journal).front());
}

}  // namespace
}  // namespace metalwright::raid
