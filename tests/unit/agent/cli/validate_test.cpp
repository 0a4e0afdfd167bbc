#include "tests/unit/agent/cli/cli_fixture.hpp"

namespace metalwright::agent::cli {
namespace {

using testing::HasSubstr;

constexpr auto good = R"({"apiVersion":"metalwright/v1","host":{"id":"h-1"},
  "instance":{"id":"i-1"},"hostname":"web1"})";

class Validate : public Cli {
 protected:
    Validate() { daemon.stop(); }  // it is not needed
};

TEST_F(Validate, AGoodDocumentIsSaidToBeGood) {
    const std::string order = file("order.json", good);
    EXPECT_EQ(run_with({"validate", order}), 0);
    EXPECT_EQ(out.str(), order + " is a valid host spec for host h-1\n");
    EXPECT_EQ(err.str(), "");

    out.str("");
    EXPECT_EQ(run_with({"validate", order, "-o", "json"}), 0);
    EXPECT_EQ(out.str(), "{\n  \"valid\": true,\n  \"errors\": [],\n  \"notes\": []\n}\n");
}

TEST_F(Validate, EveryErrorIsToldWithItsPointer) {
    input = R"({"apiVersion":"metalwright/v1","host":{"id":"h-1"},"instance":{"id":"i-1"},
      "hostname":5,"hotsname":"x"})";
    EXPECT_EQ(run_with({"validate", "-"}), 2);
    EXPECT_EQ(out.str(), "");
    EXPECT_THAT(err.str(), testing::StartsWith("standard input: 2 errors\n  /hostname  "));
    EXPECT_THAT(err.str(), HasSubstr("\n  /hotsname  "));

    EXPECT_EQ(run_with({"validate", "-", "-o", "json"}), 2);
    EXPECT_THAT(out.str(), testing::StartsWith("{\n  \"valid\": false,\n  \"errors\": [\n"));
    EXPECT_THAT(out.str(), HasSubstr("\"where\": \"/hotsname\""));
}

TEST_F(Validate, ASyntaxErrorHasLineAndColumn) {
    input = "{\n  \"apiVersion\": oops\n}\n";
    EXPECT_EQ(run_with({"validate", "-"}), 2);
    EXPECT_THAT(err.str(), HasSubstr("line 2, column 1"));
    EXPECT_THAT(err.str(), HasSubstr("standard input: 1 error\n"));
}

TEST_F(Validate, AnotherHostsDocumentIsWrongHere) {
    const std::string order = file("order.json", good);
    EXPECT_EQ(run_with({"validate", order, "--host", "h-1"}), 0);
    EXPECT_EQ(run_with({"validate", order, "--host", "h-2"}), 2);
    EXPECT_THAT(err.str(), HasSubstr("/host/id"));
}

TEST_F(Validate, ACatalogueThatIsWrongIsNamed) {
    const std::string order = file("order.json", good);
    const std::string catalogue = file("catalogue.json", R"({"raidTypes":5})");
    EXPECT_EQ(run_with({"validate", order, "--catalogue", catalogue}), 2);
    EXPECT_THAT(err.str(), testing::StartsWith(catalogue + ": 1 error\n  /raidTypes  "));
    EXPECT_EQ(run_with({"validate", order, "--catalogue", catalogue, "-o", "json"}), 2);
    EXPECT_THAT(out.str(), HasSubstr("\"where\": \"" + catalogue + "#/raidTypes\""));
    EXPECT_EQ(run_with({"validate", order, "--catalogue", "/nonexistent"}), 2);
    EXPECT_THAT(err.str(), HasSubstr("metalwright: /nonexistent: cannot be read"));
}

TEST_F(Validate, ADocumentThatCannotBeReadIsInvalidForProgramsToo) {
    EXPECT_EQ(run_with({"validate", "/nonexistent", "-o", "json"}), 2);
    EXPECT_THAT(out.str(), testing::StartsWith("{\n  \"valid\": false,\n"));
    EXPECT_EQ(run_with({"validate", METALWRIGHT_SOURCE_DIR}), 2);  // a directory
}

TEST_F(Validate, TheDocumentsSecretsAreNotRepeated) {
    input = R"({"apiVersion":"metalwright/v1","host":{"id":"h-1"},"instance":{"id":"i-1"},
      "password":"x","userData":{"base64":"c2VjcmV0LXNjcmlwdA==!"}})";
    EXPECT_EQ(run_with({"validate", "-"}), 2);
    EXPECT_THAT(err.str(), testing::Not(HasSubstr("c2VjcmV0")));
    EXPECT_THAT(err.str(), testing::Not(HasSubstr("\"x\"")));
}

TEST_F(Validate, TheProjectsExamplesAreValid) {
    const std::string examples = std::string(METALWRIGHT_SOURCE_DIR) + "/examples/";
    EXPECT_EQ(run_with({"validate", examples + "data-raid5.json"}), 0) << err.str();
    EXPECT_EQ(run_with({"validate", examples + "jdcloud-create-instances.json", "--catalogue",
                        examples + "catalogue.json"}),
              0)
        << err.str();
    EXPECT_THAT(out.str(), HasSubstr("is a valid jdcloud.createInstances document"));
}

}  // namespace
}  // namespace metalwright::agent::cli
