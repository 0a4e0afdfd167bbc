// What the vendors' calls come to, and how their answers look.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/vendor/dialect.hpp"
#include "agent/vendor/eip.hpp"
#include "netcfg/plan.hpp"

namespace metalwright::vendor {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class VendorTest : public testing::Test {
 protected:
    VendorTest() {
        catalogue_.subnets["subnet-a"].cidr = *netcfg::Prefix::parse("10.0.1.0/24");
        catalogue_.zones["SEL-A"] = {{*netcfg::Prefix::parse("203.0.113.8/30")}, {"POSTPAID"}};
        spec_.network.emplace().primary =
            netcfg::Primary{.address = *netcfg::Prefix::parse("10.0.1.10/24"),
                            .gateway = *netcfg::Address::parse("10.0.1.1")};
        host_.id = "h";
        host_.instance = Instance{"i-1", "running", &spec_, 0};
        host_.now_ms = 1'000'000;
        host_.draw_id = [this](std::string_view prefix) {
            return std::string(prefix) + std::to_string(++drawn_);
        };
        host_.id_of = [](std::string_view prefix, std::string_view text) {
            return std::string(prefix) + std::string(text);
        };
    }

    void add(const std::string& cidr, netcfg::Kind kind, std::string id = {}) {
        host_.addresses.push_back(
            {.cidr = *netcfg::Prefix::parse(cidr), .kind = kind, .id = std::move(id)});
    }

    static agent::VendorRequest request(std::string method, const std::string& path,
                                        const std::string& body = {}) {
        agent::VendorRequest made{.method = std::move(method), .body = body};
        const std::size_t mark = path.find('?');
        for (std::size_t at = 1; at <= std::min(mark, path.size());) {
            const std::size_t end = std::min(path.find('/', at), std::min(mark, path.size()));
            made.path.push_back(path.substr(at, end - at));
            at = end + 1;
        }
        if (mark != std::string::npos) {
            const std::size_t equals = path.find('=', mark);
            made.query[path.substr(mark + 1, equals - mark - 1)] = path.substr(equals + 1);
        }
        return made;
    }
    static agent::VendorRequest zen(std::string action, const std::string& body) {
        auto made = request("POST", "/api/v2/bmc", body);
        made.action = std::move(action);
        return made;
    }
    Decision decide(const agent::VendorRequest& asked) {
        const Found found = find(asked);
        if (found.route == nullptr) {
            ADD_FAILURE() << "no route";
            return Refusal{};
        }
        return found.route->decide(asked, found.caught, host_);
    }
    Refusal refused(const agent::VendorRequest& asked) {
        Decision decision = decide(asked);
        if (auto* refusal = std::get_if<Refusal>(&decision)) return *refusal;
        ADD_FAILURE() << "it was not refused: " << asked.body;
        return {};
    }
    Work work(const agent::VendorRequest& asked) {
        Decision decision = decide(asked);
        if (auto* done = std::get_if<Work>(&decision)) return std::move(*done);
        const auto* refusal = std::get_if<Refusal>(&decision);
        ADD_FAILURE() << "no work: " << (refusal ? refusal->message : "a reply");
        return {};
    }

