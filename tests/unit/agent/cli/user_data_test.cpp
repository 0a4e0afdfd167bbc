#include "tests/unit/agent/cli/cli_fixture.hpp"

namespace metalwright::agent::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string piece(int from, const std::string& text, const std::string& state,
                  const std::string& exit_code) {
    return R"({"instance":"i-1","state":")" + state + R"(","exitCode":)" + exit_code +
           R"(,"from":)" + std::to_string(from) + R"(,"next":)" +
           std::to_string(from + static_cast<int>(text.size())) + R"(,"text":")" + text +
           R"(","ended":)" + (state == "started" ? "false}" : "true}");
}

TEST_F(Cli, TheOutputOfUserDataIsShownToItsEnd) {
    daemon.will_answer(piece(0, "one ", "exited", "0"));
    daemon.will_answer(piece(4, "two", "exited", "0"));
    daemon.will_answer(piece(7, "", "exited", "0"));
    EXPECT_EQ(run_with({"userdata", "log"}), 0);
    EXPECT_EQ(out.str(), "one two");
    EXPECT_THAT(daemon.asked(),
                ElementsAre("GET /v1/user-data/log?from=0", "GET /v1/user-data/log?from=4",
                            "GET /v1/user-data/log?from=7"));
}

TEST_F(Cli, TheOutputOfUserDataIsFollowedUntilItEndsAndEndsLikeIt) {
    daemon.will_answer(piece(0, "one ", "started", "null"));
    daemon.will_answer(piece(4, "", "started", "null"));
    daemon.will_answer(piece(4, "two", "started", "null"));
    daemon.will_answer(piece(7, "", "exited", "3"));
    EXPECT_EQ(run_with({"userdata", "log", "--follow"}), 1);
    EXPECT_EQ(out.str(), "one two");
}

TEST_F(Cli, WithoutFollowARunningScriptIsNotWaitedFor) {
    daemon.will_answer(piece(5, "now", "started", "null"));
    daemon.will_answer(piece(8, "", "started", "null"));
    EXPECT_EQ(run_with({"userdata", "log", "--last", "3"}), 0);
    EXPECT_EQ(out.str(), "now");
    EXPECT_EQ(daemon.asked().front(), "GET /v1/user-data/log?last=3");
}

TEST_F(Cli, OnATerminalOutputCannotSteerIt) {
    terminal = true;
    daemon.will_answer(piece(0, R"(a\u001b[2Jb\tc\n)", "exited", "0"));
    daemon.will_answer(piece(20, "", "exited", "0"));
    EXPECT_EQ(run_with({"userdata", "log"}), 0);
    EXPECT_EQ(out.str(), "a?[2Jb\tc\n");
}

TEST_F(Cli, UserDataThatIsNotThereIsAnErrorWithAReason) {
    daemon.will_answer(
        R"({"errors":[{"code":"not_found","message":"no user data was ordered","where":""}]})",
        404);
    EXPECT_EQ(run_with({"userdata", "log"}), 1);
    EXPECT_THAT(err.str(), HasSubstr("no user data was ordered"));
}

}  // namespace
}  // namespace metalwright::agent::cli
