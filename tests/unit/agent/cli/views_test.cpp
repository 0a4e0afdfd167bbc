#include "tests/unit/agent/cli/cli_fixture.hpp"

namespace metalwright::agent::cli {
namespace {

using testing::HasSubstr;

TEST_F(Cli, PlanSaysInWordsWhatWouldBeDoneAndMarksWhatDestroysData) {
    daemon.will_answer(R"({"host":"h-1","instance":"i-1","items":[
      {"item":"raid/data","outcome":"planned","error":null,"note":"","steps":[
        {"why":"wipe ext4 from disk S1 (sda), consented","destroysData":true},
        {"why":"create RAID 1 'data' over S1, S2","destroysData":false}]},
      {"item":"hostname","outcome":"unchanged","error":null,"note":"","steps":[]},
      {"item":"password","outcome":"skipped","error":null,"note":"done once for this instance"}]})");
    const std::string order = file("order.json", "{}");
    EXPECT_EQ(run_with({"plan", order}), 0);
    EXPECT_EQ(out.str(),
              "Plan for host h-1, instance i-1\n"
              "\n"
              "ITEM       PLAN       DATA       STEP\n"
              "raid/data  change     destroyed  wipe ext4 from disk S1 (sda), consented\n"
              "                                 create RAID 1 'data' over S1, S2\n"
              "hostname   unchanged\n"
              "password   skipped               done once for this instance\n"
              "\n"
              "2 steps for 1 item, 1 of them destroys data. Nothing has been changed; to do it: "
              "metalwright apply " +
                  order + " --wait\n");
    EXPECT_EQ(daemon.asked(), std::vector<std::string>{"POST /v1/plan"});
}

TEST_F(Cli, APlanWithNothingToDoSaysSo) {
    daemon.will_answer(R"({"host":"h-1","instance":"i-1","items":[
      {"item":"raid/data","outcome":"unchanged","steps":[]}]})");
    EXPECT_EQ(run_with({"plan", file("order.json", "{}")}), 0);
    EXPECT_EQ(out.str(),
              "Plan for host h-1, instance i-1\n"
              "\n"
              "ITEM       PLAN\n"
              "raid/data  unchanged\n"
              "\n"
              "Nothing to do: the host already is what the document says.\n");
}

TEST_F(Cli, APlanWithAnItemThatCannotBeDoneEndsWithOne) {
    daemon.will_answer(R"({"host":"h-1","items":[
      {"item":"raid/data","outcome":"failed","steps":[],
       "error":{"code":"refused","message":"disk S1 holds ext4; consent to wiping it","where":"S1"}}]})");
    EXPECT_EQ(run_with({"plan", file("order.json", "{}")}), 1);
    EXPECT_EQ(out.str(),
              "Plan for host h-1\n"
              "\n"
              "ITEM       PLAN    STEP\n"
              "raid/data  failed  S1: disk S1 holds ext4; consent to wiping it\n"
              "\n"
              "1 item cannot be done: the table says why.\n");
}

TEST_F(Cli, APlanOfAReleaseIsItsNote) {
    daemon.will_answer(R"({"host":"h-1","instance":null,"items":[],"note":"a release: ..."})");
    EXPECT_EQ(run_with({"plan", file("release.json", "{}")}), 0);
    EXPECT_EQ(out.str(), "Plan for host h-1\n\na release: ...\n");
}

TEST_F(Cli, StatusOfADaemonThatCannotReadItsState) {
    daemon.will_answer(R"({"host":"h-1","generation":0,"state":"failed",
      "error":{"code":"io","message":"disk I/O error","where":"state.db"}})");
    EXPECT_EQ(run_with({"status"}), 1);
    EXPECT_EQ(out.str(), "host   h-1\nstate  failed\nerror  state.db: disk I/O error\n");
}

constexpr auto running =
    R"({"host":"h-1","instance":"i-1","generation":3,"state":"running","operation":7,
  "items":[{"item":"raid/data","outcome":"changed","error":null,"tookMs":1200}],
  "userData":{"state":"exited","exitCode":0}})";