    spec::Catalogue catalogue_;
    spec::HostSpec spec_;
    Host host_{.id = "", .catalogue = catalogue_};
    int drawn_ = 0;
};

constexpr const char* aliases = "/v1/regions/r/aliasIps";
constexpr const char* batch = "/v2/instance/batchAddIp";

std::string alias_body(const std::string& list, const std::string& more = {}) {
    return R"({"aliasIpSpec":{"instanceId":"i-1","aliasIps":)" + list + "}" + more + "}";
}

TEST_F(VendorTest, PathsOfThreeVendorsAndOfNobody) {
    EXPECT_EQ(find(request("PUT", aliases)).dialect->name, "jdcloud");
    EXPECT_EQ(find(request("PUT", "/v1/regions/r/instances/i-1:resetPassword")).route->operation,
              "resetPassword");
    EXPECT_THAT(find(request("PUT", "/v1/regions/r/instances/i-1:resetPassword")).caught,
                testing::ElementsAre("r", "i-1"));
    EXPECT_EQ(find(request("GET", "/v1/regions/r/instances/i-1")).route->operation,
              "describeInstance");
    EXPECT_EQ(find(request("PUT", "/v1/instance/batchDelIp")).dialect->name, "baidu");
    EXPECT_EQ(find(zen("ReleaseEipAddresses", "")).route->operation, "ReleaseEipAddresses");
    for (const char* path : {"/v1/status", "/v1/regions", "/v1/regions/r", "/v1/regions//aliasIps",
                             "/v1/regions/r/aliasIps/", "/api/v2", "/v2/instance/batchAddIp/x"})
        EXPECT_EQ(find(request("PUT", path)).dialect, nullptr) << path;
    const Found other = find(request("POST", aliases));
    EXPECT_EQ(other.route, nullptr);
    EXPECT_EQ(other.allow, "PUT, GET");
    EXPECT_EQ(no_route(other, request("POST", aliases)).status, 405u);
    EXPECT_EQ(no_route(find(zen("Reboot", "")), zen("Reboot", "")).status, 404u);
}

TEST_F(VendorTest, FramesAreTheVendors) {
    EXPECT_EQ(jdcloud().frame({200, {{"a", 1}}}, "id"), R"({"requestId":"id","result":{"a":1}})");
    EXPECT_EQ(jdcloud().frame_refusal({404, "NOT_FOUND", "x"}, "id"),
              R"({"requestId":"id","error":{"status":"NOT_FOUND","code":404,"message":"x"}})");
    EXPECT_EQ(baidu().frame({200, {{"a", 1}}}, "id"), R"({"a":1})");
    EXPECT_EQ(baidu().frame_refusal({403, "C", "x"}, "id"),
              R"({"code":"C","message":"x","requestId":"id"})");
    EXPECT_EQ(zenlayer().frame({200, {{"a", 1}}}, "id"),
              R"({"requestId":"id","response":{"requestId":"id","a":1}})");
    EXPECT_EQ(zenlayer().frame_refusal({403, "C", "x"}, "id"),
              R"({"requestId":"id","code":"C","message":"x"})");
}

TEST_F(VendorTest, JdcloudTellsOfEachAliasByItself) {
    add("10.0.1.32/28", netcfg::Kind::alias, "subnet-a");
    Work made = work(request(
        "PUT", aliases,
        alias_body(
            R"([{"id":"subnet-a","cidr":"10.0.1.20/32"},{"id":"subnet-a","cidr":"10.0.1.33/32"},)"
            R"({"id":"subnet-a","cidr":"10.0.1.10/32"},{"id":"subnet-a","cidr":"10.0.0.0/16"},)"
            R"({"id":"unknown","cidr":"10.9.9.9/32"}])")));
    const auto& edit = std::get<Edit>(made.operation);
    ASSERT_EQ(edit.edit.add.size(), 2u);
    EXPECT_FALSE(edit.all_or_nothing);
    const Json refused = made.memo["refused"];
    ASSERT_EQ(refused.size(), 3u);
    EXPECT_EQ(refused[0]["message"], "10.0.1.33/32 is in 10.0.1.32/28 already");
    EXPECT_EQ(refused[1]["message"], "10.0.1.10/32 is the private IP of the instance");
    EXPECT_EQ(refused[2]["message"], "10.0.0.0/16 is not in 'subnet-a', which is 10.0.1.0/24");
    Outcome outcome;
    outcome.items = {{.item = "alias/10.0.1.20/32", .outcome = metalwright::Outcome::changed},
                     {.item = "alias/10.9.9.9/32",
                      .outcome = metalwright::Outcome::failed,
                      .error = Error{Errc::kernel_refused, "no room"}}};
    const Reply reply = find(request("PUT", aliases)).route->reply(made.memo, outcome);
    EXPECT_EQ(reply.body["successList"][0]["cidr"], "10.0.1.20/32");
    EXPECT_EQ(reply.body["errorList"].back()["message"], "no room");
}

TEST_F(VendorTest, JdcloudTakesWhatTheSdksSendAndRefusesWhatIsWrong) {
    const std::string one = R"([{"id":"subnet-a","cidr":"10.0.1.20/32","later":1}])";
    const Work taken = work(request(
        "PUT", aliases, alias_body(one, R"(,"regionId":"r","clientToken":null,"later":{})")));
    EXPECT_EQ(std::get<Edit>(taken.operation).edit.add.size(), 1u);
    const auto message = [&](const std::string& body) {
        return refused(request("PUT", aliases, body)).message;
    };
    EXPECT_THAT(message("{"), HasSubstr("byte"));
    EXPECT_THAT(message("[]"), HasSubstr("no JSON object"));
    EXPECT_THAT(message("{}"), HasSubstr("aliasIpSpec"));
    EXPECT_THAT(message(alias_body("[]")), HasSubstr("aliasIpSpec.aliasIps: holds no address"));
    EXPECT_THAT(message(alias_body(R"([{"cidr":"10.0.1.20"}])")), HasSubstr("aliasIps.0.id"));
    EXPECT_THAT(message(alias_body(R"([{"id":"a","cidr":"x"}])")), HasSubstr("aliasIps.0.cidr"));
    EXPECT_THAT(message(alias_body(one, R"(,"regionId":"s")")), HasSubstr("regionId"));
    EXPECT_THAT(message(alias_body(one, R"(,"clientToken":")" + std::string(37, 'x') + '"')),
                HasSubstr("clientToken"));
    host_.limits.aliases = 0;
    EXPECT_EQ(refused(request("PUT", aliases, alias_body(one))).code, "QUOTA_EXCEEDED");
    host_.instance.reset();
    EXPECT_EQ(refused(request("PUT", aliases, alias_body(one))).status, 404u);
}

TEST_F(VendorTest, JdcloudReinstallsWithWhatTheInstanceHas) {
    spec_.kept = R"({"az":"a","imageType":"standard","keypairId":"old","osTypeId":"o",)"
                 R"("sysRaidTypeId":"s","dataRaidTypeId":"d"})";
    catalogue_.keypairs["k"] = "ssh-ed25519 AAAA";
    const Json good = Json::parse(R"({"clientToken":"t","instanceSpec":{"az":"a","imageType":
        "standard","osTypeId":"o","sysRaidTypeId":"s","dataRaidTypeId":"d","keepData":"yes",
        "password":"Kv7#mQ2!tZ9p","hostname":"web-2","userData":"IyEvYmluL3NoCg==",
        "keypairId":"k","laterField":1}})");
    const auto put = [&](const Json& body) {
        return request("PUT", "/v1/regions/r/instances/i-1:reinstallInstance", body.dump());
    };
    const Work made = work(put(good));
    const auto& changes = std::get<Reinstall>(made.operation).changes;
    EXPECT_EQ(changes.hostname, "web-2");
    EXPECT_EQ(changes.password.plain, "Kv7#mQ2!tZ9p");
    EXPECT_EQ(changes.user_data->bytes, "#!/bin/sh\n");
    EXPECT_THAT(*changes.authorized_keys, testing::ElementsAre("ssh-ed25519 AAAA"));
    EXPECT_EQ(Json::parse(changes.kept)["keypairId"], "k") << "it is told from now on";

