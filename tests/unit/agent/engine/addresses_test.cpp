#include "tests/unit/agent/engine/engine_fixture.hpp"

namespace metalwright::engine {
namespace {

/// Addresses that are listed, added and removed one by one.
class AddressesTest : public EngineTest {
 protected:
    json rows() {
        const auto told = engine_->addresses();
        EXPECT_TRUE(told) << (told ? "" : describe(told.error().front()));
        return told ? json::parse(*told)["addresses"] : json::array();
    }
    json row(const std::string& address) {
        for (const json& one : rows())
            if (one["address"] == address) return one;
        return {};
    }
    json edit(const json& request) {
        const auto told = engine_->edit_addresses(request.dump());
        EXPECT_TRUE(told) << (told ? "" : describe(told.error().front()));
        return told ? json::parse(*told) : json::object();
    }
    /// ... and what it began has ended.
    json edited(const json& request) {
        json answer = edit(request);
        if (!answer["operation"].is_number()) return answer;
        wait_until([&](const json& s) {
            return s["operation"] == answer["operation"] && s["state"] != "applying";
        });
        return answer;
    }
    Errors refused(const json& request) {
        const auto told = engine_->edit_addresses(request.dump());
        EXPECT_FALSE(told) << (told ? *told : "");
        return told ? Errors{{Errc::internal, "accepted"}} : told.error();
    }
    static json add(const std::string& cidr) { return {{"add", json::array({{{"cidr", cidr}}})}}; }
    static json remove(const std::string& cidr) { return {{"remove", json::array({cidr})}}; }
    const store::Source* source(const std::string& name) {
        sources_ = *store_->sources();
        const auto it = std::ranges::find(sources_, name, &store::Source::name);
        return it == sources_.end() ? nullptr : &*it;
    }
    std::vector<store::Source> sources_;
};

TEST_F(AddressesTest, ABlankHostWantsNone) {
    EXPECT_TRUE(rows().empty());
}

TEST_F(AddressesTest, EachIsToldWithWhoWantsItAndHowItStands) {
    finished(document());
    edited({{"add", json::array({{{"cidr", "10.0.1.60"}, {"id", "mine"}}})}});
    machine_.made.erase("alias/10.0.1.52/32");
    machine_.refuses["alias/10.0.1.60/32"] = {Errc::conflict, "it is on lan1 already"};
    EXPECT_EQ(rows(), json::parse(R"([
        {"item":"primary","address":"10.0.1.10/24","kind":"primary","id":"","source":"admin",
         "state":"present","note":""},
        {"item":"alias/10.0.1.52/32","address":"10.0.1.52/32","kind":"alias","id":"s",
         "source":"admin","state":"missing","note":"alias/10.0.1.52/32 is absent"},
        {"item":"alias/10.0.1.60/32","address":"10.0.1.60/32","kind":"alias","id":"mine",
         "source":"ip","state":"failed","note":"it is on lan1 already"}])"));
}

TEST_F(AddressesTest, AnAddressIsAddedBesideTheOrder) {
    finished(document());
    machine_.log.clear();
    const json answer = edited(add("10.0.1.60"));
    EXPECT_EQ(answer["added"], json::array({"10.0.1.60/32"}));
    EXPECT_EQ(answer["generation"], 1);
    EXPECT_EQ(answer["instance"], "i-1");
    EXPECT_EQ(machine_.log, std::vector<std::string>{"alias/10.0.1.60/32"});
    EXPECT_EQ(row("10.0.1.60/32")["source"], "ip");
    EXPECT_EQ(row("10.0.1.52/32")["source"], "admin");
    EXPECT_EQ(json::parse(*engine_->operation(answer["operation"]))["source"], "ip");
    EXPECT_EQ(reports("accepted").back()["source"], "ip");
    EXPECT_EQ(reports("finished").back()["operation"], answer["operation"]);

    EXPECT_EQ(edited(add("10.0.1.61"))["generation"], 2);
    finished(document({{"hostname", "node-b"}}));
    EXPECT_EQ(rows().size(), 4u) << "the next order took them away";
    start();
    finished();
    EXPECT_EQ(row("10.0.1.61/32")["state"], "present");
}

TEST_F(AddressesTest, WhatIsThereAlreadyIsUnchangedHoweverItIsWritten) {
    finished(document());
    edited(add("10.0.1.60"));
    const auto operations = store_->operations(100)->size();
    for (const char* cidr : {"10.0.1.60", "10.0.1.60/32"}) {
        const json again = edit(add(cidr));
        EXPECT_EQ(again["unchanged"], json::array({"10.0.1.60/32"})) << cidr;
        EXPECT_TRUE(again["operation"].is_null());
    }
    EXPECT_EQ(store_->operations(100)->size(), operations);
    const json both =
        edited({{"add", json::array({{{"cidr", "10.0.1.60"}}, {{"cidr", "10.0.1.61"}}})}});
    EXPECT_EQ(both["unchanged"], json::array({"10.0.1.60/32"}));
    EXPECT_EQ(both["added"], json::array({"10.0.1.61/32"}));
}

TEST_F(AddressesTest, WhatWasAddedIsRemovedUpToTheLast) {
    finished(document({{"network", {{"aliases", nullptr}}}}));
    edited(add("10.0.1.60"));
    edited(add("10.0.1.128/28"));
    EXPECT_EQ(edited(remove("10.0.1.60"))["removed"], json::array({"10.0.1.60/32"}));
    EXPECT_TRUE(row("10.0.1.60/32").is_null());
    EXPECT_EQ(edited(remove("10.0.1.128/28"))["removed"], json::array({"10.0.1.128/28"}));
    EXPECT_EQ(machine_.last_network.aliases, std::vector<netcfg::Alias>())
        << "an absent list would let the last one stay";
}

TEST_F(AddressesTest, WhatAnotherSourceWantsIsNotTakenAway) {
    finished(document());
    const Errors errors =
        refused({{"remove", json::array({"10.0.1.52", "10.0.1.10", "10.0.1.99"})}});
    ASSERT_EQ(errors.size(), 3u);
    EXPECT_EQ(errors[0].code, Errc::conflict);
    EXPECT_EQ(errors[0].where, "/remove/0");
    EXPECT_NE(errors[0].message.find("wanted by admin (generation 1)"), std::string::npos)
        << errors[0].message;
    EXPECT_NE(errors[1].message.find("primary address"), std::string::npos) << errors[1].message;
    EXPECT_EQ(errors[2].code, Errc::not_found);
    const Errors twice = refused(add("10.0.1.52/32"));
    EXPECT_EQ(twice[0].code, Errc::conflict);
    EXPECT_EQ(twice[0].where, "/add/0/cidr");
    EXPECT_EQ(rows().size(), 2u);
    EXPECT_EQ(source("ip"), nullptr);
}

TEST_F(AddressesTest, WithoutAnInstanceThereIsNothingToAddTo) {
    EXPECT_NE(refused(add("10.0.1.60"))[0].message.find("apply an order first"), std::string::npos);
    finished(document());
    edited(add("10.0.1.60"));
    finished(
        R"({"apiVersion":"metalwright/v1","host":{"id":"host-1"},"release":{"instanceId":"i-1"}})");
    EXPECT_EQ(refused(add("10.0.1.60"))[0].code, Errc::conflict);
    EXPECT_TRUE(rows().empty()) << "it outlived its instance";
    finished(document({{"instance", {{"id", "i-2"}}}}));
    EXPECT_TRUE(row("10.0.1.60/32").is_null());
    EXPECT_EQ(edited(add("10.0.1.60"))["instance"], "i-2");
}

TEST_F(AddressesTest, OfManyEditsAtOnceNoneIsLost) {
    finished(document());
    const auto add_ten = [&](int from) {
        for (int i = from; i < from + 10; ++i) edit(add("10.0.3." + std::to_string(i)));
    };
    std::thread one(add_ten, 10), two(add_ten, 30), three(add_ten, 50);
    one.join();
    two.join();
    three.join();
    wait_until([](const json& s) { return s["state"] != "applying"; });
    EXPECT_EQ(rows().size(), 2u + 30u);
    EXPECT_EQ(source("ip")->generation, 30u);
}

TEST_F(AddressesTest, ADryRunTellsTheWholePlanAndChangesNothing) {
    finished(document());
    json request = add("10.0.1.60");
    request["dryRun"] = true;
    const json plan = edit(request);
    EXPECT_EQ(plan["added"], json::array({"10.0.1.60/32"}));
    EXPECT_EQ(outcome(plan, "alias/10.0.1.60/32"), "planned");
    EXPECT_EQ(outcome(plan, "alias/10.0.1.52/32"), "unchanged");
    EXPECT_FALSE(plan.contains("operation"));
    EXPECT_EQ(source("ip"), nullptr);
    EXPECT_EQ(store_->operations(100)->size(), 1u);
}

TEST_F(AddressesTest, APlanKeepsWhatOtherSourcesWant) {
    finished(document());
    edited(add("10.0.1.60"));
    json next = json::parse(document());
    next["network"]["aliases"] = json::array({{{"cidr", "10.0.1.53"}}});
    const json plan = json::parse(*engine_->plan({"admin", next.dump(), {}}));
    EXPECT_EQ(outcome(plan, "alias/10.0.1.60/32"), "unchanged") << "shown as removed";
    EXPECT_EQ(outcome(plan, "alias/10.0.1.53/32"), "planned");
    EXPECT_EQ(outcome(plan, "alias/10.0.1.52/32"), "absent") << "its own former document counts";
}

TEST_F(AddressesTest, APlanTellsWhatContradictsAnotherSource) {
    finished(document());
    const auto plan = engine_->plan({"link", document({{"hostname", "node-b"}}), 1});
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error()[0].code, Errc::conflict);
    EXPECT_EQ(plan.error()[0].where, "/hostname");
    EXPECT_NE(plan.error()[0].message.find("admin (generation 1)"), std::string::npos);
}

TEST_F(AddressesTest, APlanOfAnotherSourcesOrderWithItsPasswordIsNoContradiction) {
    const std::string order = document({{"password", "Zx8#wQ2!vB5k"}});
    finished(order);
    const auto plan = engine_->plan({"link", order, 1});
    EXPECT_TRUE(plan) << describe(plan.error().front());
}

TEST_F(AddressesTest, AddressesByNumberSurviveARestartAndAreGivenOnce) {
    options_.pools = {*netcfg::Prefix::parse("10.0.5.0/29")};
    start();
    finished(document({{"network", {{"secondaryCount", {{"ipv4", 2}}}}}}));
    EXPECT_EQ(row("10.0.5.1/32")["kind"], "secondary");
    EXPECT_EQ(row("10.0.5.2/32")["state"], "present");
    EXPECT_EQ(row("10.0.5.2/32")["source"], "admin");

    const json more = edited({{"count", {{"ipv4", 3}}}});
    EXPECT_EQ(more["added"], json::array({"10.0.5.3/32", "10.0.5.4/32", "10.0.5.5/32"}));
    edited(remove("10.0.5.4"));
    EXPECT_TRUE(row("10.0.5.4/32").is_null());

    start();  // as after a power cut
    for (const char* kept : {"10.0.5.1/32", "10.0.5.2/32", "10.0.5.3/32", "10.0.5.5/32"})
        EXPECT_EQ(row(kept)["kind"], "secondary") << kept;
    // A dry run hands nothing out: the same address is the next one's.
    const json dry = edit({{"count", {{"ipv4", 1}}}, {"dryRun", true}});
    EXPECT_TRUE(row("10.0.5.4/32").is_null());
    EXPECT_NE(dry.dump().find("10.0.5.4/32"), std::string::npos);
    EXPECT_EQ(edited({{"count", {{"ipv4", 1}}}})["added"], json::array({"10.0.5.4/32"}));
    // The same order again is the same addresses; and there is one more only in the pool.
    finished(document({{"network", {{"secondaryCount", {{"ipv4", 2}}}}}}));
    EXPECT_EQ(row("10.0.5.1/32")["source"], "admin");
    const Errors full = refused({{"count", {{"ipv4", 2}}}});
    EXPECT_NE(full.front().message.find("have 1 free"), std::string::npos) << full.front().message;
}

}  // namespace
}  // namespace metalwright::engine