constexpr auto applying =
    R"({"host":"h-1","generation":3,"state":"applying","operation":7,"items":[],"userData":null})";

TEST_F(Cli, StatusOfARunningHost) {
    daemon.will_answer(running);
    EXPECT_EQ(run_with({"status"}), 0);
    EXPECT_EQ(out.str(),
              "host        h-1\n"
              "instance    i-1\n"
              "state       running\n"
              "generation  3\n"
              "operation   7\n"
              "\n"
              "ITEM       OUTCOME         TOOK\n"
              "raid/data  changed        1.2 s\n"
              "user data  exited with 0\n");
}

TEST_F(Cli, StatusSaysHowTheLinksAreDoing) {
    const auto links = [&](const std::string& list) {
        out.str("");
        daemon.will_answer(R"({"host":"h-1","state":"idle","links":[)" + list + "]}");
        EXPECT_EQ(run_with({"status"}), 0);
        return out.str();
    };
    EXPECT_EQ(links(R"({"name":"link","lastContact":"2026-11-21T21:00:00.123Z","documents":null})"),
              "host   h-1\nstate  idle\nlinks  control plane: heard 2026-11-21 21:00:00 UTC\n");
    EXPECT_EQ(
        links(R"({"name":"file","lastContact":null,"documents":{"code":"io","message":"no folder",
          "where":"/d"},"refused":[{"code":"conflict"}],"certificate":{"revoked":true}})"),
        "host   h-1\nstate  idle\nlinks  watched directory: no documents come: /d: no folder; the "
        "certificate is revoked; the last document was refused for 1 error; not heard yet\n");
}

TEST_F(Cli, StatusOfALockedHostSaysWhyAndWhatToDo) {
    daemon.will_answer(R"({"host":"h-1","instance":null,"generation":0,"state":"idle",
      "locked":{"reason":"the store was made anew","since":"2026-11-21T21:00:00.123Z"},
      "operation":null,"items":[],"userData":{"state":"none"}})");
    EXPECT_EQ(run_with({"status"}), 0);
    EXPECT_EQ(out.str(),
              "host    h-1\nstate   idle\nlocked  what destroys data, since 2026-11-21 21:00:00 "
              "UTC: the store was made anew; unlock it with `metalwright arm`\n");
}

TEST_F(Cli, ArmSaysWhatItUnlocksAndWhatToDoNext) {
    const std::string armed =
        R"({"wasLocked":true,"reason":"the store was made anew","since":"2026-11-21T21:00:00.123Z",)"
        R"("unlocks":["making arrays","running user data"]})";
    daemon.will_answer(armed);
    EXPECT_EQ(run_with({"arm"}), 0);
    EXPECT_EQ(out.str(),
              "Armed. It was locked since 2026-11-21 21:00:00 UTC, because the store was made "
              "anew.\n"
              "From the next operation on this may be done again:\n"
              "  making arrays\n"
              "  running user data\n"
              "Wipe consent and all other safety rules hold as before. Now apply the order again; "
              "one with a\ntoken or a generation needs a new one.\n");
    EXPECT_EQ(daemon.asked(), std::vector<std::string>{"POST /v1/arm"});
    out.str("");
    daemon.will_answer(armed);
    EXPECT_EQ(run_with({"arm", "-o", "json"}), 0);
    EXPECT_THAT(out.str(), HasSubstr("\"wasLocked\": true"));
}

TEST_F(Cli, ArmingWhatIsNotLockedSaysSo) {
    daemon.will_answer(R"({"wasLocked":false,"reason":null,"since":null,"unlocks":[]})");
    EXPECT_EQ(run_with({"arm"}), 0);
    EXPECT_EQ(out.str(), "This host was not locked: nothing has been changed.\n");
}