    struct Case {
        const char* field;
        Json value;
        const char* code;
    };
    for (const Case& one : {Case{"osTypeId", "other", "FAILED_PRECONDITION"},
                            Case{"dataRaidTypeId", "other", "FAILED_PRECONDITION"},
                            Case{"keepData", "no", "FAILED_PRECONDITION"},
                            Case{"keepData", "perhaps", "INVALID_ARGUMENT"},
                            Case{"password", nullptr, "INVALID_ARGUMENT"},
                            Case{"password", "short", "INVALID_ARGUMENT"},
                            Case{"userData", "bm8gc2NyaXB0", "INVALID_ARGUMENT"}}) {
        Json body = good;
        body["instanceSpec"][one.field] = one.value;
        const Refusal refusal = refused(put(body));
        EXPECT_EQ(refusal.code, one.code) << one.field;
        EXPECT_THAT(refusal.message, HasSubstr("instanceSpec." + std::string(one.field)));
    }
    EXPECT_EQ(refused(request("PUT", "/v1/regions/r/instances/i-2:reinstallInstance", good.dump()))
                  .status,
              404u);
}

TEST_F(VendorTest, JdcloudsPagesHaveBounds) {
    for (int i = 0; i < 25; ++i)
        add("10.0.1." + std::to_string(100 + i) + "/32", netcfg::Kind::alias, "subnet-a");
    const auto page = [&](const std::string& query) {
        Decision told = decide(request("GET", std::string(aliases) + query));
        return std::get<Reply>(told).body;
    };
    EXPECT_EQ(page("")["aliasIps"].size(), 20u);
    EXPECT_EQ(page("?pageNumber=2")["aliasIps"].size(), 5u);
    EXPECT_EQ(page("?cidr=.101/")["totalCount"], 1);
    EXPECT_EQ(refused(request("GET", std::string(aliases) + "?pageSize=19")).status, 400u);
    EXPECT_EQ(refused(request("GET", std::string(aliases) + "?pageNumber=x")).status, 400u);
}

