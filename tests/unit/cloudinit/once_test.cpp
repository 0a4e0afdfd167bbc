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

/// With an ssh-keygen that makes what it is asked for, each time another key.
class Renewal : public Once {
 protected:
    Renewal() {
        files.with("/etc/machine-id", "00112233445566778899aabbccddeeff\n", {.mode = 0444})
            .with("/etc/ssh/sshd_config", "")
            .with("/etc/ssh/ssh_host_ed25519_key", "old", {.mode = 0600})
            .with("/etc/ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 OLD root@image\n");
        exec.on("ssh-keygen", [this](const sys::Command& command) -> Result<sys::Output> {
            ++keys_made;
            std::string path = command.args.back();
            if (path == "-A") path = "/etc/ssh/ssh_host_rsa_key";
            files.with(path, "secret " + std::to_string(keys_made), {.mode = 0600});
            files.with(path + ".pub", "ssh-ed25519 NEW" + std::to_string(keys_made) + "\n");
            return fakes::said();
        });
        exec.on("systemctl", fakes::said());
        doors.exec = &exec;
        doors.find_program = [](std::string_view name) -> Result<std::string> {
            return "/usr/bin/" + std::string(name);
        };
        order = {.instance_id = "i-1", .renew_machine_id = true, .renew_host_keys = true};
    }

    /// As the engine goes about it: what is there first is what is to be renewed.
    std::vector<ItemResult> renew() {
        Wanted wanted = order;
        const Observed seen = observe(doors).value();
        const Plan<Op> first = plan(wanted, seen);
        wanted.before = seen.identity;
        NoJournal journal;
        for (const Result<void>& done : apply(first.steps, seen, doors, journal))
            EXPECT_TRUE(done) << describe(done.error());
        const Plan<Op> left = plan(wanted, observe(doors).value());
        EXPECT_THAT(left.steps, IsEmpty());
        return left.settled;
    }

    fakes::FakeExec exec;
    int keys_made = 0;
};

TEST_F(Renewal, ACopyOfAnImageGetsItsOwnIdentity) {
    files.with("/run/systemd/system/x", "");
    for (const ItemResult& result : renew())
        EXPECT_EQ(result.outcome, Outcome::unchanged) << result.item;
    const std::string id = files.content("/etc/machine-id");
    EXPECT_EQ(id.size(), 33u);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef\n"), std::string::npos);
    EXPECT_NE(id, "00112233445566778899aabbccddeeff\n");
    EXPECT_EQ(files.mode("/etc/machine-id").mode, 0444u);
    EXPECT_EQ(files.content("/etc/ssh/ssh_host_ed25519_key"), "secret 1");
    EXPECT_EQ(files.mode("/etc/ssh/ssh_host_ed25519_key").mode, 0600u);
    EXPECT_EQ(files.content("/etc/ssh/ssh_host_ed25519_key.pub"), "ssh-ed25519 NEW1\n");
    EXPECT_EQ(files.list("/etc/ssh")->size(), 3u) << "nothing is left beside them";
    EXPECT_FALSE(files.exists("/var/lib/dbus/machine-id"));
    bool told_sshd = false;
    for (const sys::Command& command : exec.asked())
        told_sshd |=
            command.args == std::vector<std::string>{"try-reload-or-restart", "ssh.service"};
    EXPECT_TRUE(told_sshd);
}

TEST_F(Renewal, WhatIsDoneOnceIsDoneOnce) {
    order.done = {"machineId", "hostKeys"};
    for (const ItemResult& result : renew())
        EXPECT_EQ(result.outcome, Outcome::unchanged) << result.item;
    EXPECT_EQ(keys_made, 0);
    EXPECT_EQ(files.content("/etc/machine-id"), "00112233445566778899aabbccddeeff\n");
}

TEST_F(Renewal, AnImageWithoutKeysGetsThemAndDBusItsOwnCopyOfTheId) {
    ASSERT_TRUE(files.remove("/etc/ssh/ssh_host_ed25519_key"));
    ASSERT_TRUE(files.remove("/etc/ssh/ssh_host_ed25519_key.pub"));
    files.with("/var/lib/dbus/machine-id", "00112233445566778899aabbccddeeff\n");
    renew();
    EXPECT_TRUE(files.exists("/etc/ssh/ssh_host_rsa_key"));
    EXPECT_EQ(files.content("/var/lib/dbus/machine-id"), files.content("/etc/machine-id"));
}