TEST_F(Cli, AStrangerDoesNotArm) {
    daemon.will_answer(
        R"({"errors":[{"code":"refused","message":"only root may change this host: use sudo",)"
        R"("where":""}]})",
        403);
    EXPECT_EQ(run_with({"arm"}), 1);
    EXPECT_THAT(err.str(), HasSubstr("use sudo"));
}

TEST_F(Cli, StatusOfAHostThatWasToldNothing) {
    daemon.will_answer(
        R"({"host":"h-1","generation":0,"state":"idle","instance":null,"operation":null,"items":[],"userData":{"state":"none","exitCode":null}})");
    EXPECT_EQ(run_with({"status", "--wait"}), 0);
    EXPECT_EQ(out.str(), "host   h-1\nstate  idle\n");
}

TEST_F(Cli, StatusAsJsonIsTheDaemonsFieldByField) {
    daemon.will_answer(
        R"({"host":"h-1","generation":3,"state":"failed","operation":7,"items":[],"userData":null,"later":1.5})");
    EXPECT_EQ(run_with({"status", "-o", "json"}), 1);
    EXPECT_EQ(out.str(), R"({
  "host": "h-1",
  "generation": 3,
  "state": "failed",
  "operation": 7,
  "items": [],
  "userData": null,
  "later": 1.5
}
)");
}

TEST_F(Cli, StatusWaitsUntilNoOperationIsUnderWay) {
    daemon.will_answer(applying);
    daemon.will({.body = applying, .manner = ScriptedDaemon::Answer::Manner::leave});
    daemon.will_answer(running);
    on_pause = [this] {
        if (pauses == 2) daemon.start();
    };
    EXPECT_EQ(run_with({"status", "--wait"}), 0);
    EXPECT_THAT(out.str(), HasSubstr("state       running\n"));
    EXPECT_EQ(daemon.asked().at(1), "GET /v1/status?wait=25");
}

TEST_F(Cli, StatusThatWaitedTooLongShowsWhatIsKnownAndEndsWithFour) {
    daemon.will_answer(applying);
    for (int i = 0; i < 4; ++i) daemon.will_answer(applying);
    EXPECT_EQ(run_with({"status", "--timeout", "1s", "-o", "json"}), 4);
    EXPECT_THAT(out.str(), HasSubstr("\"state\": \"applying\""));
    EXPECT_EQ(err.str(), "metalwright: not finished after 1.0 s, the time given with --timeout\n");
    EXPECT_EQ(time.time_since_epoch(), std::chrono::seconds(1));
}

TEST_F(Cli, WithoutTheDaemonThereIsNoWaiting) {
    daemon.stop();
    EXPECT_EQ(run_with({"status", "--wait", "--timeout", "1h"}), 3);
    EXPECT_EQ(err.str(), "metalwright: " + daemon.socket_path() +
                             ": cannot reach metalwrightd: no such socket; is it running? See "
                             "`systemctl status metalwright`\n");
    EXPECT_EQ(run_with({"status", "-o", "json"}), 3);
    EXPECT_THAT(out.str(), HasSubstr("\"code\": \"unavailable\""));
    EXPECT_EQ(pauses, 0);
}

TEST_F(Cli, AnAnswerThatIsNoJsonObjectIsNotTakenForOne) {
    daemon.will_answer("[]");
    EXPECT_EQ(run_with({"status"}), 1);
    EXPECT_THAT(err.str(), HasSubstr("of one version?"));
    err.str("");
    daemon.will_answer("<html>", 502);
    EXPECT_EQ(run_with({"status"}), 1);
    EXPECT_THAT(err.str(), HasSubstr("HTTP status 502"));
}

