#include <cstdlib>

#include "tests/unit/agent/cli/cli_fixture.hpp"

namespace metalwright::agent::cli {
namespace {

using testing::HasSubstr;

TEST_F(Cli, HelpHasExamplesAndExitCodes) {
    EXPECT_EQ(run_bare({"--help"}), 0);
    EXPECT_THAT(out.str(), HasSubstr("metalwright apply order.json --wait"));
    EXPECT_THAT(out.str(), HasSubstr("4  waited too long"));
    EXPECT_EQ(err.str(), "");
    for (const char* command : {"validate", "plan", "apply", "status", "operations", "inventory",
                                "raid", "arm", "hold", "ip"}) {
        out.str("");
        EXPECT_EQ(run_bare({command, "--help"}), 0);
        EXPECT_THAT(out.str(), HasSubstr("Examples:\n")) << command;
    }
}

TEST_F(Cli, VersionIsTheBuilds) {
    EXPECT_EQ(run_bare({"--version"}), 0);
    EXPECT_EQ(out.str(), "metalwright 1.2.3\n");
}

TEST_F(Cli, AWrongCommandLineEndsWith64AndSaysWhatWasMeant) {
    const auto complaint = [&](std::vector<std::string> arguments) {
        err.str("");
        EXPECT_EQ(run_bare(std::move(arguments)), 64);
        const std::string text = err.str();
        return text.substr(0, text.find('\n'));
    };
    EXPECT_EQ(complaint({"statsu"}), "metalwright: no command statsu: did you mean \"status\"?");
    EXPECT_EQ(complaint({"apply", "x", "--wiat"}),
              "metalwright: no option --wiat: did you mean \"--wait\"?");
    EXPECT_EQ(complaint({"inventory", "sda"}), "metalwright: one argument too many: sda");
    EXPECT_EQ(complaint({"status", "--timeout", "soon"}),
              "metalwright: --timeout: \"soon\" is no duration: write 90s, 500ms, 10m or 1h30m");
    EXPECT_THAT(complaint({"operations", "-o", "xml"}), HasSubstr("--output: "));
    EXPECT_THAT(complaint({"operations", "first"}), HasSubstr("ID"));
    EXPECT_THAT(complaint({"operations", "--limit", "0"}), HasSubstr("--limit"));
    EXPECT_EQ(complaint({"ip", "lst"}), "metalwright: no command lst: did you mean \"list\"?");
    EXPECT_THAT(err.str(), HasSubstr("see metalwright ip --help"));
    EXPECT_THAT(complaint({"ip", "plan", "add"}), HasSubstr("CIDR or --count is required"));
    EXPECT_THAT(err.str(), HasSubstr("see metalwright ip plan add --help"));
    EXPECT_THAT(complaint({"hold", "disks"}), HasSubstr("disks"));
    EXPECT_THAT(complaint({"hold", "--for", "500ms"}), HasSubstr("must be a second at least"));
    EXPECT_THAT(complaint({"hold", "--end", "--for", "1h"}), HasSubstr("excludes"));
    EXPECT_THAT(complaint({"apply"}), HasSubstr("FILE is required"));
    EXPECT_THAT(err.str(), HasSubstr("see metalwright apply --help"));
    err.str("");
    EXPECT_EQ(run_bare({}), 64);
    EXPECT_THAT(err.str(), HasSubstr("Usage: metalwright"));
    EXPECT_EQ(out.str(), "");
}

TEST_F(Cli, TheSocketComesFromTheEnvironmentUnlessItIsGiven) {
    ASSERT_EQ(::setenv("METALWRIGHT_SOCKET", daemon.socket_path().c_str(), 1), 0);
    daemon.will_answer(R"({"operations":[]})");
    EXPECT_EQ(run_bare({"operations"}), 0);
    EXPECT_EQ(run_bare({"operations", "--socket", "/nonexistent/admin.sock"}), 3);
    ::unsetenv("METALWRIGHT_SOCKET");
    EXPECT_TRUE(daemon.all_said());
}

TEST_F(Cli, AnAnswerThatCouldNotBeWrittenIsAFailure) {
    daemon.will_answer(R"({"operations":[]})");
    out.setstate(std::ios::badbit);
    EXPECT_EQ(run_with({"operations"}), 1);
    EXPECT_EQ(err.str(), "metalwright: cannot write to standard output\n");
}

}  // namespace
}  // namespace metalwright::agent::cli
