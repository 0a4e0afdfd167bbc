#include <gmock/gmock.h>

#include "netcfg/persist/text.hpp"
#include "scene.hpp"

namespace metalwright::netcfg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* networkd_file = "/etc/systemd/network/05-metalwright-eth0.network";
constexpr const char* ifupdown_file = "/etc/network/interfaces.d/metalwright-eth0";

Wanted full() {
    Wanted wanted = primary("10.0.0.10/24", "10.0.0.1");
    wanted.primary->mtu = 1500;
    wanted.primary->dns = {ip("10.0.0.2"), ip("fd00::53")};
    wanted.primary->routes = {{.to = cidr("10.8.0.0/16"), .via = ip("10.0.0.254"), .metric = 100}};
    wanted.aliases = {alias("10.0.0.5"), alias("10.0.2.0/28"), alias("fd00::5")};
    return wanted;
}

Observed found(Persister persister, ResolvConf resolv_conf = ResolvConf::resolved) {
    Observed seen = server();
    seen.persisted = {.persister = persister, .resolv_conf = resolv_conf};
    return seen;
}

/// What the first PersistConfig step of an item writes to `path`.
std::string written(const Plan<Op>& plan, std::string_view path) {
    for (const Step<Op>& step : plan.steps)
        if (const auto* op = std::get_if<PersistConfig>(&step.op))
            for (const TextFile& file : op->write)
                if (file.path == path) return file.content;
    return "not written";
}

std::vector<std::string> file_steps(const Plan<Op>& plan) {
    std::vector<std::string> lines;
    for (std::string& line : steps_of(plan))
        if (line.starts_with("persist") || line.starts_with("dns"))
            lines.push_back(std::move(line));
    return lines;
}

TEST(Persist, NetworkdTextIsExact) {
    EXPECT_EQ(
        written(plan(full(), found(Persister::networkd), {}), networkd_file),
        "# Written by metalwright from the host's spec; what is changed here is overwritten.\n"
        "[Match]\n"
        "PermanentMACAddress=52:54:00:4d:57:01\n"
        "\n"
        "[Link]\n"
        "MTUBytes=1500\n"
        "\n"
        "[Network]\n"
        "LinkLocalAddressing=ipv6\n"
        "KeepConfiguration=static\n"
        "ConfigureWithoutCarrier=yes\n"
        "DNS=10.0.0.2\n"
        "DNS=fd00::53\n"
        "\n"
        "[Address]\n"
        "Address=10.0.0.10/24\n"
        "\n"
        "[Route]\n"
        "Gateway=10.0.0.1\n"
        "Protocol=77\n"
        "\n"
        "[Route]\n"
        "Destination=10.8.0.0/16\n"
        "Gateway=10.0.0.254\n"
        "Metric=100\n"
        "Protocol=77\n"
        "\n"
        "# Aliases\n"
        "\n"
        "[Address]\n"
        "Address=10.0.0.5/32\n"
        "\n"
        "[Route]\n"
        "Destination=10.0.2.0/28\n"
        "Type=local\n"
        "Table=local\n"
        "Protocol=77\n"
        "\n"
        "[Address]\n"
        "Address=fd00::5/128\n"
        "PreferredLifetime=0\n"
        "DuplicateAddressDetection=none\n");
}

TEST(Persist, IfupdownTextIsExact) {
    EXPECT_EQ(
        written(plan(full(), found(Persister::ifupdown), {}), ifupdown_file),
        "# Written by metalwright from the host's spec; what is changed here is overwritten.\n"
        "auto eth0\n"
        "iface eth0 inet static\n"
        "    address 10.0.0.10/24\n"
        "    mtu 1500\n"
        "    dns-nameservers 10.0.0.2 fd00::53\n"
        "    up /sbin/ip route add 0.0.0.0/0 via 10.0.0.1 dev eth0 proto 77 || true\n"
        "    up /sbin/ip route add 10.8.0.0/16 via 10.0.0.254 dev eth0 metric 100 proto 77 || "
        "true\n"
        "# Aliases\n"
        "    up /sbin/ip address add 10.0.0.5/32 dev eth0 || true\n"
        "    up /sbin/ip route add local 10.0.2.0/28 dev eth0 table local proto 77 || true\n"
        "    up /sbin/ip -6 address add fd00::5/128 dev eth0 nodad preferred_lft 0 || true\n");
}

TEST(Persist, ANicWithoutAPermanentMacIsMatchedByMacAndName) {
    Observed seen = found(Persister::networkd);
    seen.links[1].permanent_mac.clear();
    EXPECT_THAT(written(plan(full(), seen, {}), networkd_file),
                HasSubstr("[Match]\nMACAddress=52:54:00:4d:57:01\nName=eth0\n"));
}