TEST_F(Cli, OperationsAreListedNewestFirstAsTheyCome) {
    daemon.will_answer(R"({"operations":[
      {"id":12,"source":"link","kind":"apply","state":"applying","generation":4,"instance":"i-1",
       "acceptedAt":"2026-11-21T21:00:00.123Z","finishedAt":null},
      {"id":7,"source":"admin","kind":"release","state":"done","generation":3,"instance":"i-0",
       "acceptedAt":"2026-11-20T08:00:00.000Z","finishedAt":"2026-11-20T08:02:05.000Z"}]})");
    EXPECT_EQ(run_with({"operations", "--limit", "2"}), 0);
    EXPECT_EQ(
        out.str(),
        "ID  STATE     KIND     SOURCE  GENERATION  ACCEPTED                      TOOK  INSTANCE\n"
        "12  applying  apply    link             4  2026-11-21 21:00:00 UTC             i-1\n"
        " 7  done      release  admin            3  2026-11-20 08:00:00 UTC  2 min 5 s  i-0\n");
    EXPECT_EQ(daemon.asked(), std::vector<std::string>{"GET /v1/operations?limit=2"});
    out.str("");
    daemon.will_answer(R"({"operations":[]})");
    EXPECT_EQ(run_with({"operations"}), 0);
    EXPECT_EQ(out.str(), "No operations yet: `metalwright apply FILE` starts one.\n");
}

TEST_F(Cli, OneOperationWithItsItems) {
    daemon.will_answer(R"({"id":7,"source":"admin","kind":"apply","state":"done","generation":3,
      "instance":"i-0","acceptedAt":"2026-11-20T08:00:00.000Z",
      "finishedAt":"2026-11-20T08:02:05.000Z","items":[
        {"item":"raid/data","outcome":"changed","tookMs":5,"note":"resync 12 %, usable meanwhile"}],
      "userData":{"state":"exited","exitCode":3}})");
    EXPECT_EQ(run_with({"operations", "7"}), 0);
    EXPECT_EQ(out.str(),
              "operation   7\n"
              "state       done\n"
              "kind        apply\n"
              "source      admin\n"
              "generation  3\n"
              "instance    i-0\n"
              "accepted    2026-11-20 08:00:00 UTC\n"
              "finished    2026-11-20 08:02:05 UTC\n"
              "took        2 min 5 s\n"
              "\n"
              "ITEM       OUTCOME        TOOK  NOTE\n"
              "raid/data  changed        5 ms  resync 12 %, usable meanwhile\n"
              "user data  exited with 3\n");
    EXPECT_EQ(daemon.asked(), std::vector<std::string>{"GET /v1/operations/7"});
}

TEST_F(Cli, AnUnknownOperationIsToldInTheDaemonsWords) {
    daemon.will_answer(
        R"({"errors":[{"code":"not_found","message":"no operation 99","where":""}]})", 404);
    EXPECT_EQ(run_with({"operations", "99"}), 1);
    EXPECT_EQ(err.str(), "metalwright: no operation 99\n");
}

TEST_F(Cli, FollowingTheNewestOperationAsJsonIsOneEventALine) {
    daemon.will_answer(R"({"operations":[{"id":12}]})");
    daemon.will_answer(
        R"({"events":[{"seq":1,"kind":"state","note":"applying"}, {"seq":2,"kind":"state"}],"next":2,"finished":true})");
    daemon.will_answer(R"({"events":[],"next":2,"finished":true})");
    daemon.will_answer(R"({"id":12,"state":"degraded","items":[]})");
    EXPECT_EQ(run_with({"operations", "--follow", "-o", "json"}), 1);
    EXPECT_EQ(out.str(),
              "{\"seq\":1,\"kind\":\"state\",\"note\":\"applying\"}\n"
              "{\"seq\":2,\"kind\":\"state\"}\n");
    EXPECT_EQ(daemon.asked(),
              (std::vector<std::string>{
                  "GET /v1/operations?limit=1", "GET /v1/operations/12/events?after=0&wait=25",
                  "GET /v1/operations/12/events?after=2", "GET /v1/operations/12"}));
}

TEST_F(Cli, FollowingAnOperationThatThereIsNot) {
    daemon.will_answer(R"({"operations":[]})");
    EXPECT_EQ(run_with({"operations", "--follow"}), 1);
    EXPECT_EQ(err.str(),
              "metalwright: there is no operation yet; `metalwright apply FILE` starts one\n");
}

