#include "raid/storcli/ask.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "raid/identity.hpp"
#include "tests/fakes/fake_exec.hpp"
#include "tests/fakes/fake_files.hpp"
#include "tests/unit/raid/storcli_text.hpp"

namespace metalwright::raid::storcli {
namespace {

using fakes::said;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string none =
    R"({"Controllers":[{"Command Status":{"Status":"Failure","Description":"No Controller found"}}]})";

std::string basics(const std::string& serial) {
    return R"("Basics":{"Model":"M","Serial Number":")" + serial + R"("},)";
}

/// A controller with a volume, a drive with an enclosure and one without, and one foreign drive.
struct Tool {
    std::map<std::string, std::string> answers{
        {"/call show all",
         answer(
             part(0, "{" + basics("SN1") +
                         R"("VD LIST":[{"DG/VD":"0/0","TYPE":"RAID0","State":"Optl","Size":"1 GB"}],
                               "PD LIST":[)" +
                         pd("8:0", "Onln", "0") + "," + pd("8:1", "UGood", R"("F")") + "," +
                         pd(" :3", "UGood") + "]}"))},
        {"/call/vall show all", answer(part(0, R"({"VD0 Properties":{"Strip Size":"64 KB"}})"))},
        {"/call/eall/sall show all",
         answer(part(0, R"({"Drive /c0/e8/s0 - Detailed Information":{"a":{"SN":"D0"}}})"))},
        {"/call/sall show all",
         answer(part(0, R"({"Drive /c0/s3 - Detailed Information":{"a":{"SN":"D3"}}})"))},
        {"/call/fall show all", answer(part(0, R"({"Total Foreign PDs":1})"))}};

