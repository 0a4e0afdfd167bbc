#include "agent/spec/catalogue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "corpus.hpp"
#include "raid/wishes.hpp"

namespace metalwright::spec {
namespace {

using corpus::lines;

TEST(Catalogue, EveryEntryArrives) {
    const auto known = read_catalogue(corpus::catalogue().dump());
    ASSERT_TRUE(known) << lines(known.error());
    const raid::WantedArray store{
        .name = "store",
        .level = raid::Level::raid5,
        .members = {.count = 3},
        .spares = 1,
        .chunk_kib = 64,
        .filesystem =
            raid::WantedFilesystem{.type = "ext4", .label = "store", .mount_point = "/srv/store"}};
    const RaidType data_5{RaidType::Volume::data, raid::Level::raid5, store};
    EXPECT_EQ(known->raid_types.at("data-5"), data_5);
    EXPECT_EQ(raid::fault(store), std::nullopt);
    const RaidType sys_1{RaidType::Volume::system, raid::Level::raid1, {}};
    EXPECT_EQ(known->raid_types.at("sys-1"), sys_1);
    const RaidType sys_0{RaidType::Volume::system, {}, {}};
    EXPECT_EQ(known->raid_types.at("sys-0"), sys_0);
    const RaidType data_0{RaidType::Volume::data, {}, {}};
    EXPECT_EQ(known->raid_types.at("data-0"), data_0);
    EXPECT_EQ(known->raid_types.at("data-1").array->name, "data") << "the default name";
    EXPECT_EQ(known->keypairs.at("key-1"), corpus::public_key());
    const Subnet& subnet = known->subnets.at("subnet-a");
    EXPECT_EQ(subnet.cidr.text(), "10.0.1.0/24");
    EXPECT_EQ(subnet.gateway->text(), "10.0.1.1");
    EXPECT_EQ(subnet.dns.at(0).text(), "10.0.1.2");
    EXPECT_EQ(subnet.mtu, 9000U);
    EXPECT_EQ(known->os_types.at("os-1"), "Debian 12");
}

TEST(Catalogue, AnEmptyOneIsOne) {
    EXPECT_EQ(read_catalogue("{}").value(), Catalogue{});
}

TEST(Catalogue, WhatIsWrongIsToldWhereItIs) {
    for (const corpus::Wrong& wrong : corpus::wrong_catalogue()) {
        SCOPED_TRACE(std::string(wrong.change) + " = " + std::string(wrong.to));
        const auto known =
            read_catalogue(corpus::changed(corpus::catalogue(), wrong.change, wrong.to).dump());
        ASSERT_FALSE(known);
        EXPECT_TRUE(corpus::holds(known.error(), wrong.where, wrong.says)) << lines(known.error());
        EXPECT_EQ(known.error().size(), 1U) << lines(known.error());
    }
    EXPECT_FALSE(read_catalogue("{\"raidTypes\":{},\"raidTypes\":{}}"));
    EXPECT_FALSE(read_catalogue("[]"));
}

TEST(Catalogue, WhatIsRightIsRead) {
    for (const corpus::Right& right : corpus::right_catalogue()) {
        SCOPED_TRACE(std::string(right.change) + " = " + std::string(right.to));
        const auto known =
            read_catalogue(corpus::changed(corpus::catalogue(), right.change, right.to).dump());
        EXPECT_TRUE(known) << lines(known.error());
    }
}

}  // namespace
}  // namespace metalwright::spec