TEST_F(VendorTest, BaiduTakesAListOrACount) {
    const auto asked = [&](const std::string& more) {
        return request("PUT", batch, R"({"instanceId":"i-1")" + more + "}");
    };
    // As the Go SDK sends it: both, one of them empty.
    const Work list = work(asked(
        R"(,"privateIps":["10.0.1.20"],"secondaryPrivateIpAddressCount":0,"allocateMultiIpv6Addr":false)"));
    EXPECT_TRUE(std::get<Edit>(list.operation).all_or_nothing);
    EXPECT_EQ(std::get<Edit>(list.operation).edit.add.front().kind, netcfg::Kind::secondary);
    const Work count = work(asked(R"(,"privateIps":null,"secondaryPrivateIpAddressCount":3)"));
    EXPECT_EQ(std::get<Edit>(count.operation).edit.count.ipv4, 3u);
    const Work v6 =
        work(asked(R"(,"secondaryPrivateIpAddressCount":2,"allocateMultiIpv6Addr":true)"));
    EXPECT_EQ(std::get<Edit>(v6.operation).edit.count.ipv6, 2u);
    Outcome drawn{.drawn = {"10.0.1.65/32", "fd00::5/128"}};
    EXPECT_EQ(find(asked("")).route->reply(count.memo, drawn).body.dump(),
              R"({"privateIps":["10.0.1.65","fd00::5"],"eniPrivateIps":null})");

    EXPECT_EQ(refused(asked("")).code, "InappropriateJSON");
    EXPECT_EQ(refused(asked(R"(,"privateIps":[])")).code, "InappropriateJSON");
    EXPECT_EQ(
        refused(asked(R"(,"privateIps":["10.0.1.20"],"secondaryPrivateIpAddressCount":1)")).code,
        "InappropriateJSON");
    EXPECT_EQ(refused(asked(R"(,"privateIps":["10.0.1.1"])")).code, "PrivateIpInUseException");
    EXPECT_EQ(refused(asked(R"(,"privateIps":["10.0.1.10"])")).code, "PrivateIpInUseException");
    EXPECT_EQ(refused(asked(R"(,"privateIps":["10.0.2.1"])")).code, "InvalidParameter");
    EXPECT_EQ(refused(asked(R"(,"privateIps":["10.0.1.255"])")).code, "InvalidParameter");
    EXPECT_EQ(refused(asked(R"(,"secondaryPrivateIpAddressCount":40)")).code,
              "ExceedLimitException");
    EXPECT_EQ(refused(request("PUT", batch, "{\"x\"")).code, "MalformedJSON");
    EXPECT_EQ(refused(request("PUT", "/v3/instance/batchAddIp", "{}")).code, "InvalidVersion");
    EXPECT_EQ(
        refused(request("PUT", std::string(batch) + "?clientToken=" + std::string(65, 'x'), "{}"))
            .code,
        "InvalidHTTPRequest");
}

// ---- elastic addresses -------------------------------------------------------------------------

class EipTest : public VendorTest {
 protected:
    Resource& eip(std::string_view state, std::int64_t operation = 0) {
        host_.resources.push_back({.id = "eip-1",
                                   .kind = "eip",
                                   .state = std::string(state),
                                   .operation = operation,
                                   .changed_ms = host_.now_ms});
        host_.resources.back().body = {{"ipAddress", "203.0.113.8"}};
        return host_.resources.back();
    }
    std::string state_after(std::vector<Finished> finished = {}) {
        const Settled settled = settle(host_, finished);
        return settled.ledger.put.empty() ? "" : settled.ledger.put.front().state;
    }
    static Finished ended(metalwright::Outcome outcome) {
        ItemResult item{.item = netcfg::item_of(netcfg::Kind::elastic,
                                                *netcfg::Prefix::parse("203.0.113.8/32")),
                        .outcome = outcome};
        if (outcome == metalwright::Outcome::failed) item.error = Error{Errc::busy, "no"};
        return {7, {std::move(item)}};
    }
};

TEST_F(EipTest, OneThatIsBeingMadeIsOfNoUseYet) {
    eip("CREATING");
    for (const char* action :
         {"AssociateEipAddress", "UnAssociateEipAddress", "TerminateEipAddress"}) {
        const Refusal no = refused(zen(action, R"({"eipId":"eip-1","instanceId":"i-1"})"));
        EXPECT_EQ(no.status, 403u) << action;
        EXPECT_THAT(no.code, HasSubstr("OPERATION_DENIED_EIP_STATUS")) << action;
    }
    EXPECT_EQ(refused(zen("ReleaseEipAddresses", R"({"eipIds":["eip-1"]})")).code,
              "OPERATION_DENIED_EIP_NOT_RECYCLED");
    EXPECT_EQ(state_after(), "AVAILABLE");
    add("203.0.113.8/32", netcfg::Kind::elastic, "somebody");
    EXPECT_EQ(state_after(), "CREATE_FAILED");
}

