#include <gmock/gmock.h>

#include "core/run_plan.hpp"
#include "netcfg/room.hpp"
#include "scene.hpp"
#include "tests/fakes/fake_exec.hpp"
#include "tests/fakes/fake_files.hpp"
#include "tests/fakes/fake_prober.hpp"
#include "tests/fakes/fake_rtnl.hpp"

// A change of the primary address or of the default route proves itself or is taken back.
namespace metalwright::netcfg {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// A host that runs with 10.0.0.10/24 and its gateway, and a note of what the disk says.
struct Host {
    Host() {
        Observed state = server();
        state.addresses = {ours("10.0.0.10/24")};
        state.routes = {route("0.0.0.0/0", "10.0.0.1", our_protocol)};
        kernel = fakes::FakeRtnl(state);
    }
    fakes::FakeRtnl kernel;
    fakes::FakeExec exec;
    fakes::FakeFiles files;
    fakes::FakeProber prober;
    Doors doors{.rtnl = kernel,
                .exec = exec,
                .files = files,
                .persister = Persister::networkd,
                .prober = &prober};
    Owned owned{.mac = eth0().mac,
                .primaries = {cidr("10.0.0.10/24")},
                .addresses = {cidr("10.0.0.10/24")}};

    std::vector<ItemResult> bring_to(const Wanted& wanted) {
        NoJournal journal;
        const Observed before = observe(doors).value();
        owned = owned_after(wanted, before, owned);
        const auto act = [&](std::span<const Step<Op>> steps) {
            return apply(steps, before, doors, journal);
        };
        return run_plan(plan(wanted, before, owned), journal, act,
                        [] { return std::chrono::steady_clock::time_point{}; });
    }
    std::vector<std::string> addresses() {
        std::vector<std::string> texts;
        for (const KernelAddress& address : kernel.kernel().addresses)
            texts.push_back(address.prefix.text());
        return texts;
    }
    std::vector<std::string> gateways() {
        std::vector<std::string> texts;
        for (const KernelRoute& each : kernel.kernel().routes)
            if (each.to.length == 0) texts.push_back(each.via->text());
        return texts;
    }
};

ItemResult line(const std::vector<ItemResult>& results, std::string_view item) {
    const auto it = std::ranges::find(results, item, &ItemResult::item);
    return it == results.end() ? ItemResult{.item = "absent"} : *it;
}

TEST(Guard, AChangeThatProvesItselfReplacesTheFormerWay) {
    Host host;
    const auto results = host.bring_to(primary("10.0.9.10/24", "10.0.9.1"));
    for (const char* item : {"primary", "route/default", "persist"})
        EXPECT_EQ(line(results, item).outcome, Outcome::changed) << item;
    EXPECT_THAT(host.addresses(), ElementsAre("10.0.9.10/24"));
    EXPECT_THAT(host.gateways(), ElementsAre("10.0.9.1"));
    ASSERT_EQ(host.prober.asked.size(), 1u);
    EXPECT_EQ(host.prober.asked[0].source, ip("10.0.9.10"));
    EXPECT_EQ(host.prober.asked[0].gateway, ip("10.0.9.1"));
}

TEST(Guard, AChangeThatDoesNotIsTakenBackAndNothingOfItIsWrittenForTheNextBoot) {
    Host host;
    host.prober.answers = false;
    Wanted wanted = primary("10.0.9.10/24", "10.0.9.1");
    wanted.primary->dns = {ip("10.0.9.2")};
    wanted.primary->routes = {{.to = cidr("10.8.0.0/16"), .via = ip("10.0.9.254")}};
    wanted.aliases = {alias("10.0.7.7")};
    const auto results = host.bring_to(wanted);
    EXPECT_THAT(host.addresses(), ElementsAre("10.0.0.10/24", "10.0.7.7/32"));
    EXPECT_THAT(host.gateways(), ElementsAre("10.0.0.1"));
    EXPECT_EQ(line(results, "route/default").outcome, Outcome::failed);
    EXPECT_THAT(line(results, "route/default").error->message,
                HasSubstr("the gateway did not answer; all of the change was taken back"));
    EXPECT_EQ(line(results, "primary").outcome, Outcome::failed);
    for (const char* item : {"persist", "dns", "route/10.8.0.0/16"})
        EXPECT_EQ(line(results, item).outcome, Outcome::skipped) << item;
    EXPECT_EQ(line(results, "alias/10.0.7.7/32").outcome, Outcome::changed);
    EXPECT_FALSE(host.files.exists("/etc/systemd/network/05-metalwright-eth0.network"));
}

TEST(Guard, AnotherGatewayAloneIsGuardedToo) {
    Host host;
    host.prober.answers = false;
    const auto results = host.bring_to(primary("10.0.0.10/24", "10.0.0.254"));
    EXPECT_EQ(line(results, "primary").outcome, Outcome::unchanged);
    EXPECT_EQ(line(results, "route/default").outcome, Outcome::failed);
    EXPECT_THAT(host.gateways(), ElementsAre("10.0.0.1"));
}

TEST(Guard, WhereThereWasNoWayThereIsNothingToGoBackTo) {
    Host host;
    host.kernel = fakes::FakeRtnl(server());
    host.owned = {};
    host.prober.answers = false;
    host.bring_to(primary("10.0.9.10/24", "10.0.9.1"));
    EXPECT_THAT(host.addresses(), ElementsAre("10.0.9.10/24"));
    EXPECT_THAT(host.prober.asked, IsEmpty());
}

TEST(Guard, APartOfTheWayThatIsPutBackIsNoChangeOfIt) {
    Host host;
    host.prober.answers = false;
    host.kernel.kernel().addresses.clear();  // the kernel keeps the default route
    host.bring_to(primary("10.0.0.10/24", "10.0.0.1"));
    EXPECT_THAT(host.addresses(), ElementsAre("10.0.0.10/24"));
    EXPECT_THAT(host.prober.asked, IsEmpty());
}

TEST(Guard, WhatStaysWithAFormerAddressIsNotExchangedBehindIt) {
    Host host;
    host.kernel.kernel().addresses = {ours("fd00::5/64")};
    host.owned.primaries = host.owned.addresses = {cidr("fd00::5/64")};
    host.prober.answers = false;
    Wanted wanted = primary("10.0.9.10/24", "10.0.9.1");
    wanted.aliases = {alias("fd00::5/128")};
    for (int time : {1, 2}) {
        const auto results = host.bring_to(wanted);
        EXPECT_THAT(host.addresses(), ElementsAre("fd00::5/64")) << time;
        EXPECT_EQ(line(results, "alias/fd00::5/128").outcome, Outcome::skipped) << time;
    }
    host.prober.answers = true;
    host.bring_to(wanted);
    EXPECT_THAT(host.addresses(), UnorderedElementsAre("fd00::5/128", "10.0.9.10/24"));
}

TEST(Guard, AFormerAddressThatBecomesAnAliasIsNotForgottenBeforeTheChangeIsThere) {
    Host host;
    host.kernel.kernel().routes.clear();
    host.prober.answers = false;
    Wanted wanted = primary("10.0.9.10/24", "10.0.9.1");
    wanted.aliases = {alias("10.0.0.10/24")};
    for (std::size_t time : {1u, 2u}) {
        host.bring_to(wanted);
        EXPECT_EQ(host.prober.asked.size(), time);
        EXPECT_THAT(host.addresses(), ElementsAre("10.0.0.10/24"));
    }
}

TEST(Guard, AHalfDoneGroupIsTakenBackFromItsJournal) {
    Host host;
    const Plan<Op> made =
        plan(primary("10.0.9.10/24", "10.0.9.1"), host.kernel.kernel(), host.owned);
    std::vector<std::string> undo;
    for (const Step<Op>& step : made.steps)
        if (!step.group.empty()) {
            const StepNote note = note_of(step);
            undo.insert(undo.begin(), note.undo.begin(), note.undo.end());
            if (const auto* op = std::get_if<KernelOp>(&step.op)) host.kernel.apply({op, 1});
        }
    EXPECT_THAT(host.gateways(), ElementsAre("10.0.9.1"));
    ASSERT_TRUE(take_back(undo, host.doors));
    EXPECT_THAT(host.addresses(), ElementsAre("10.0.0.10/24"));
    EXPECT_THAT(host.gateways(), ElementsAre("10.0.0.1"));
    EXPECT_TRUE(take_back(undo, host.doors)) << "a second crash in the middle of taking back";
}

TEST(OpText, EveryOperationThatTakesSomethingBackIsReadAgain) {
    const KernelRoute full{.ifindex = 7,
                           .to = cidr("fd00:8::/32"),
                           .via = ip("fe80::1"),
                           .table = 7701,
                           .metric = 100,
                           .protocol = our_protocol,
                           .type = 2};
    const std::vector<KernelOp> ops{
        AddAddress{.ifindex = 2, .first = cidr("10.0.0.5/24"), .count = 3},
        AddAddress{.ifindex = 2, .first = cidr("fd00::5/128"), .deprecated = true},
        RemoveAddress{2, cidr("10.0.0.5/24"), true},
        RemoveAddress{2, cidr("10.0.0.5/24")},
        AddRoute{.route = full, .prefsrc = ip("fd00::5"), .replace = true},
        AddRoute{.route = route("0.0.0.0/0", "10.0.0.1", our_protocol)},
        RemoveRoute{full}};
    for (const KernelOp& op : ops) {
        const std::string text = journal_form(Op{op});
        const Result<KernelOp> again = op_from(text);
        ASSERT_TRUE(again) << text;
        EXPECT_EQ(*again, op) << text;
    }
    EXPECT_EQ(journal_form(Op{ReloadPersister{}}), "");
    for (const char* bad : {"", "add", "add address x nic 2", "add address 10.0.0.5/24 nic two",
                            "add address 10.0.0.5/24", "remove everything 10.0.0.5/24 nic 2"})
        EXPECT_FALSE(op_from(bad)) << bad;
}

}  // namespace
}  // namespace metalwright::netcfg