TEST_F(Cli, InventoryShowsWhatStandsOnEachDisk) {
    daemon.will_answer(R"({"disks":[
      {"name":"sda","serial":"SYS0","model":"QEMU HARDDISK","transport":"sata","bytes":8589934592,
       "rotational":true,"readOnly":false,"holders":[],"mounts":["/","/boot"],"partitions":["sda1"],
       "signatures":[{"type":"gpt","offset":512,"label":"","uuid":"x"}],"blank":false},
      {"name":"vdb","serial":"DATA0","model":"","transport":"virtio","bytes":1073741824,
       "rotational":false,"readOnly":false,"holders":["md127"],"mounts":[],
       "signatures":[{"type":"linux_raid_member","offset":4096,"label":"h-1:data","uuid":"y"}],
       "blank":false},
      {"name":"vdc","serial":"","wwn":"0x5000","transport":"","bytes":1073741824,"rotational":false,
       "readOnly":false,"holders":[],"mounts":[],"signatures":[],"blank":true},
      {"name":"vdd","serial":"DATA2","bytes":1073741824,"readOnly":true,"holders":[],"mounts":[],
       "signatures":[],"blank":false},
      {"name":"vde","serial":"DATA3","bytes":1073741824,"holders":[],"mounts":[],"signatures":[],
       "blank":false},
      {"name":"vdf","serial":"DATA4","bytes":0,"probeError":"Input/output error","blank":false}],
     "arrays":[{"name":"data","path":"/dev/md127","uuid":"u","level":"raid5","state":"active",
       "syncAction":"resync","syncPercent":12.9,"degraded":1,"raidDevices":3,
       "members":[{"disk":"vdb","role":"0"},{"disk":"vdc","role":"spare"}],
       "bytes":2147483648,"mounts":["/data"]}],
     "nics":[{"name":"eth0","mac":"52:54:00:00:00:01","mtu":1500,"up":true,"carrier":true,
              "addresses":["10.0.0.5/24","fe80::1/64"]},
             {"name":"eth1","mac":"52:54:00:00:00:02","mtu":9000,"up":true,"carrier":false,
              "addresses":[]},
             {"name":"eth2","mac":"52:54:00:00:00:03","mtu":1500,"up":false,"addresses":[]}]})");
    EXPECT_EQ(run_with({"inventory"}), 0);
    EXPECT_EQ(out.str(),
              "DISK     SIZE  KIND        SERIAL  MODEL          USE\n"
              "sda   8.59 GB  sata HDD    SYS0    QEMU HARDDISK  mounted at /, /boot; holds gpt; "
              "partitions sda1\n"
              "vdb   1.07 GB  virtio SSD  DATA0                  used by md127; holds "
              "linux_raid_member 'h-1:data'\n"
              "vdc   1.07 GB  SSD         0x5000                 blank\n"
              "vdd   1.07 GB  SSD         DATA2                  read-only\n"
              "vde   1.07 GB  SSD         DATA3                  not known to be blank\n"
              "vdf       0 B  SSD         DATA4                  not readable: Input/output error\n"
              "\n"
              "ARRAY  NAME  LEVEL     SIZE  STATE                          MOUNTED  MEMBERS\n"
              "md127  data  raid5  2.15 GB  active, degraded, resync 12 %  /data    vdb, vdc "
              "(spare), 2 missing\n"
              "\n"
              "NIC   MAC                LINK         MTU  ADDRESSES\n"
              "eth0  52:54:00:00:00:01  up          1500  10.0.0.5/24, fe80::1/64\n"
              "eth1  52:54:00:00:00:02  no carrier  9000\n"
              "eth2  52:54:00:00:00:03  down        1500\n");
}

