#include "tests/unit/agent/cli/cli_fixture.hpp"

namespace metalwright::agent::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto accepted =
    R"({"operation":8,"generation":3,"instance":"i-1","repeated":false,"finished":false})";

TEST_F(Cli, ADiskIsReplacedByASerialAndAnotherMayBeNamed) {
    daemon.will_answer(accepted);
    EXPECT_EQ(run_with({"raid", "replace", "S1"}), 0);
    EXPECT_EQ(out.str(),
              "operation 8 replaces S1: metalwright operations 8 --follow tells how it goes\n");
    daemon.will_answer(accepted);
    EXPECT_EQ(run_with({"raid", "replace", "S1", "--with", "S2", "-o", "json"}), 0);
    EXPECT_THAT(out.str(), HasSubstr("\"operation\": 8"));
    EXPECT_THAT(daemon.bodies(), ElementsAre(R"({"disk":"S1"})", R"({"disk":"S1","with":"S2"})"));
    EXPECT_EQ(run_with({"raid", "replace"}), 64);
    EXPECT_EQ(run_with({"raid"}), 64);
}

TEST_F(Cli, ADiskIsLocated) {
    daemon.will_answer(R"({"disk":"S1","on":true,"place":"storcli64 /c0/e252/s1"})");
    EXPECT_EQ(run_with({"raid", "locate", "S1"}), 0);
    EXPECT_EQ(out.str(),
              "The locate LED of S1 is lit (storcli64 /c0/e252/s1). `metalwright raid "
              "locate S1 --off` puts it out.\n");
    daemon.will_answer(R"({"disk":"S1","on":false,"place":"storcli64 /c0/e252/s1"})");
    EXPECT_EQ(run_with({"raid", "locate", "S1", "--off", "-o", "json"}), 0);
    EXPECT_THAT(out.str(), HasSubstr("\"on\": false"));
    EXPECT_THAT(daemon.bodies(),
                ElementsAre(R"({"disk":"S1","on":true})", R"({"disk":"S1","on":false})"));
}

TEST_F(Cli, AStatusNamesControllersThatAreNotInOrder) {
    daemon.will_answer(R"({"host":"h-1","state":"running","items":[],"controllers":[
      {"id":"storcli64/c0","health":"optimal","flags":[],"note":"","volumes":[
        {"name":"data","state":"degraded","note":"rebuilding 40 %, usable meanwhile"},
        {"name":"new","state":"optimal","note":"initialization 4 %, not usable until it is done"},
        {"name":"good","state":"optimal","note":""}],
       "drives":[{"selector":"/c0/e252/s1","serial":"S1","state":"bad"},
                 {"selector":"/c0/e252/s3","serial":"S3","state":"rebuilding"}]},
      {"id":"storcli64/c1","health":"attention","flags":["foreign-config"],"note":"","volumes":[],
       "drives":[]}]})");
    EXPECT_EQ(run_with({"status"}), 0);
    EXPECT_THAT(out.str(), HasSubstr("controllers  volume data rebuilding 40 %, usable meanwhile; "
                                     "volume new initialization 4 %, not usable until it is done; "
                                     "drive S1 (/c0/e252/s1) is bad; "
                                     "storcli64/c1 needs attention: foreign-config\n"));
}

TEST_F(Cli, AnOperationIsCancelled) {
    daemon.will_answer(R"({"id":7,"state":"cancelling"})", 202);
    EXPECT_EQ(run_with({"cancel", "7"}), 0);
    EXPECT_EQ(daemon.asked(), std::vector<std::string>{"POST /v1/operations/7/cancel"});
    EXPECT_THAT(out.str(), HasSubstr("Operation 7 ends before its next step"));
    daemon.will_answer(R"({"errors":[{"code":"conflict","message":"it has ended","where":""}]})",
                       409);
    EXPECT_EQ(run_with({"cancel", "7"}), 2);
    EXPECT_THAT(err.str(), HasSubstr("it has ended"));
}

TEST_F(Cli, MetricsAreTheDaemonsOwn) {
    daemon.will_answer("metalwright_locked 0\n");
    EXPECT_EQ(run_with({"metrics"}), 0);
    EXPECT_EQ(daemon.asked(), std::vector<std::string>{"GET /metrics"});
    EXPECT_EQ(out.str(), "metalwright_locked 0\n");
    daemon.will_answer(R"({"state":"failed"})");
    EXPECT_EQ(run_with({"metrics", "-o", "json"}), 0);
}

TEST_F(Cli, AStatusNamesArraysThatAreNotInOrder) {
    daemon.will_answer(R"({"host":"h-1","state":"running","items":[],"arrays":[
      {"name":"data","health":"recovering","note":"recover 12 %, done in 3 min, usable meanwhile"},
      {"name":"more","health":"degraded","note":"degraded: 1 of 2 members are there"},
      {"name":"good","health":"optimal","note":""}]})");
    EXPECT_EQ(run_with({"status"}), 0);
    EXPECT_THAT(out.str(), HasSubstr("arrays  data recover 12 %, done in 3 min, usable meanwhile; "
                                     "more degraded: 1 of 2 members are there\n"));
}

}  // namespace
}  // namespace metalwright::agent::cli