TEST(Persist, TheSameTextIsUnchanged) {
    for (const Persister persister : {Persister::networkd, Persister::ifupdown}) {
        Observed seen = found(persister);
        const char* path = persister == Persister::networkd ? networkd_file : ifupdown_file;
        seen.persisted.files = {{"/etc/network/interfaces", "source /etc/network/interfaces.d/*\n"},
                                {path, written(plan(full(), seen, {}), path)}};
        const Plan<Op> again = plan(full(), seen, {});
        EXPECT_THAT(file_steps(again), IsEmpty());
        EXPECT_EQ(settled(again, "persist").outcome, Outcome::unchanged);
        EXPECT_EQ(settled(again, "dns").outcome, Outcome::unchanged);
    }
}

TEST(Persist, ARunningNetworkdIsToldOnlyWhenItsFileChanged) {
    Observed seen = found(Persister::networkd);
    seen.persisted.networkd_running = true;
    Plan<Op> made = plan(full(), seen, {});
    EXPECT_THAT(file_steps(made),
                ElementsAre("dns: write /etc/systemd/network/05-metalwright-eth0.network",
                            "persist: write /etc/systemd/network/05-metalwright-eth0.network",
                            "persist: reload"));
    seen.persisted.files = {{networkd_file, written(made, networkd_file)}};
    EXPECT_THAT(file_steps(plan(full(), seen, {})), IsEmpty());
}

TEST(Persist, OnlyTheAliasesChangingLeavesDnsUnchanged) {
    Observed seen = found(Persister::networkd);
    seen.persisted.files = {{networkd_file, written(plan(full(), seen, {}), networkd_file)}};
    Wanted fewer = full();
    fewer.aliases->clear();
    const Plan<Op> made = plan(fewer, seen, {});
    EXPECT_EQ(settled(made, "dns").outcome, Outcome::unchanged);
    EXPECT_THAT(written(made, networkd_file), Not(HasSubstr("Aliases")));
}

TEST(Persist, TheUnmanagedHalfOfOurFileIsKept) {
    Observed seen = found(Persister::networkd);
    const std::string both = written(plan(full(), seen, {}), networkd_file);
    seen.persisted.files = {{networkd_file, both}};

    Wanted only_primary = full();
    only_primary.aliases.reset();
    EXPECT_THAT(file_steps(plan(only_primary, seen, {})), IsEmpty());

    const Plan<Op> made = plan(aliases({"10.0.0.6"}), seen, {});
    EXPECT_THAT(written(made, networkd_file), HasSubstr("Address=10.0.0.10/24"));
    EXPECT_THAT(written(made, networkd_file), HasSubstr("Address=10.0.0.6/32"));
    EXPECT_THAT(written(made, networkd_file), Not(HasSubstr("10.0.0.5")));
}

TEST(Persist, AliasesAloneDoNotTakeTheNicFromWhoeverSetsItUp) {
    const Plan<Op> made = plan(aliases({"10.0.0.6"}), found(Persister::networkd), {});
    EXPECT_THAT(file_steps(made), IsEmpty());
    EXPECT_EQ(settled(made, "persist").outcome, Outcome::skipped);
    EXPECT_THAT(settled(made, "persist").error->message, HasSubstr("after a reboot the agent"));
}

TEST(Persist, WithNobodyToSetNicsUpThatIsSaid) {
    const Plan<Op> made = plan(full(), found(Persister::none, ResolvConf::file), {});
    EXPECT_EQ(settled(made, "persist").outcome, Outcome::skipped);
    EXPECT_THAT(settled(made, "persist").error->message, HasSubstr("the agent sets the addresses"));
}

TEST(Persist, RefusedAliasesAreNotPersisted) {
    Wanted wanted = full();
    wanted.aliases->push_back(alias("0.0.0.0"));
    wanted.aliases->push_back(alias("10.0.0.0/28"));
    const std::string text = written(plan(wanted, found(Persister::networkd), {}), networkd_file);
    EXPECT_THAT(text, Not(HasSubstr("0.0.0.0")));
    EXPECT_THAT(text, Not(HasSubstr("10.0.0.0/28")));
}