TEST_F(Cli, RaidListShowsControllersWithTheirDrivesAndVolumes) {
    daemon.will_answer(R"({"disks":[],"arrays":[],"controllers":[
      {"id":"storcli64/c0","tool":"/t/storcli64","model":"M 9560","serial":"SN1","firmware":"52.1",
       "mode":"raid","levels":["raid0","raid1"],"flags":["foreign-config"],
       "drives":[{"selector":"/c0/e8/s0","enclosure":8,"slot":0,"state":"member","rawState":"Onln",
                  "sizeBytes":1000000000000,"model":"D","serial":"S0","media":"hdd","volumes":[239]},
                 {"selector":"/c0/e8/s1","state":"unknown","rawState":"UGShld","sizeBytes":0,"media":"ssd"},
                 {"selector":"","state":"missing","rawState":"Msng","media":"unknown","volumes":[239]}],
       "volumes":[{"id":239,"level":"raid1","state":"degraded","rawState":"Dgrd","name":"data",
                   "sizeBytes":1000000000000,"stripKiB":64,"drives":["/c0/e8/s0"],"wwn":"6",
                   "task":{"action":"background-initialization","name":"BGI","percent":12,
                           "timeLeft":"3 Minutes"}}],
       "errors":[{"code":"command_failed","message":"no answer","where":"storcli64/c0"}]}],
      "controllerErrors":[{"code":"timed_out","message":"late","where":"/t/storcli2"}],"nics":[]})");
    EXPECT_EQ(run_with({"raid", "list"}), 0);
    EXPECT_EQ(
        out.str(),
        "No disks.\n\nNo arrays.\n\n"
        "CONTROLLER    MODEL   SERIAL  FIRMWARE  MODE  LEVELS        FLAGS\n"
        "storcli64/c0  M 9560  SN1     52.1      raid  raid0, raid1  foreign-config\n"
        "\n"
        "DRIVE      CONTROLLER       SIZE  MEDIA    SERIAL  MODEL  STATE             VOLUMES\n"
        "/c0/e8/s0  storcli64/c0  1.00 TB  hdd      S0      D      member            239\n"
        "/c0/e8/s1  storcli64/c0           ssd                     unknown (UGShld)\n"
        "-          storcli64/c0           unknown                 missing           239\n"
        "\n"
        "VOLUME  CONTROLLER    NAME  LEVEL     SIZE   STRIP  "
        "STATE                                                     DRIVES\n"
        "   239  storcli64/c0  data  raid1  1.00 TB  64 KiB  "
        "degraded, background-initialization 12 %, 3 Minutes left  /c0/e8/s0\n"
        "\n"
        "not read: /t/storcli2: late\n"
        "not read: storcli64/c0: no answer\n");
}

TEST_F(Cli, NoControllersAreSaidInWords) {
    daemon.will_answer(
        R"({"disks":[],"arrays":[],"controllers":[],"controllerErrors":[],"nics":[]})");
    EXPECT_EQ(run_with({"raid", "list"}), 0);
    EXPECT_EQ(out.str(), "No disks.\n\nNo arrays.\n\nNo controllers.\n");
}

TEST_F(Cli, RaidListAsJsonHasNoNics) {
    daemon.will_answer(
        R"({"disks":[],"arrays":[],"controllers":[],"controllerErrors":[],"nics":[{}]})");
    EXPECT_EQ(run_with({"raid", "list", "-o", "json"}), 0);
    EXPECT_EQ(out.str(),
              "{\n  \"disks\": [],\n  \"arrays\": [],\n  \"controllers\": [],\n"
              "  \"controllerErrors\": []\n}\n");
}

TEST_F(Cli, ARaidToolIsOfALocalLook) {
    EXPECT_EQ(run_with({"inventory", "--raid-tool", "/t"}), 64);
    EXPECT_EQ(run_with({"raid"}), 64);
}

TEST_F(Cli, AnEmptyInventoryIsSaidInWords) {
    daemon.will_answer(R"({"disks":[],"arrays":[],"nics":[]})");
    EXPECT_EQ(run_with({"inventory"}), 0);
    EXPECT_EQ(out.str(), "No disks.\n\nNo arrays.\n\nNo NICs.\n");
}

}  // namespace
}  // namespace metalwright::agent::cli
