// From what was seen to what is said: every finding, with its level. A healthy host is the ground,
// and each test breaks one thing of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "agent/daemon/doctor/judge.hpp"

namespace metalwright::daemon::doctor {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year;
using testing::AllOf;
using testing::Each;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

File file(std::string path, unsigned mode = 0600, File::Kind kind = File::Kind::regular) {
    return {.path = std::move(path), .error = 0, .kind = kind, .mode = mode};
}
File absent(std::string path) {
    return {.path = std::move(path), .error = ENOENT};
}
File hidden(std::string path) {
    return {.path = std::move(path), .error = 0, .open_error = EACCES};
}

netcfg::Link nic(std::string name, int index = 2) {
    return {.index = index,
            .name = std::move(name),
            .mac = "52:54:00:00:00:0" + std::to_string(index),
            .bus_path = "pci0000:00/0000:00:0" + std::to_string(index) + ".0",
            .up = true,
            .carrier = true};
}

raid::Array array(std::string name) {
    raid::Array one{.name = std::move(name), .kernel_name = "md127", .level = "raid1"};
    one.raid_devices = 2;
    one.array_state = "clean";
    one.sync_action = "idle";
    one.members = {{.disk = "D1", .role = "0"}, {.disk = "D2", .role = "1"}};
    return one;
}

class Doctor : public testing::Test {
 protected:
    Doctor() {
        seen.now = sys_days(year(2026) / 6 / 1);
        seen.built_in = 2026;
        seen.config_file = file("/etc/metalwright/metalwright.toml", 0644);
        seen.state_dir = file("/var/lib/metalwright", 0700, File::Kind::directory);
        seen.database = file("/var/lib/metalwright/state.db");
        seen.space = Space{.at = "/var/lib/metalwright", .bytes = 1ULL << 34, .inodes = 1 << 20};
        seen.store = Result<store::Checkup>(store::Checkup{.version = 3});
        seen.gate = file("/run/metalwright-link/link.sock", 0660, File::Kind::other);
        seen.synchronized = true;
        seen.systemd = true;
        seen.runner = file("/usr/libexec/metalwright/metalwright-run", 0755);
        seen.tools = {{"mdadm", "orders with arrays", "/sbin/mdadm"},
                      {"ssh-keygen", "keys", "/usr/bin/ssh-keygen", true}};
        netcfg::Observed network{.links = {nic("eth0")}};
        network.persisted.persister = netcfg::Persister::networkd;
        network.persisted.networkd_running = true;
        seen.network = std::move(network);
    }

    Findings found() const { return judge(seen); }

    /// What is not in order, as "level check where: message".
    std::vector<std::string> wrong() const {
        std::vector<std::string> all;
        for (const Finding& one : found())
            if (one.level != Level::ok)
                all.push_back(std::string(to_string(one.level)) + ' ' + one.check + ' ' +
                              one.where + ": " + one.message);
        return all;
    }
    /// One thing is wrong, and what to do is said.
    void only(Level level, std::string_view check, const std::string& words) const {
        Findings bad = found();
        std::erase_if(bad, [](const Finding& one) { return one.level == Level::ok; });
        ASSERT_EQ(bad.size(), 1u) << testing::PrintToString(wrong());
        EXPECT_EQ(to_string(bad[0].level), to_string(level)) << bad[0].message;
        EXPECT_EQ(bad[0].check, check);
        EXPECT_THAT(bad[0].where + ": " + bad[0].message, HasSubstr(words));
        EXPECT_NE(bad[0].advice, "") << "what is to be done?";
    }
    void problem(std::string_view check, const std::string& words) const {
        only(Level::problem, check, words);
    }
    void warning(std::string_view check, const std::string& words) const {
        only(Level::warning, check, words);
    }
    void says(const std::string& words) const {
        EXPECT_THAT(found(), testing::Contains(Field(&Finding::message, HasSubstr(words))));
    }

