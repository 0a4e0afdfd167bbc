#include "cloudinit/run_record.hpp"

#include <gtest/gtest.h>

#include "cloudinit/unit_state.hpp"

namespace metalwright::cloudinit {
namespace {

TEST(RunRecord, ResultsComeBackAsTheyWereWritten) {
    for (const ScriptStatus& status : {ScriptStatus{.state = ScriptState::exited, .exit_code = 0},
                                       ScriptStatus{.state = ScriptState::exited, .exit_code = 255},
                                       ScriptStatus{.state = ScriptState::killed, .signal = 9},
                                       ScriptStatus{.state = ScriptState::timed_out},
                                       ScriptStatus{.state = ScriptState::interrupted}})
        EXPECT_EQ(parse_result(format_result(status)).value(), status);
    EXPECT_EQ(format_result({.state = ScriptState::exited, .exit_code = 3}), "exited 3\n");
}

TEST(RunRecord, ADamagedResultIsNone) {
    for (const std::string_view text :
         {"", "exited", "exited x", "exited 3 4", "killed", "started", "pending", "timed-out 3"})
        EXPECT_FALSE(parse_result(text)) << text;
}

TEST(RunRecord, ClaimsComeBackAsTheyWereWritten) {
    const Claim claim{.pid = 77, .start_time = 123456789012, .boot_id = "b-1", .invocation = "i-1"};
    EXPECT_EQ(parse_claim(format_claim(claim)).value(), claim);
    const Claim bare{.pid = 1, .start_time = 1, .boot_id = "b"};
    EXPECT_EQ(parse_claim(format_claim(bare)).value(), bare);
}

TEST(RunRecord, AClaimCutByAPowerLossNamesNobody) {
    EXPECT_FALSE(parse_claim(""));
    EXPECT_FALSE(parse_claim("pid 77\n"));
    EXPECT_FALSE(parse_claim("pid x\nstart 5\nboot b\n"));
}

TEST(RunRecord, FindsTheStartTimeBehindAnyName) {
    const std::string rest = " 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0\n";
    EXPECT_EQ(start_time_of("77 (a) S) R" + rest), 4711u);
    EXPECT_EQ(start_time_of("77 (sh) S" + rest), 4711u);
    EXPECT_EQ(start_time_of("77 (sh) Z" + rest), 0u) << "a zombie runs nothing";
    EXPECT_EQ(start_time_of(""), 0u);
    EXPECT_EQ(start_time_of("77 (sh) S 1 1"), 0u);
}

TEST(RunRecord, StatesHaveOneWordEach) {
    for (const ScriptState state :
         {ScriptState::none, ScriptState::pending, ScriptState::started, ScriptState::exited,
          ScriptState::killed, ScriptState::timed_out, ScriptState::interrupted,
          ScriptState::unknown})
        EXPECT_EQ(script_state_from(to_string(state)), state);
    EXPECT_EQ(to_string(ScriptState::timed_out), "timed-out");
    EXPECT_EQ(script_state_from("nonsense"), ScriptState::unknown);
}

TEST(UnitState, TellsHowAClaimedRunEnded) {
    sys::UnitState unit{
        .loaded = true, .result = "exit-code", .exec_main_code = 1, .exec_main_status = 4};
    EXPECT_EQ(status_of(unit, true), (ScriptStatus{ScriptState::exited, 4}));
    unit = {.loaded = true, .result = "signal", .exec_main_code = 2, .exec_main_status = 9};
    EXPECT_EQ(status_of(unit, true), (ScriptStatus{.state = ScriptState::killed, .signal = 9}));
    unit = {.loaded = true, .result = "timeout", .exec_main_code = 2, .exec_main_status = 15};
    EXPECT_EQ(status_of(unit, true).state, ScriptState::timed_out);
}

TEST(UnitState, AnExitCodeWithoutAClaimIsTheRunnersNotTheScripts) {
    const sys::UnitState unit{.loaded = true, .exec_main_code = 1, .exec_main_status = 203};
    EXPECT_EQ(status_of(unit, false).state, ScriptState::interrupted);
}

TEST(UnitState, NoUnitAndNoResultIsInterrupted) {
    EXPECT_EQ(status_of({}, true).state, ScriptState::interrupted);
    EXPECT_EQ(status_of({.busy = true}, false).state, ScriptState::started);
}

}  // namespace
}  // namespace metalwright::cloudinit