TEST_F(EipTest, WaitsForTheNicBothWays) {
    Resource& one = eip("ASSOCIATING");
    Settled first = settle(host_, {});
    EXPECT_EQ(first.edit.add.size(), 1u);
    EXPECT_THAT(first.waiting, testing::ElementsAre("eip-1"));
    one.operation = 7;
    EXPECT_TRUE(settle(host_, {}).empty()) << "its operation is under way";
    add("203.0.113.8/32", netcfg::Kind::elastic, "eip-1");
    EXPECT_EQ(state_after({ended(metalwright::Outcome::changed)}), "ASSOCIATED");
    const Settled failed = settle(host_, std::vector{ended(metalwright::Outcome::failed)});
    EXPECT_EQ(failed.ledger.put.at(0).state, "AVAILABLE");
    EXPECT_EQ(failed.edit.remove.size(), 1u) << "it must not come some time later";

    one.state = "RECYCLING";
    one.operation = 0;
    EXPECT_EQ(settle(host_, {}).edit.remove.size(), 1u);
    host_.addresses.clear();
    EXPECT_EQ(state_after(), "RECYCLE") << "a crash came after it had left the NIC";
    one.state = "ASSOCIATING";
    add("203.0.113.8/32", netcfg::Kind::elastic, "eip-1");
    EXPECT_EQ(state_after(), "ASSOCIATED") << "a crash came after it had come to the NIC";
}

TEST_F(EipTest, LeavesTheRecycleBinAfterADayAndNotBefore) {
    eip("RECYCLE");
    EXPECT_EQ(next_settlement(host_), host_.now_ms + recycle_ms);
    host_.now_ms += recycle_ms - 1;
    EXPECT_TRUE(settle(host_, {}).empty());
    host_.now_ms += 1;
    EXPECT_THAT(settle(host_, {}).ledger.dropped, testing::ElementsAre("eip-1"));
}

TEST_F(EipTest, IsFreeAgainWhenItsInstanceHasGone) {
    eip("ASSOCIATED").body["instanceId"] = "i-1";
    host_.instance.reset();
    const Settled settled = settle(host_, {});
    EXPECT_EQ(settled.ledger.put.at(0).state, "AVAILABLE");
    EXPECT_FALSE(settled.ledger.put.at(0).body.contains("instanceId"));
}

TEST_F(EipTest, TheStockIsWhatNobodyHas) {
    eip("AVAILABLE");
    add("203.0.113.9/32", netcfg::Kind::alias);
    const Work made = work(
        zen("AllocateEipAddresses", R"({"zoneId":"SEL-A","eipChargeType":"POSTPAID","amount":2})"));
    const auto& put = std::get<Ledger>(made.operation).put;
    ASSERT_EQ(put.size(), 2u);
    EXPECT_EQ(put[0].body["ipAddress"], "203.0.113.10");
    EXPECT_EQ(put[1].body["ipAddress"], "203.0.113.11");
    EXPECT_EQ(refused(zen("AllocateEipAddresses",
                          R"({"zoneId":"SEL-A","eipChargeType":"POSTPAID","amount":3})"))
                  .code,
              "RESOURCE_INSUFFICIENT_PRODUCT_SOLD_OUT");
    EXPECT_EQ(refused(zen("AllocateEipAddresses",
                          R"({"zoneId":"SEL-A","eipChargeType":"POSTPAID","netmask":29})"))
                  .code,
              "OPERATION_DENIED_NETMASK_OUT_OF_STOCK");
}

TEST_F(EipTest, IsForOneThatRunsAndUpToTheLimit) {
    eip("AVAILABLE");
    const auto asked = zen("AssociateEipAddress", R"({"eipId":"eip-1","instanceId":"i-1"})");
    EXPECT_EQ(std::get<Ledger>(work(asked).operation).put.at(0).state, "ASSOCIATING");
    host_.limits.elastics = 0;
    EXPECT_EQ(refused(asked).code, "OPERATION_DENIED_EIP_INSTANCE_EXCEED_LIMIT");
    host_.limits.elastics = 4;
    host_.instance->state = "failed";
    EXPECT_EQ(refused(asked).status, 403u);
}

}  // namespace
}  // namespace metalwright::vendor
