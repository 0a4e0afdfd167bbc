// The once-per-instance items, from order to read-back, on a host that keeps state.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "cloudinit/room.hpp"
#include "core/run_plan.hpp"
#include "tests/fakes/fake_exec.hpp"
#include "tests/fakes/fake_files.hpp"
#include "tests/fakes/fake_host.hpp"

namespace metalwright::cloudinit {
namespace {

using ::testing::IsEmpty;

constexpr const char* hash = "$y$j9T$salt$hash";
constexpr const char* key = "ssh-ed25519 AAAAC3Nza tenant";

std::string block_of(const std::string& line) {
    return "# metalwright: these keys are the order's\n" + line + "\n# metalwright: end\n";
}

/// A fresh Debian.
class Once : public ::testing::Test {
 protected:
    Once() {
        files.with("/etc/hostname", "debian\n")
            .with("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 debian\n")
            .with("/etc/shadow", "root:*:19000:0:99999:7:::\nbin:*:1:::::: \n",
                  {.mode = 0640, .uid = 0, .gid = 42});
    }

    Plan<Op> plan_now(const Wanted& wanted) { return plan(wanted, observe(doors).value()); }

    std::vector<ItemResult> provision(const Wanted& wanted) {
        const Observed seen = observe(doors).value();
        NoJournal journal;
        return run_plan(
            plan(wanted, seen), journal,
            [&](std::span<const Step<Op>> steps) { return apply(steps, seen, doors, journal); },
            [] { return std::chrono::steady_clock::time_point{}; });
    }