TEST_F(Renewal, AHalfMadeKeyOfACrashIsInNobodysWay) {
    files.with("/etc/ssh/ssh_host_ed25519_key.metalwright-new", "half");
    renew();
    EXPECT_EQ(files.content("/etc/ssh/ssh_host_ed25519_key"), "secret 1");
    EXPECT_FALSE(files.exists("/etc/ssh/ssh_host_ed25519_key.metalwright-new"));
}

TEST_F(Once, SystemdsHostnamedIsToldWhereItIs) {
    fakes::FakeExec exec;
    exec.on("hostnamectl", [this](const sys::Command& command) -> Result<sys::Output> {
        EXPECT_TRUE(host.set_name(command.args.back()));
        return fakes::said();
    });
    doors.exec = &exec;
    doors.find_program = [](std::string_view name) -> Result<std::string> {
        if (name == "hostnamectl") return std::string("/usr/bin/hostnamectl");
        return fail(Errc::not_found, "it is not here");
    };
    order = {.instance_id = "i-1", .hostname = "node-a"};
    provision(order);
    EXPECT_TRUE(exec.asked().empty()) << "systemd does not run";
    EXPECT_EQ(host.kernel_name, "node-a");
    files.with("/run/systemd/system/x", "");
    order.hostname = "node-b";
    provision(order);
    ASSERT_EQ(exec.asked().size(), 1u);
    EXPECT_EQ(host.kernel_name, "node-b");
    // One that hangs or refuses keeps nobody from having the name.
    exec.on("hostnamectl", fakes::said("", 1, "Connection timed out"));
    order.hostname = "node-c";
    provision(order);
    EXPECT_EQ(host.kernel_name, "node-c");
}

TEST_F(Once, CloudInitLeavesTheNameAloneUntilTheInstanceLeaves) {
    constexpr const char* told = "/etc/cloud/cloud.cfg.d/95_metalwright.cfg";
    order = {.instance_id = "i-1", .hostname = "node-a"};
    provision(order);
    EXPECT_FALSE(files.exists(told)) << "there is no cloud-init";
    files.with("/etc/cloud/cloud.cfg", "users: []\n");
    ASSERT_EQ(plan_now(order).steps.size(), 1u)
        << "it was installed since, and could rename the host";
    provision(order);
    EXPECT_EQ(
        files.content(told),
        "# Written by metalwright, whose order has named this host.\npreserve_hostname: true\n");
    EXPECT_THAT(plan_now(order).steps, IsEmpty());

    const Observed seen = observe(doors).value();
    EXPECT_THAT(plan_leaving({.instance_id = "i-1"}, seen).steps, IsEmpty());
    const Plan<Op> leaving = plan_leaving({.instance_id = "i-1", .done = {"hostname"}}, seen);
    NoJournal journal;
    for (const Result<void>& done : apply(leaving.steps, seen, doors, journal)) EXPECT_TRUE(done);
    EXPECT_FALSE(files.exists(told));
    EXPECT_EQ(host.kernel_name, "node-a") << "the name stays until another instance comes";
}

TEST_F(Once, SELinuxLabelsTheKeysThatWereMadeAnew) {
    fakes::FakeExec exec;
    exec.on("restorecon", fakes::said());
    doors.exec = &exec;
    doors.find_program = [](std::string_view name) -> Result<std::string> {
        if (name == "restorecon") return std::string("/usr/sbin/restorecon");
        return fail(Errc::not_found, "it is not here");
    };
    order = {.instance_id = "i-1", .authorized_keys = std::vector<std::string>{key}};
    files.with("/sys/fs/selinux/enforce", "1");
    provision(order);
    ASSERT_EQ(exec.asked().size(), 1u);
    EXPECT_EQ(exec.asked()[0].args, (std::vector<std::string>{"-R", "/root/.ssh"}));
}

}  // namespace
}  // namespace metalwright::cloudinit