    Seen seen;
};

TEST_F(Doctor, OfAHealthyHostEveryCheckSaysOk) {
    EXPECT_THAT(wrong(), IsEmpty());
    for (const char* check :
         {"configuration", "store", "link", "clock", "tools", "network", "raid", "permissions"})
        EXPECT_THAT(found(), testing::Contains(Field(&Finding::check, check)));
}

// ---- configuration ----------------------------------------------------------------------------

TEST_F(Doctor, EveryErrorOfTheConfigurationIsToldWithItsPlace) {
    seen.config_errors = {{Errc::invalid_spec, "log.levle is not a key", "m.toml:3"},
                          {Errc::invalid_spec, "state.dir must be an absolute path", "m.toml:7"}};
    EXPECT_THAT(wrong(),
                testing::ElementsAre("problem configuration m.toml:3: log.levle is not a key",
                                     "problem configuration m.toml:7: state.dir must be an "
                                     "absolute path",
                                     AllOf(HasSubstr("warning configuration"),
                                           HasSubstr("as if every key had its default"))));
}

TEST_F(Doctor, AConfigurationThatWasNamedHasToBeThere) {
    seen.config_file = absent("/m.toml");
    EXPECT_THAT(wrong(), IsEmpty()) << "a host needs none";
    seen.config_named = true;
    problem("configuration", "/m.toml: cannot be read: No such file");
}

TEST_F(Doctor, AConfigurationThatOthersMayWriteIsAProblem) {
    seen.config_file.mode = 0664;
    problem("configuration", "others than its owner may write it");
    seen.config_file.mode = 0644;
    seen.config_file.uid = 1000;
    problem("configuration", "belongs to uid 1000");
}

TEST_F(Doctor, ABrokenCatalogueIsTold) {
    seen.config.catalogue = "/c.json";
    seen.catalogue_errors = {{Errc::invalid_spec, "raidTypes must be an object", "/raidTypes"}};
    problem("configuration", "the catalogue: raidTypes must be");
}

TEST_F(Doctor, ASecretIsItsOwnersAlone) {
    const auto with = [&](File secret) { seen.secrets = {{"link.https.token_file", secret}}; };
    with(file("/t", 0600));
    EXPECT_THAT(wrong(), IsEmpty());
    with(file("/t", 0604));
    problem("configuration", "everybody on this host can read or write");
    with(file("/t", 0640));
    warning("configuration", "a group may read");
    with(absent("/t"));
    problem("configuration", "link.https.token_file cannot be read: No such file");
    File foreign = file("/t");
    foreign.uid = 12;
    with(foreign);
    warning("configuration", "belongs to uid 12");
    with(file("/t"));
    seen.secrets[0].content = fail(Errc::invalid_spec, "does not hold a token");
    problem("configuration", "does not hold a token");
}

// ---- state ------------------------------------------------------------------------------------

TEST_F(Doctor, AHostThatHasTakenNoOrderYetIsInOrder) {
    seen.database = absent("/var/lib/metalwright/state.db");
    seen.store.reset();
    EXPECT_THAT(wrong(), IsEmpty());
    says("no document has come");
    seen.state_dir = absent("/var/lib/metalwright");
    EXPECT_THAT(wrong(), IsEmpty());
    says("makes it at its first start");
}

TEST_F(Doctor, AStateDirectoryThatIsNoneIsAProblem) {
    seen.state_dir.kind = File::Kind::regular;
    problem("store", "is no directory");
    seen.state_dir = {.path = "/var/lib/metalwright", .error = EIO};
    problem("store", "cannot be looked at: Input/output error");
}

TEST_F(Doctor, TheStateIsItsOwnersAlone) {
    seen.state_dir.mode = 0777;
    problem("store", "others than its owner may write here");
    seen.state_dir.mode = 0755;
    seen.database.mode = 0644;
    problem("store", "others than its owner may read it");
    seen.database.mode = 0600;
    seen.database.uid = 5;
    problem("store", "belongs to uid 5");
}

TEST_F(Doctor, ADamagedStoreIsAProblemWithTheNextStep) {
    seen.store = Result<store::Checkup>(store::Checkup{.damage = "row 7 missing"});
    problem("store", "the store is damaged (row 7 missing)");
}

TEST_F(Doctor, AStoreThatIsNotOursOrNewerIsAProblem) {
    seen.store = Result<store::Checkup>(store::Checkup{.ours = false});
    problem("store", "another program's database");
    seen.store = Result<store::Checkup>(store::Checkup{.version = 9, .newer = true});
    problem("store", "written by a newer metalwright (its tables have version 9)");
}

TEST_F(Doctor, AStoreThatCannotBeReadIsAProblemAndOneThatMayNotBeIsNotChecked) {
    seen.store = fail(Errc::io, "the store cannot be read: disk I/O error", "/s", EIO);
    problem("store", "disk I/O error");
    seen.store = fail(Errc::unsupported, "state.db-shm is missing", "/s");
    warning("store", "not checked: state.db-shm is missing");
}

TEST_F(Doctor, ALockedStoreIsAWarningAndSoIsOneThatWillBe) {
    seen.store = Result<store::Checkup>(store::Checkup{.locked = "the store was made anew"});
    warning("store", "what destroys data is locked: the store was made anew");
    seen.store = Result<store::Checkup>(store::Checkup{.doubt = "the store is an older copy"});
    warning("store", "will be locked at the daemon's start: the store is an older copy");
}

TEST_F(Doctor, ReportsThatWaitAreToldWhenThereAreMany) {
    seen.config.urls = {"https://cp.example"};
    const auto with = [&](std::int64_t count, std::uint64_t bytes) {
        seen.store =
            Result<store::Checkup>(store::Checkup{.reports_waiting = count, .report_bytes = bytes});
    };
    with(19, 1000);
    EXPECT_THAT(wrong(), IsEmpty());
    with(20, 1000);
    warning("store", "20 reports wait for the control plane");
    with(20, seen.config.outbox_max_bytes);
    warning("store", "those of single steps are left out");
    with(20, 2 * seen.config.outbox_max_bytes);
    problem("store", "documents are refused");
    with(20, 1000);
    seen.config.urls.clear();
    EXPECT_THAT(wrong(), IsEmpty()) << "nobody is to take them";
}

TEST_F(Doctor, AFullFileSystemIsToldBeforeItIsFull) {
    says("16384 MiB are free");
    seen.space->bytes = 100 << 20;
    warning("store", "100 MiB left, and reports that wait may need 128 MiB");
    seen.space->bytes = 10 << 20;
    problem("store", "10 MiB left: documents are refused");
    seen.space->bytes = 1ULL << 34;
    seen.space->inodes = 500;
    warning("store", "500 inodes left");
    seen.space->inodes = 3;
    problem("store", "no inodes left");
    seen.space->counts_inodes = false;
    EXPECT_THAT(wrong(), IsEmpty()) << "btrfs has none";
    seen.space->read_only = true;
    problem("store", "mounted read-only");
}

// ---- link -------------------------------------------------------------------------------------

TEST_F(Doctor, WithoutALinkItIsSaidWhereDocumentsComeFrom) {
    says("none is configured: documents come from `metalwright apply` alone");
}

TEST_F(Doctor, ALinkThatIsToReportAndIsNotThereIsAProblem) {
    seen.config.reporting_link = "https";
    problem("link", "over https, and no URL is named");
    seen.config.reporting_link = "file";
    problem("link", "to files, and no directory is named");
}

TEST_F(Doctor, AUrlAndItsHostAreJudged) {
    seen.config.urls = {"https://cp.example"};
    seen.urls = {{"link.https.urls", "https://cp.example",
                  agent::link::Url{.host = "cp.example", .port = "443"}}};
    seen.hosts = {{"cp.example", std::vector<std::string>{"192.0.2.1", "192.0.2.2"}}};
    EXPECT_THAT(wrong(), IsEmpty());
    says("is 192.0.2.1 and 1 more");
    seen.hosts[0].addresses = fail(Errc::unavailable, "the name cannot be resolved");
    problem("link", "cp.example: the name cannot be resolved");
    seen.hosts.clear();
    seen.urls[0].url = fail(Errc::refused, "plain http is for this machine alone");
    problem("link", "plain http is for this machine alone");
}

TEST_F(Doctor, ACertificateIsToldBeforeItExpires) {
    const auto until = [&](days left, bool authorities = false) {
        seen.certificates = {
            {"link.https.cert_file", "/c.pem",
             std::vector{agent::link::Validity{seen.now - days(10), seen.now + days(900)},
                         {seen.now - days(10), seen.now + left}},
             authorities}};
    };
    until(days(31));
    EXPECT_THAT(wrong(), IsEmpty());
    says("is valid until 2026-07-02");
    until(days(29));
    warning("link", "/c.pem: the certificate expires on 2026-06-30");
    until(days(-1));
    problem("link", "has expired on 2026-05-31");
    until(days(-1), /*authorities=*/true);
    EXPECT_THAT(wrong(), IsEmpty()) << "another authority of the file will do";
    seen.certificates[0].authorities = false;
    seen.certificates[0].validities =
        std::vector{agent::link::Validity{seen.now + days(1), seen.now + days(900)}};
    problem("link", "is valid from 2026-06-02 on");
    seen.certificates[0].validities = fail(Errc::invalid_spec, "holds no certificate in PEM");
    problem("link", "link.https.cert_file: holds no certificate");
}

TEST_F(Doctor, AKeyThatIsNotTheCertificatesIsAProblemOfTheLink) {
    seen.link_tls = fail(Errc::invalid_spec, "is not the key of its certificate", "/k.pem");
    problem("link", "/k.pem: is not the key");
    seen.link_tls = {};
    seen.api_tls = fail(Errc::invalid_spec, "it holds no private key", "/a.pem");
    problem("link", "/a.pem: it holds no private key");
    seen.api_tls = {};
    // What is told of the file already is not told again.
    seen.link_tls = fail(Errc::invalid_spec, "cannot be read", "/c.pem");
    seen.certificates = {{"link.https.cert_file", "/c.pem", fail(Errc::not_found, "no such file")}};
    problem("link", "link.https.cert_file: no such file");
}

TEST_F(Doctor, TheWatchedDirectoryHasToBeThere) {
    seen.config.watched_directory = "/spool";
    seen.watched_directory = file("/spool", 0755, File::Kind::directory);
    EXPECT_THAT(wrong(), IsEmpty());
    seen.watched_directory->mode = 0777;
    problem("link", "documents in it are carried out as root");
    seen.watched_directory = absent("/spool");
    problem("link", "no document can come from it");
    seen.watched_directory = file("/spool");
    problem("link", "is no directory");
}

// ---- clock ------------------------------------------------------------------------------------

TEST_F(Doctor, AClockThatWasNeverSetIsAProblem) {
    seen.now = sys_days(year(1970) / 1 / 1);
    problem("clock", "it says that this is 1970");
}

TEST_F(Doctor, AClockThatNobodySynchronizesIsAWarning) {
    seen.synchronized = false;
    warning("clock", "not synchronized");
    seen.synchronized.reset();
    warning("clock", "not checked");
}

// ---- tools ------------------------------------------------------------------------------------

TEST_F(Doctor, AToolThatIsMissingIsToldWithItsPackage) {
    seen.tools[0].path =
        fail(Errc::not_found, "mdadm is not on this host, install it: apt-get install mdadm");
    warning("tools", "mdadm is not on this host, and is needed for orders with arrays");
    EXPECT_THAT(found(),
                testing::Contains(Field(&Finding::advice, "install it: apt-get install mdadm")));
    seen.arrays = std::vector{array("data")};
    problem("tools", "needed for the arrays that are here");
}

TEST_F(Doctor, AToolThatFewOrdersNeedIsNoFault) {
    seen.tools[1].path = fail(Errc::not_found, "ssh-keygen is not on this host, install it");
    EXPECT_THAT(wrong(), IsEmpty());
    says("ssh-keygen is not on this host; it is needed only for keys");
}

TEST_F(Doctor, WithoutSystemdOrTheRunnerItIsSaidWhatIsMissing) {
    seen.systemd = false;
    warning("tools", "systemd: did not start this host");
    seen.systemd = true;
    seen.runner = absent("/r");
    problem("tools", "/r: the runner of user data is not there");
}

// ---- network ----------------------------------------------------------------------------------

TEST_F(Doctor, ANicThatTheConfigurationNamesHasToBeThere) {
    seen.config.nic.name = "eth7";
    problem("network", "network.nic_name: ");
    seen.config.nic.name = "eth0";
    seen.config.wan.mac = "52:54:00:00:00:99";
    problem("network", "network.wan_nic_name: ");
}

TEST_F(Doctor, AHostWithoutNicsIsAWarning) {
    seen.network->links.clear();
    warning("network", "");
    seen.network = fail(Errc::io, "no netlink");
    problem("network", "the kernel does not tell of its NICs");
}

TEST_F(Doctor, ANicWithoutCableOrDownIsAWarning) {
    seen.network->links[0].carrier = false;
    warning("network", "eth0: has no carrier");
    seen.network->links[0].up = false;
    warning("network", "eth0: is down");
}

TEST_F(Doctor, SomebodyElseWhoManagesTheNicIsNamed) {
    seen.owners[2].network_manager = true;
    warning("network", "eth0: NetworkManager manages it too");
    seen.config.neighbours.network_manager = true;
    EXPECT_THAT(wrong(), IsEmpty()) << "he has been told";
    seen.owners[2].network_file = "/etc/systemd/network/10-lan.network";
    warning("network", "systemd-networkd (/etc/systemd/network/10-lan.network) manages it too");
    seen.config.neighbours.networkd = true;
    EXPECT_THAT(wrong(), IsEmpty());
    seen.config.neighbours.networkd = false;
    seen.owners[2].network_file = "/etc/systemd/network/05-metalwright-eth0.network";
    EXPECT_THAT(wrong(), IsEmpty()) << "that file is ours";
}

TEST_F(Doctor, NobodyWhoSetsTheNicUpAtBootIsAWarning) {
    seen.network->persisted.persister = netcfg::Persister::none;
    warning("network", "nobody here sets NICs up at boot");
    seen.config.persist = "systemd-networkd";
    seen.network->persisted.networkd_running = false;
    warning("network", "it does not run");
}

// ---- raid -------------------------------------------------------------------------------------

TEST_F(Doctor, ADegradedArrayIsAProblemAndOneThatIsRebuiltAWarning) {
    seen.arrays = std::vector{array("data")};
    EXPECT_THAT(wrong(), IsEmpty());
    raid::Array& one = seen.arrays->front();
    one.degraded = 1;
    one.members.pop_back();
    problem("raid", "data: the array is degraded");
    one.array_state = "inactive";
    problem("raid", "data: the array is ");
    one = array("data");
    one.sync_action = "resync";
    warning("raid", "data: the array is resyncing");
    one = array("data");
    one.members.push_back({.disk = "D3", .role = "faulty"});
    warning("raid", "data: the array is whole, but without a spare that was lost");
    seen.arrays = fail(Errc::io, "no /sys/block");
    problem("raid", "the kernel does not tell of its arrays");
}

TEST_F(Doctor, AControllerWithoutItsToolIsNamedWithTheToolToInstall) {
    const auto advice_for = [&](PciController one) {
        seen.pci_controllers = {std::move(one)};
        for (const Finding& finding : found())
            if (finding.level != Level::ok) return finding.advice;
        return std::string();
    };
    EXPECT_THAT(advice_for({"0000:3b:00.0", 0x1000, 0x1000, "megaraid_sas"}),
                HasSubstr("install storcli,"));
    warning("raid", "0000:3b:00.0: no RAID tool is here");
    EXPECT_THAT(advice_for({"0000:3b:00.0", 0x1000, 0x1028, "megaraid_sas"}),
                HasSubstr("install perccli,"));
    EXPECT_THAT(advice_for({"0000:3b:00.0", 0x1000, 0x1000, "mpi3mr"}), HasSubstr("storcli2"));
    EXPECT_THAT(advice_for({"0000:3b:00.0", 0x1000, 0x1028, "mpi3mr"}), HasSubstr("perccli2"));
    seen.raid_tools = {"/opt/storcli64"};
    seen.controllers = raid::Controllers{};
    EXPECT_EQ(advice_for({"0000:3b:00.0", 0x1000, 0x1000, "mpi3mr"}), "");
    EXPECT_THAT(advice_for({"0000:3b:00.0", 0x1000, 0x1000, ""}), HasSubstr("load megaraid_sas"));
    problem("raid", "no driver has this RAID controller");
    EXPECT_EQ(advice_for({"0000:00:17.0", 0x8086, 0x8086, "ahci"}), "") << "the kernel's own";
    EXPECT_THAT(advice_for({"0000:3b:00.0", 0x9005, 0x103c, "smartpqi"}), HasSubstr("maker's"));
    warning("raid", "vendor 0x9005");
}

TEST_F(Doctor, WhatAControllersToolSaysIsTold) {
    seen.raid_tools = {"/opt/storcli64"};
    raid::Controller controller{.id = "storcli64/c0", .tool = "/opt/storcli64", .model = "9460"};
    controller.volumes = {{.id = 239, .state = raid::VolumeState::optimal}};
    seen.controllers = raid::Controllers{.list = {controller}};
    EXPECT_THAT(wrong(), IsEmpty());
    says("9460 is optimal");
    raid::Controller& one = seen.controllers->list[0];
    one.volumes[0].state = raid::VolumeState::degraded;
    problem("raid", "storcli64/c0: volume 239 is degraded");
    one.volumes.clear();
    one.flags = {"foreign-config"};
    warning("raid", "waits for an operator: foreign-config");
    one.flags.clear();
    one.errors = {{Errc::timed_out, "it did not answer"}};
    problem("raid", "it did not answer");
    seen.controllers = raid::Controllers{.errors = {{Errc::io, "no JSON", "/opt/storcli64"}}};
    problem("raid", "/opt/storcli64: no JSON");
}

// ---- permissions ------------------------------------------------------------------------------

TEST_F(Doctor, WhoIsNotRootIsToldWhatCouldNotBeLookedAt) {
    seen.uid = 1000;
    seen.config_file = hidden("/m.toml");
    seen.state_dir = hidden("/var/lib/metalwright");
    seen.raid_tools = {"/opt/storcli64"};
    Findings bad = found();
    std::erase_if(bad, [](const Finding& one) { return one.level == Level::ok; });
    EXPECT_THAT(bad, Each(Field(&Finding::level, Level::warning))) << "nothing is known of it";
    EXPECT_EQ(std::ranges::count(bad, "configuration", &Finding::check), 2);
    ASSERT_EQ(bad.back().check, "permissions");
    EXPECT_THAT(bad.back().message, HasSubstr("(configuration, raid, store)"));
    bad.pop_back();
    EXPECT_THAT(bad, Each(Field(&Finding::unchecked, true)));
    EXPECT_THAT(bad, Each(Field(&Finding::message, HasSubstr("not checked"))))
        << "and none is silently left out";
}

TEST_F(Doctor, EveryFileThatMayNotBeReadIsSaidToBeUnchecked) {
    seen.uid = 1000;
    const auto unchecked = [&] {
        return std::ranges::count_if(found(), [](const Finding& one) { return one.unchecked; });
    };
    EXPECT_EQ(unchecked(), 0);
    seen.secrets = {{"link.https.token_file", hidden("/t")}};
    EXPECT_EQ(unchecked(), 1);
    seen.database = hidden("/var/lib/metalwright/state.db");
    EXPECT_EQ(unchecked(), 2);
    seen.certificates = {
        {"link.https.cert_file", "/c.pem", fail(Errc::io, "denied", "/c.pem", EACCES)}};
    EXPECT_EQ(unchecked(), 3);
    seen.watched_directory = hidden("/spool");
    EXPECT_EQ(unchecked(), 4);
    seen.runner = hidden("/r");
    EXPECT_EQ(unchecked(), 5);
}

TEST_F(Doctor, WhatIsWrongAlwaysComesWithWhatToDo) {
    seen.uid = 1000;
    seen.config_errors = {{Errc::invalid_spec, "x", "m.toml:1"}};
    seen.store = Result<store::Checkup>(store::Checkup{.damage = "x"});
    seen.synchronized = false;
    seen.systemd = false;
    seen.network->links[0].carrier = false;
    Findings bad = found();
    std::erase_if(bad, [](const Finding& one) { return one.level == Level::ok; });
    EXPECT_GE(bad.size(), 7u);
    EXPECT_THAT(bad, Each(Field(&Finding::advice, Not(IsEmpty()))));
}

TEST_F(Doctor, WhoFacesTheNetworkIsTold) {
    const auto told = [&] {
        std::string all;
        for (const Finding& one : found())
            if (one.where == "metalwright-link")
                all += std::string(to_string(one.level)) + ": " + one.message;
        return all;
    };
    EXPECT_EQ(told(), "") << "nobody does";
    seen.config.tcp_address = "192.0.2.7";
    EXPECT_THAT(told(), HasSubstr("ok: faces the network"));
    seen.gate.error = ENOENT;
    only(Level::warning, "link", "the daemon, which is root, faces the network itself");
    seen.systemd = false;
    EXPECT_THAT(told(), HasSubstr("ok: is a unit of systemd's"));
}

TEST_F(Doctor, TheDocumentSaysWhoIsAtWork) {
    Diagnosis diagnosis{.findings = {{Level::problem, "clock", "", "it is 1970", "set it"}},
                        .socket = "/s"};
    EXPECT_EQ(
        to_json(diagnosis),
        R"({"findings":[{"level":"problem","check":"clock","where":"","message":"it is 1970",)"
        R"("advice":"set it","unchecked":false}],"socket":"/s"})");
    diagnosis.pid_known = true;
    EXPECT_THAT(to_json(diagnosis), HasSubstr(R"("pid":null)"));
    diagnosis.pid = 812;
    EXPECT_THAT(to_json(diagnosis), HasSubstr(R"("pid":812)"));
}

}  // namespace
}  // namespace metalwright::daemon::doctor