    fakes::FakeFiles files;
    fakes::FakeHost host{files};
    Doors doors{files, host};
    Wanted order{.instance_id = "i-1",
                 .hostname = "node-a",
                 .password_hash = hash,
                 .authorized_keys = std::vector<std::string>{key}};
};

TEST_F(Once, AnOrderBecomesSoAndIsReadBackAsSo) {
    for (const ItemResult& result : provision(order))
        EXPECT_EQ(result.outcome, Outcome::changed) << result.item;

    EXPECT_EQ(files.content("/etc/hostname"), "node-a\n");
    EXPECT_EQ(files.content("/etc/hosts"), "127.0.0.1 localhost\n127.0.1.1\tnode-a\n");
    EXPECT_EQ(host.kernel_name, "node-a");
    EXPECT_EQ(files.content("/etc/shadow"),
              "root:$y$j9T$salt$hash:20778:0:99999:7:::\nbin:*:1:::::: \n");
    EXPECT_EQ(files.content("/root/.ssh/authorized_keys"), block_of(key));

    const Plan<Op> again = plan_now(order);
    EXPECT_THAT(again.steps, IsEmpty());
    ASSERT_EQ(again.settled.size(), 3u);
    for (const ItemResult& result : again.settled)
        EXPECT_EQ(result.outcome, Outcome::unchanged) << result.item;
}

TEST_F(Once, ApplyingTwiceWritesOnce) {
    provision(order);
    const std::size_t writes = files.written().size();
    provision(order);
    EXPECT_EQ(files.written().size(), writes);
}

TEST_F(Once, ShadowKeepsItsModeAndGroupAndIsWrittenUnderTheLock) {
    provision(order);
    EXPECT_EQ(files.mode("/etc/shadow").mode, 0640u);
    EXPECT_EQ(files.mode("/etc/shadow").gid, 42u);
    EXPECT_EQ(host.locks_taken, 1);
    EXPECT_EQ(host.locks_held, 0);
}

TEST_F(Once, KeysAreRootsAlone) {
    provision(order);
    EXPECT_EQ(files.mode("/root/.ssh/authorized_keys").mode, 0600u);
    EXPECT_TRUE(host.private_directories.contains("/root/.ssh"));
}

TEST_F(Once, WhatIsDoneIsTheTenantsOwnFromThenOn) {
    order.done = {"hostname", "password", "authorizedKeys"};
    const Plan<Op> plan = plan_now(order);
    EXPECT_THAT(plan.steps, IsEmpty());
    ASSERT_EQ(plan.settled.size(), 3u);
    for (const ItemResult& result : plan.settled) {
        EXPECT_EQ(result.outcome, Outcome::unchanged);
        EXPECT_EQ(result.note, "done once for this instance; the tenant's own since");
    }
}

TEST_F(Once, WhatIsNotOrderedIsNotTouched) {
    const Plan<Op> plan = plan_now({.instance_id = "i-1"});
    EXPECT_EQ(plan, Plan<Op>{});
}

TEST_F(Once, AHostNamedInTheFileOnlyIsNamedInTheKernelToo) {
    files.with("/etc/hostname", "node-a\n").with("/etc/hosts", "127.0.1.1 node-a\n");
    EXPECT_EQ(plan_now({.instance_id = "i-1", .hostname = "node-a"}).steps.size(), 1u);
}

TEST_F(Once, PlanTellsInWordsWithoutSecrets) {
    const Plan<Op> plan = plan_now(order);
    ASSERT_EQ(plan.steps.size(), 3u);
    EXPECT_EQ(plan.steps[0].why, "name the host 'node-a', now 'debian'");
    EXPECT_EQ(plan.steps[1].why, "set the password of root");
    EXPECT_EQ(plan.steps[2].why, "add 1 key to /root/.ssh/authorized_keys");
}

TEST_F(Once, OneBadItemHidesNoNeighbour) {
    order.hostname = "bad name\nroot::0:0";
    order.password_hash = "no hash";
    const auto results = provision(order);
    ASSERT_EQ(results.size(), 3u);
    EXPECT_EQ(results[0].outcome, Outcome::failed);
    EXPECT_EQ(results[1].outcome, Outcome::failed);
    EXPECT_EQ(results[2].outcome, Outcome::changed);
    EXPECT_EQ(files.content("/etc/hostname"), "debian\n");
}

TEST_F(Once, LockedAccountsFailThePasswordAlone) {
    host.accounts_busy = true;
    const auto results = provision(order);
    ASSERT_EQ(results.size(), 3u);
    EXPECT_EQ(results[0].outcome, Outcome::changed);
    EXPECT_EQ(results[1].outcome, Outcome::failed);
    EXPECT_EQ(results[1].error->code, Errc::busy);
    EXPECT_EQ(results[2].outcome, Outcome::changed);
}

TEST_F(Once, AShadowThatCannotBeReadIsAnErrorNotAnEmptyOne) {
    files.break_at("/etc/shadow", {Errc::io, "cannot read", "/etc/shadow", 5});
    const Result<Observed> seen = observe(doors);
    ASSERT_FALSE(seen);
    EXPECT_EQ(seen.error().where, "/etc/shadow");
}

TEST_F(Once, ThePasswordIsSetByTheDistributionsOwnToolWhereItIsThere) {
    fakes::FakeExec exec;
    std::string told;
    exec.on("chpasswd", [&](const sys::Command& command) -> Result<sys::Output> {
        told = command.input;
        files.with("/etc/shadow", std::string("root:") + hash + ":20778:0:99999:7:::\n");
        return fakes::said();
    });
    doors.exec = &exec;
    doors.find_program = [](std::string_view name) -> Result<std::string> {
        return "/usr/sbin/" + std::string(name);
    };
    for (const ItemResult& result : provision(order))
        EXPECT_EQ(result.outcome, Outcome::changed) << result.item;
    EXPECT_EQ(exec.lines(), std::vector<std::string>{"chpasswd -e"}) << "the hash is no argument";
    EXPECT_EQ(told, "root:" + std::string(hash) + "\n");

    exec.on("chpasswd", fakes::said("", 1, "chpasswd: cannot lock /etc/passwd; try again later."));
    files.with("/etc/shadow", "root:*:19000:0:99999:7:::\n");
    const Plan<Op> planned = plan_now(order);
    NoJournal journal;
    const auto results = apply(planned.steps, observe(doors).value(), doors, journal);
    EXPECT_EQ(results.back().error().message,
              "chpasswd failed: chpasswd: cannot lock /etc/passwd; try again later.");
}

TEST_F(Once, WhatSomebodyElseChangedMeanwhileStays) {
    const Observed seen = observe(doors).value();
    const Plan<Op> planned = plan(order, seen);
    files.with("/root/.ssh/authorized_keys", "ssh-rsa AAAAother\n");
    NoJournal journal;
    apply(planned.steps, seen, doors, journal);
    EXPECT_EQ(files.content("/root/.ssh/authorized_keys"), "ssh-rsa AAAAother\n" + block_of(key));
}

// ---- the instance leaves

TEST_F(Once, WhoLeavesIsLetInNoMore) {
    files.with("/root/.ssh/authorized_keys", "ssh-rsa AAAAoperator\n")
        .with("/var/lib/metalwright/userdata/i-1/script", "#!/bin/sh\n");
    provision(order);
    Observed seen = observe(doors).value();
    seen.left_by_run = {"/var/lib/metalwright/userdata/i-1/script", "/root/launch-script"};
    const Leaving leaving{.instance_id = "i-1", .done = {"hostname", "password", "authorizedKeys"}};
    const Plan<Op> planned = plan_leaving(leaving, seen);
    NoJournal journal;
    for (const Result<void>& done : apply(planned.steps, seen, doors, journal))
        EXPECT_TRUE(done) << describe(done.error());
    EXPECT_EQ(files.content("/root/.ssh/authorized_keys"), "ssh-rsa AAAAoperator\n");
    EXPECT_TRUE(files.content("/etc/shadow").starts_with("root:*:20778:0:99999:7:::\n"));
    EXPECT_FALSE(files.exists("/var/lib/metalwright/userdata/i-1/script"));
    EXPECT_EQ(files.content("/etc/hostname"), "node-a\n");
    EXPECT_EQ(host.locks_held, 0);
    const Plan<Op> again = plan_leaving(leaving, observe(doors).value());
    EXPECT_THAT(again.steps, IsEmpty());
}

TEST_F(Once, WhatWasNotOrderedIsNotTakenBack) {
    files.with("/etc/shadow", "root:$y$j9T$operators$own:19000:0:99999:7:::\n");
    const Plan<Op> planned = plan_leaving({.instance_id = "i-1"}, observe(doors).value());
    EXPECT_THAT(planned.steps, IsEmpty()) << "the operator's own password stays";
}

}  // namespace
}  // namespace metalwright::cloudinit
