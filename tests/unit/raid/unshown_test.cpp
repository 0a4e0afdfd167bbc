// Controllers that the kernel has a driver for, and that no tool shows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "raid/may_have_controllers.hpp"
#include "tests/unit/raid/machine.hpp"
#include "tests/unit/raid/storcli_text.hpp"

namespace metalwright::raid {
namespace {

using namespace scene;
using testing::HasSubstr;
using testing::IsEmpty;

class Unshown : public testing::Test {
 protected:
    Unshown() {
        host.files.with("/sys/bus/pci/drivers/megaraid_sas/0000:3b:00.0/vendor", "0x1000")
            .with("/sys/bus/pci/drivers/megaraid_sas/bind", "")
            .with("/sys/bus/pci/drivers/mpi3mr/bind", "");
    }
    Controllers look(std::vector<std::string> tools = {"/t/storcli64"}) {
        Doors doors = host.doors();
        doors.raid_tools = std::move(tools);
        return observe_controllers(doors);
    }
    void tool_says(const std::string& basics) {
        host.exec.on(
            "storcli64",
            fakes::said(storcli::answer(storcli::part(0, R"({"Basics":{)" + basics + "}}"))));
    }

    Machine host;
};

TEST_F(Unshown, OneWithoutAToolIsListedWithWhatToDo) {
    const Controllers all = look({});
    ASSERT_EQ(all.list.size(), 1u);
    EXPECT_EQ(all.list[0].id, "0000:3b:00.0");
    EXPECT_EQ(all.list[0].mode, ControllerMode::unknown);
    EXPECT_THAT(all.list[0].errors.at(0).message, HasSubstr("install storcli"));
}

TEST_F(Unshown, WhetherThereMayBeOneIsKnownWithoutAProgram) {
    const auto may = [](Machine& machine, std::vector<std::string> tools) {
        Doors doors = machine.doors();
        doors.raid_tools = std::move(tools);
        return may_have_controllers(doors);
    };
    EXPECT_TRUE(may(host, {}));
    Machine plain;
    EXPECT_FALSE(may(plain, {}));
    EXPECT_TRUE(may(plain, {"/t/storcli64"}));
    EXPECT_THAT(plain.exec.lines(), IsEmpty());
}

TEST_F(Unshown, OneThatAToolShowsIsNotListedTwice) {
    for (const char* address : {"00:3b:00:00", "00:3b:00:0"}) {
        tool_says(R"("Serial Number":"C1","PCI Address":")" + std::string(address) + '"');
        const Controllers all = look();
        ASSERT_EQ(all.list.size(), 1u);
        EXPECT_EQ(all.list[0].id, "storcli64/c0");
        EXPECT_EQ(all.list[0].pci, "0000:3b:00.0");
        EXPECT_THAT(all.list[0].errors, IsEmpty());
    }
    tool_says(R"("Serial Number":"C1")");
    EXPECT_EQ(look().list.size(), 1u) << "an old tool does not tell where it is";
    tool_says(R"("Serial Number":"C1","PCI Address":"00:af:00:00")");
    EXPECT_EQ(look().list.size(), 2u) << "it shows another one";
}

}  // namespace
}  // namespace metalwright::raid
