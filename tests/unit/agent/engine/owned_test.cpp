#include "agent/engine/owned.hpp"

#include <gtest/gtest.h>

namespace metalwright::engine {
namespace {

netcfg::Prefix prefix(const char* text) {
    return *netcfg::Prefix::parse(text);
}

TEST(Owned, WhatIsOursComesBackFromTheStoreWhole) {
    netcfg::Owned owned{.mac = "52:54:00:4d:57:01",
                        .primaries = {prefix("10.0.1.10/24")},
                        .addresses = {prefix("10.0.1.10/24"), prefix("fd00::5/128")},
                        .local_routes = {prefix("10.0.1.128/28")}};
    owned.routes.push_back(
        {.to = prefix("10.8.0.0/16"), .via = *netcfg::Address::parse("10.0.1.1"), .metric = 100});
    owned.routes.push_back({.to = prefix("10.9.0.0/16")});
    owned.secondaries = {prefix("fd00::5/128")};
    owned.elsewhere.push_back({"52:54:00:4d:57:09", prefix("10.0.2.5/32"), netcfg::Kind::elastic});
    owned.elsewhere.push_back({"52:54:00:4d:57:09", prefix("10.0.2.10/24"), netcfg::Kind::primary});
    owned.settings.push_back({"52:54:00:4d:57:01", "eth0.7", netcfg::NicSetting::rp_filter, 1});
    owned.settings.push_back({"52:54:00:4d:57:01", "eth0", netcfg::NicSetting::group, 0});
    const auto back = owned_from(owned_rows(owned));
    ASSERT_TRUE(back) << describe(back.error());
    EXPECT_EQ(*back, owned);
}

TEST(Owned, AnUnknownKindIsSaid) {
    EXPECT_FALSE(owned_from({{"tunnel", "x"}}));
    EXPECT_FALSE(owned_from({{"address", "no address"}}));
    for (const char* setting :
         {"", "52:54:00:4d:57:01 eth0 rp_filter", "52:54:00:4d:57:01 eth0 rp_filter x",
          "52:54:00:4d:57:01 eth0 mtu 1", "52:54:00:4d:57:01 eth0 rp_filter 1 2"})
        EXPECT_FALSE(owned_from({{"setting", setting}})) << setting;
}

}  // namespace
}  // namespace metalwright::engine