TEST(Persist, AForeignStanzaForTheNicIsLeftAlone) {
    Observed seen = found(Persister::ifupdown, ResolvConf::foreign);
    seen.persisted.files = {
        {"/etc/network/interfaces", "source /etc/network/interfaces.d/*\n"},
        {"/etc/network/interfaces.d/50-cloud", "auto eth0\n  iface  eth0 inet dhcp\n"}};
    const Plan<Op> made = plan(full(), seen, {});
    EXPECT_THAT(file_steps(made), IsEmpty());
    EXPECT_EQ(settled(made, "persist").outcome, Outcome::skipped);
    EXPECT_EQ(settled(made, "persist").error->where, "/etc/network/interfaces.d/50-cloud");
    EXPECT_EQ(settled(made, "dns").outcome, Outcome::skipped);
}

TEST(Persist, InterfacesIsMadeToReadOurFile) {
    Observed seen = found(Persister::ifupdown);
    seen.persisted.files = {{"/etc/network/interfaces", "auto lo\niface lo inet loopback"}};
    EXPECT_EQ(written(plan(full(), seen, {}), "/etc/network/interfaces"),
              "auto lo\niface lo inet loopback\n"
              "source /etc/network/interfaces.d/metalwright-*\n");
    for (const char* line :
         {"source /etc/network/interfaces.d/*", "source interfaces.d/*",
          "source-directory /etc/network/interfaces.d/", "  source-directory\tinterfaces.d",
          "source /etc/network/interfaces.d/metalwright-*"})
        EXPECT_TRUE(persist::is_sourced(std::string("auto lo\n") + line + '\n', ifupdown_file))
            << line;
    for (const char* line : {"# source /etc/network/interfaces.d/*", "source /etc/network/*",
                             "source /etc/network/interfaces.d/*.cfg", "source"})
        EXPECT_FALSE(persist::is_sourced(line, ifupdown_file)) << line;
}

TEST(Persist, FilesOfAnotherNicOrAnotherWayAreTakenAway) {
    Observed seen = found(Persister::networkd);
    seen.persisted.networkd_running = true;
    const std::string text = written(plan(full(), seen, {}), networkd_file);
    seen.persisted.files = {{ifupdown_file, "old"},
                            {networkd_file, text},
                            {"/etc/systemd/network/05-metalwright-eth9.network", "old"}};
    EXPECT_THAT(file_steps(plan(full(), seen, {})),
                ElementsAre("persist: remove /etc/network/interfaces.d/metalwright-eth0 remove "
                            "/etc/systemd/network/05-metalwright-eth9.network",
                            "persist: reload"));
}

TEST(Persist, ANicNameIsMadeFitForIfupdown) {
    EXPECT_EQ(persist::ifupdown_path(nic(2, "eth0.5", "")),
              "/etc/network/interfaces.d/metalwright-eth0_5");
}

TEST(Dns, ARegularResolvConfGetsOurServersAndKeepsItsOtherLines) {
    Observed seen = found(Persister::networkd, ResolvConf::file);
    seen.persisted.files = {
        {"/etc/resolv.conf",
         "search example.org\nnameserver 1.1.1.1\noptions edns0\nnameserver 9.9.9.9\n"}};
    const Plan<Op> made = plan(full(), seen, {});
    const std::string text = written(made, "/etc/resolv.conf");
    EXPECT_EQ(text,
              "search example.org\nnameserver 10.0.0.2\nnameserver fd00::53\noptions edns0\n");
    seen.persisted.files = {{"/etc/resolv.conf", text}};
    EXPECT_EQ(settled(plan(full(), seen, {}), "dns").outcome, Outcome::unchanged);
    EXPECT_EQ(persist::resolv_conf("options a", full().primary->dns),
              "options a\nnameserver 10.0.0.2\nnameserver fd00::53\n");
}

TEST(Dns, SomebodyElsesResolvConfIsNotWritten) {
    const Plan<Op> made = plan(full(), found(Persister::none, ResolvConf::resolved), {});
    EXPECT_EQ(settled(made, "dns").outcome, Outcome::skipped);
    EXPECT_THAT(settled(made, "dns").error->message, HasSubstr("systemd-resolved"));
}

TEST(Dns, ABadServerIsToldAndTheRestGoesOn) {
    Wanted wanted = full();
    wanted.primary->dns.push_back(ip("224.0.0.1"));
    const Plan<Op> made = plan(wanted, found(Persister::networkd), {});
    EXPECT_EQ(settled(made, "dns").error->code, Errc::invalid_spec);
    EXPECT_THAT(written(made, networkd_file), Not(HasSubstr("DNS=")));
    wanted.primary->dns = {ip("127.0.0.53")};
    EXPECT_THAT(written(plan(wanted, found(Persister::networkd), {}), networkd_file),
                HasSubstr("DNS=127.0.0.53"));
}

}  // namespace
}  // namespace metalwright::netcfg