    Result<sys::Output> operator()(const sys::Command& command) const {
        EXPECT_EQ(command.args.back(), "nolog");
        EXPECT_EQ(command.args[command.args.size() - 2], "J");
        std::string question;
        for (std::size_t i = 0; i + 2 < command.args.size(); ++i)
            question += (i == 0 ? "" : " ") + command.args[i];
        const auto at = answers.find(question);
        return said(at == answers.end() ? "syntax error" : at->second, 6);
    }
};

TEST(StorcliAsk, AsksForWhatIsThereAndNothingTwice) {
    fakes::FakeExec exec;
    exec.on("storcli64", Tool());
    const std::vector<std::string> tools{"/t/storcli64", "/t/storcli64"};
    const Controllers all = observe_controllers(exec, tools);
    EXPECT_TRUE(all.errors.empty());
    ASSERT_EQ(all.list.size(), 1u);
    EXPECT_EQ(all.list[0].drives[0].serial, "D0");
    EXPECT_EQ(all.list[0].drives[2].selector, "/c0/s3");
    EXPECT_EQ(all.list[0].volumes[0].strip_kib, 64u);
    EXPECT_THAT(exec.lines(), ElementsAre("storcli64 /call show all J nolog",
                                          "storcli64 /call/vall show all J nolog",
                                          "storcli64 /call/eall/sall show all J nolog",
                                          "storcli64 /call/sall show all J nolog",
                                          "storcli64 /call/fall show all J nolog"));
}

TEST(StorcliAsk, WithoutAControllerOneQuestionIsEnough) {
    fakes::FakeExec exec;
    exec.on("storcli64", said(none, 1));
    const std::vector<std::string> tools{"/t/storcli64"};
    EXPECT_EQ(observe_controllers(exec, tools), Controllers());
    EXPECT_EQ(exec.asked().size(), 1u);
    EXPECT_EQ(exec.asked()[0].timeout, std::chrono::seconds(30));
}

TEST(StorcliAsk, AToolThatHangsIsNotAskedAgainAndHidesNoOther) {
    fakes::FakeExec exec;
    exec.on("hangs", [](const sys::Command& command) -> Result<sys::Output> {
        return fail(Errc::timed_out, command.program + " was killed after 30000 ms");
    });
    exec.on("storcli64", Tool());
    const std::vector<std::string> tools{"/t/hangs", "/t/storcli64"};
    const Controllers all = observe_controllers(exec, tools);
    ASSERT_EQ(all.errors.size(), 1u);
    EXPECT_EQ(all.errors[0].code, Errc::timed_out);
    EXPECT_EQ(all.errors[0].where, "/t/hangs");
    EXPECT_EQ(all.list.size(), 1u);
    EXPECT_EQ(exec.asked().size(), 6u);
}

TEST(StorcliAsk, AToolThatIsNotThereOrTalksNonsenseIsSaid) {
    fakes::FakeExec exec;
    exec.on("nonsense", said("Segmentation fault", 139, "core dumped\n"));
    const std::vector<std::string> tools{"/t/absent", "/t/nonsense"};
    const Controllers all = observe_controllers(exec, tools);
    ASSERT_EQ(all.errors.size(), 2u);
    EXPECT_EQ(all.errors[0].code, Errc::not_found);
    EXPECT_THAT(all.errors[1].message, HasSubstr("no JSON in it (exit status 139: core dumped)"));
}

TEST(StorcliAsk, AControllerThatTwoToolsShowIsListedOnce) {
    fakes::FakeExec exec;
    exec.on("storcli64", Tool()).on("perccli64", Tool());
    Tool other;
    other.answers["/call show all"] = answer(part(0, "{" + basics("SN2") + R"("PD LIST":[]})"));
    exec.on("storcli2", other);
    const std::vector<std::string> tools{"/t/storcli64", "/t/perccli64", "/t/storcli2"};
    const Controllers all = observe_controllers(exec, tools);
    ASSERT_EQ(all.list.size(), 2u);
    EXPECT_EQ(all.list[0].id, "storcli64/c0");
    EXPECT_EQ(all.list[1].id, "storcli2/c0");
}

TEST(StorcliAsk, DrivesOfAFailingControllerAreAskedFor) {
    fakes::FakeExec exec;
    Tool tool;
    tool.answers["/call show all"] = answer(part(0, "", "Failure"));
    exec.on("storcli64", tool);
    const std::vector<std::string> tools{"/t/storcli64"};
    const Controllers all = observe_controllers(exec, tools);
    ASSERT_EQ(all.list.size(), 1u);
    EXPECT_EQ(all.list[0].errors.size(), 1u);
    EXPECT_EQ(all.list[0].drives.size(), 1u);
}

TEST(StorcliAsk, HowFarARebuildIsIsAskedWhereThereIsOne) {
    for (const char* row : {R"({"Drive-ID":"/c0/e8/s0","Progress%":42,"Status":"In progress",)",
                            R"({"EID:Slt":"8:0","PID":9,"Progress%":42,"Status":"In progress",)"}) {
        fakes::FakeExec exec;
        Tool tool;
        tool.answers["/call show all"] =
            answer(part(0, "{" + basics("SN1") + R"("PD LIST":[)" + pd("8:0", "Rbld", "0") + "," +
                               pd("8:1", "Onln", "0") + "]}"));
        tool.answers["/call/eall/sall show rebuild"] = answer(
            part(0, std::string("[") + row + R"("Estimated Time Left":"5 Minutes"},)" +
                        R"({"Drive-ID":"/c0/e8/s1","Progress%":"-","Status":"Not in progress",)" +
                        R"("Estimated Time Left":"-"}])"));
        exec.on("storcli64", tool);
        const std::vector<std::string> tools{"/t/storcli64"};
        const Controllers all = observe_controllers(exec, tools);
        ASSERT_EQ(all.list.size(), 1u);
        ASSERT_EQ(all.list[0].drives.size(), 2u);
        EXPECT_EQ(all.list[0].drives[0].percent, 42) << row;
        EXPECT_EQ(all.list[0].drives[0].time_left, "5 Minutes");
        EXPECT_LT(all.list[0].drives[1].percent, 0);
        EXPECT_TRUE(all.list[0].errors.empty());
    }
}

TEST(StorcliAsk, InstalledToolsAreThoseThatAreThere) {
    fakes::FakeFiles files;
    EXPECT_TRUE(installed_tools(files).empty());
    files.with("/opt/MegaRAID/perccli/perccli64", "x").with("/opt/MegaRAID/storcli2/storcli2", "x");
    EXPECT_THAT(installed_tools(files),
                ElementsAre("/opt/MegaRAID/perccli/perccli64", "/opt/MegaRAID/storcli2/storcli2"));
}

TEST(StorcliAsk, ADiskIsFoundBehindItsController) {
    Controllers all;
    all.list.push_back(
        Controller{.id = "storcli64/c0",
                   .drives = {{.state = DriveState::jbod, .serial = "D0"},
                              {.state = DriveState::member, .serial = "D1"}},
                   .volumes = {{.id = 1, .wwn = "600062b212da5d402bd3b491dd849969"}}});
    const auto behind = [&](Disk disk) { return controller_of(disk, all) != nullptr; };
    EXPECT_TRUE(behind({.serial = "x", .wwn = "0x600062B212DA5D402bd3b491dd849969"}));
    EXPECT_TRUE(behind({.serial = "D0"}));
    EXPECT_FALSE(behind({.serial = "D1"}));
    EXPECT_FALSE(behind({}));
}

}  // namespace
}  // namespace metalwright::raid::storcli
