// Several parts, several attempts, and what a run is given and puts out.
#include <sys/stat.h>

#include "cloudinit/run_log.hpp"
#include "tests/unit/runner/runner_fixture.hpp"

namespace metalwright::cloudinit {
namespace {

using ::testing::HasSubstr;

const std::string mime_head =
    "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/x-shellscript\n\n";
const std::string mime_next = "\n--b\nContent-Type: text/x-shellscript\n\n";

TEST_F(Runner, PartsAreRunInOrderAlsoAfterOneThatFailed) {
    EXPECT_EQ(run(mime_head + "#!/bin/sh\necho one\nexit 3\n" + mime_next +
                  "#!/bin/sh\necho two\nexit 4\n" + mime_next +
                  "#!/usr/bin/env python\nprint('three')\n" + "\n--b--\n"),
              3);
    EXPECT_EQ(log(), "one\ntwo\nthree\n");
    EXPECT_EQ(now(), (ScriptStatus{
                         .state = ScriptState::exited, .exit_code = 3, .failed_part = "script"}));
}

TEST_F(Runner, OfSeveralPartsTheOneThatFailedIsNamed) {
    EXPECT_EQ(run(mime_head + "#!/bin/sh\n" + mime_next + "#!/bin/sh\nexit 4\n" + "\n--b--\n"), 4);
    EXPECT_EQ(result(), "exited 4\npart script.2\n");
}

TEST_F(Runner, IsTriedAgainUntilItExitsWithZero) {
    order.retries = 5;
    order.backoff = seconds(0);
    prepared("#!/bin/sh\necho x >>" + (base / "tries").string() + "\n[ $(wc -l <" +
             (base / "tries").string() + ") = 3 ]\n");
    ASSERT_TRUE(launch(order, place, doors));
    await(directory / run_files::result);
    EXPECT_EQ(now(), (ScriptStatus{.state = ScriptState::exited, .exit_code = 0, .attempts = 3}));
    EXPECT_THAT(log(), HasSubstr("attempt 3 of 6 in 0 s"));
}

TEST_F(Runner, ThatNeverSucceedsIsTriedAsOftenAsOrderedAndNotMore) {
    prepared("#!/bin/sh\nexit 9\n");
    EXPECT_EQ(ended(start({"run", directory.string(), "--log", place.log.string(), "--timeout",
                           "60", "--retries", "2", "--backoff", "0"})),
              9);
    EXPECT_EQ(result(), "exited 9\nattempts 3\n");
}

TEST_F(Runner, ThatRunsOutOfTimeBetweenTwoAttemptsHasTimedOut) {
    prepared("#!/bin/sh\nexit 9\n");
    EXPECT_EQ(ended(start({"run", directory.string(), "--log", place.log.string(), "--timeout", "1",
                           "--retries", "2", "--backoff", "600"})),
              124);
    EXPECT_EQ(now().state, ScriptState::timed_out);
}

// ---- what it is given, and what it puts out

TEST_F(Runner, HasTheVariablesOfTheOrder) {
    order.environment = {"METALWRIGHT_INSTANCE_ID=i-1", "METALWRIGHT_META_text=two\nlines = x"};
    EXPECT_EQ(run("#!/bin/sh\necho $METALWRIGHT_INSTANCE_ID\necho \"$METALWRIGHT_META_text\"\n"),
              0);
    EXPECT_EQ(log(), "i-1\ntwo\nlines = x\n");
    EXPECT_FALSE(fs::exists(directory / run_files::environment)) << "nobody else needs them";
}

TEST_F(Runner, SecretsAreMaskedInAllItPutsOutAlsoFromTheBackground) {
    const fs::path fifo = base / "fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    order.secrets = {"hunter22"};
    EXPECT_EQ(run("#!/bin/bash\n(read line < " + fifo.string() +
                  "; echo late hunter22) &\nprintf 'now hun'\nprintf 'ter22\\n' >&2\n"),
              0);
    EXPECT_EQ(log(), "now ***\n");
    EXPECT_EQ(last_output(directory), "now ***\n");
    std::ofstream(fifo) << "go\n";
    await_in_log("late ***\n");
    EXPECT_EQ(log(), "now ***\nlate ***\n");
    EXPECT_FALSE(fs::exists(directory / run_files::secrets));
}

TEST_F(Runner, TheEndOfItsOutputIsKeptThoughItRemovesItsLog) {
    EXPECT_EQ(run("#!/bin/bash\nhead -c 20000 /dev/zero | tr '\\0' x\necho end\nrm " +
                  place.log.string() + "\n"),
              0);
    const std::string output = last_output(directory);
    EXPECT_EQ(output.size(), last_output_bytes);
    EXPECT_TRUE(output.ends_with("xxend\n"));
    EXPECT_EQ(read_log(directory, 0, 100).error().code, Errc::not_found);
}

TEST_F(Runner, ItsLogIsReadFromWhereThisRunBegan) {
    std::ofstream(place.log) << "of an earlier time\n";
    EXPECT_EQ(run("#!/bin/sh\nprintf 'gr\\303\\274n'\n"), 0);
    EXPECT_EQ(read_log(directory, 0, 100)->text, "gr\303\274n");
    const LogPiece cut = *read_log(directory, 0, 3);
    EXPECT_EQ(cut.text, "gr") << "no character is cut in two";
    EXPECT_EQ(cut.next, 2);
    EXPECT_EQ(read_log(directory, cut.next, 100)->text, "\303\274n");
    EXPECT_EQ(read_log(directory, -1, 100)->text, "n");
    EXPECT_EQ(read_log(directory, 5, 100)->text, "");
    EXPECT_EQ(read_log(directory, 500, 100)->next, 5) << "beyond its end";
    EXPECT_EQ(last_output(directory), "gr\303\274n");
}

}  // namespace
}  // namespace metalwright::cloudinit
