#include <gmock/gmock.h>

#include "lab.hpp"

// A changed way to the network is asked whether it works, on a real wire.
namespace metalwright::netcfg {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Guarded : public Netns {
 protected:
    void SetUp() override {
        Netns::SetUp();
        in_peer([] {
            for (const char* address : {"fd00:9::1/64", "fd00:9::2/64"})
                shell("ip address add " + std::string(address) + " dev vb nodad");
        });
    }

    static Wanted way(const std::string& address, const std::string& gateway) {
        Wanted wanted{.nic = {.name = "va"},
                      .primary = Primary{.address = Prefix::parse(address).value(),
                                         .gateway = Address::parse(gateway).value()}};
        wanted.guard.within = 700ms;
        return wanted;
    }

    std::string gateway(bool v6) {
        for (const KernelRoute& route : seen().routes)
            if (route.to.length == 0 && route.to.address.v6 == v6 && route.table == 254)
                return route.via ? route.via->text() : "none";
        return "absent";
    }

    static std::string error_of(const std::vector<ItemResult>& results, const std::string& item) {
        for (const ItemResult& result : results)
            if (result.item == item && result.error) return result.error->message;
        return {};
    }
};

TEST_F(Guarded, AGatewayThatAnswersTakesOver) {
    bring_to(way("10.9.0.10/24", "10.9.0.1"));
    EXPECT_EQ(gateway(false), "10.9.0.1");
    const auto results = bring_to(way("10.9.0.11/24", "10.9.0.2"));
    EXPECT_EQ(outcome(results, "primary"), Outcome::changed);
    EXPECT_EQ(outcome(results, "route/default"), Outcome::changed);
    EXPECT_EQ(gateway(false), "10.9.0.2");
    EXPECT_TRUE(has_address("10.9.0.11/24"));
    EXPECT_FALSE(has_address("10.9.0.10/24"));
}

TEST_F(Guarded, ASilentGatewayIsTakenBack) {
    bring_to(way("10.9.0.10/24", "10.9.0.1"));
    const auto results = bring_to(way("10.9.0.11/24", "10.9.0.99"));
    EXPECT_EQ(outcome(results, "primary"), Outcome::failed);
    EXPECT_THAT(error_of(results, "route/default"),
                HasSubstr("the gateway 10.9.0.99 did not answer within 700 ms; all of the change "
                          "was taken back"));
    EXPECT_EQ(gateway(false), "10.9.0.1");
    EXPECT_TRUE(has_address("10.9.0.10/24"));
    EXPECT_FALSE(has_address("10.9.0.11/24"));
}

TEST_F(Guarded, ByNeighbourDiscoveryToo) {
    bring_to(way("fd00:9::10/64", "fd00:9::1"));
    EXPECT_EQ(gateway(true), "fd00:9::1");
    EXPECT_EQ(outcome(bring_to(way("fd00:9::10/64", "fd00:9::2")), "route/default"),
              Outcome::changed);
    EXPECT_EQ(outcome(bring_to(way("fd00:9::10/64", "fd00:9::99")), "route/default"),
              Outcome::failed);
    EXPECT_EQ(gateway(true), "fd00:9::2");
}

TEST_F(Guarded, TheControlPlaneMustBeReachedWhereThatIsConfigured) {
    bring_to(way("10.9.0.10/24", "10.9.0.1"));
    Wanted wanted = way("10.9.0.11/24", "10.9.0.2");
    wanted.guard.reach = {{Address::parse("10.9.0.1").value(), 4433}};
    EXPECT_THAT(error_of(bring_to(wanted), "route/default"),
                HasSubstr("cannot reach 10.9.0.1 port 4433: Connection refused"));
    EXPECT_EQ(gateway(false), "10.9.0.1");

    std::optional<Listener> listener;
    in_peer([&] { listener.emplace(4433); });
    EXPECT_EQ(outcome(bring_to(wanted), "primary"), Outcome::changed);
    EXPECT_EQ(gateway(false), "10.9.0.2");
}

}  // namespace
}  // namespace metalwright::netcfg
