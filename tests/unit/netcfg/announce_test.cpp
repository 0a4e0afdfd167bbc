#include "netcfg/announce.hpp"

#include <gmock/gmock.h>

#include <map>

#include "bytes.hpp"
#include "scene.hpp"

namespace metalwright::netcfg {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr MacBytes mac{0x52, 0x54, 0x00, 0x4d, 0x57, 0x01};
constexpr std::size_t no_limit = 100'000;

TEST(AnnounceFrame, Ipv4IsAnArpAnnouncement) {
    EXPECT_EQ(hex(announcement(mac, ip("10.0.0.5"))),
              "ffffffff ffff5254 004d5701 08060001 "  // to all, from us, ARP over Ethernet
              "08000604 00015254 004d5701 0a000005 "  // for IPv4, request, sender
              "00000000 00000a00 0005");              // target: the same address
}

// The checksum, 5181, was worked out by another program.
TEST(AnnounceFrame, Ipv6IsAnUnsolicitedAdvertisement) {
    EXPECT_EQ(hex(announcement(mac, ip("2001:db8::5"))),
              "33330000 00015254 004d5701 86dd6000 "
              "00000020 3aff2001 0db80000 00000000 "  // 32 bytes, ICMPv6, hop limit 255
              "00000000 0005ff02 00000000 00000000 "
              "00000000 00018800 51812000 "  // advertisement, checksum, override
              "00002001 0db80000 00000000 00000000 "
              "00050201 5254004d 5701");
}

TEST(AnnounceFrame, AMacIsReadStrictly) {
    EXPECT_EQ(mac_bytes("52:54:00:4d:57:01"), mac);
    EXPECT_EQ(mac_bytes("52:54:00:4D:57:01"), mac);
    for (const char* text : {"", "52:54:00:4d:57", "52:54:00:4d:57:1", "52-54-00-4d-57-01",
                             "52:54:00:4d:57:0g", "52:54:00:4d:57:01:02", "5 :54:00:4d:57:01"})
        EXPECT_EQ(mac_bytes(text), std::nullopt) << text;
}

/// An announcer and the hands of its clock.
class Schedule : public testing::Test {
 protected:
    using TimePoint = Announcer::TimePoint;

    /// Moves the clock on to each moment that next_due() names, until `end`; milliseconds from the
    /// start, address -> when it was announced.
    std::map<std::string, std::vector<int>> run(std::chrono::milliseconds end,
                                                std::size_t most = no_limit) {
        std::map<std::string, std::vector<int>> heard;
        while (true) {
            for (const Frame& frame : announcer_.due(now_, most)) {
                ++frames_;
                heard[address_in(frame)].push_back(static_cast<int>((now_ - start_) / 1ms));
            }
            const std::optional<TimePoint> next = announcer_.next_due();
            if (!next || *next > start_ + end) break;
            if (*next > now_) now_ = *next;
        }
        now_ = start_ + end;
        return heard;
    }

    static std::string address_in(const Frame& frame) {
        Address address{.v6 = frame.bytes.size() > 42};
        std::memcpy(address.bytes.data(), frame.bytes.data() + (address.v6 ? 22 : 28),
                    address.v6 ? 16 : 4);
        return address.text();
    }

    void add(std::string_view text, int nic = 2) { announcer_.add(nic, mac, cidr(text), 1, now_); }
    void add_route(std::string_view text) { announcer_.add_route(2, mac, cidr(text), now_); }

    TimePoint start_{1000s};
    TimePoint now_ = start_;
    Announcer announcer_;
    std::size_t frames_ = 0;
};

TEST_F(Schedule, AtOnceAndThenFourTimesOver) {
    EXPECT_EQ(announcer_.next_due(), std::nullopt);
    add("10.0.0.5");
    add("fd00::5/64");
    EXPECT_EQ(announcer_.next_due(), now_);
    const auto heard = run(60s);
    EXPECT_THAT(heard.at("10.0.0.5"), ElementsAre(0, 1100, 2200, 3300, 4400));
    EXPECT_THAT(heard.at("fd00::5"), ElementsAre(0, 1100, 2200, 3300, 4400));
    EXPECT_EQ(announcer_.next_due(), std::nullopt);
}

TEST_F(Schedule, AFrameLeavesByItsNic) {
    add("10.0.0.5", 2);
    add("10.0.0.6", 7);
    EXPECT_THAT(announcer_.due(now_, no_limit),
                ElementsAre(Frame{2, announcement(mac, ip("10.0.0.5"))},
                            Frame{7, announcement(mac, ip("10.0.0.6"))}));
}

TEST_F(Schedule, WhatIsWithdrawnIsNotHeardAgain) {
    add("10.0.0.5/24");
    add("10.0.0.6/24");
    add_route("10.0.1.0/30");
    EXPECT_THAT(run(2500ms).at("10.0.0.5"), SizeIs(3));
    announcer_.withdraw(2, cidr("10.0.0.5/24"));
    announcer_.withdraw(2, cidr("10.0.0.6/32"));  // another address to the kernel
    announcer_.withdraw(3, cidr("10.0.0.6/24"));  // on another NIC
    announcer_.withdraw_route(2, cidr("10.0.1.0/30"));
    const auto rest = run(60s);
    EXPECT_THAT(rest, SizeIs(1));
    EXPECT_THAT(rest.at("10.0.0.6"), ElementsAre(3300, 4400));
}

TEST_F(Schedule, WithdrawingTheLastLeavesNothingToWakeFor) {
    add("10.0.0.5");
    run(100ms);
    EXPECT_EQ(announcer_.next_due(), start_ + 1100ms);
    announcer_.withdraw(2, cidr("10.0.0.5"));
    EXPECT_EQ(announcer_.next_due(), std::nullopt);
    add("10.0.0.5");
    announcer_.forget_link(2);
    EXPECT_EQ(announcer_.next_due(), std::nullopt);
    announcer_.link_returned(2, now_);
    EXPECT_THAT(announcer_.due(now_, no_limit), IsEmpty());
}

TEST_F(Schedule, BackAgainIsAnnouncedAnew) {
    add("10.0.0.5");
    run(1500ms);
    announcer_.withdraw(2, cidr("10.0.0.5"));
    add("10.0.0.5");
    EXPECT_THAT(run(60s).at("10.0.0.5"), ElementsAre(1500, 2600, 3700, 4800, 5900));
    add("10.0.0.5");
    EXPECT_THAT(run(120s).at("10.0.0.5"), SizeIs(5));
}

TEST_F(Schedule, ACarrierThatReturnsStartsWhatIsLiveThere) {
    add("10.0.0.5");
    add("10.0.0.6");
    add("10.0.0.7", 3);
    run(10s);
    announcer_.withdraw(2, cidr("10.0.0.6"));
    announcer_.link_returned(2, now_);
    const auto heard = run(60s);
    EXPECT_THAT(heard, SizeIs(1));
    EXPECT_THAT(heard.at("10.0.0.5"), ElementsAre(10000, 11100, 12200, 13300, 14400));
}

TEST_F(Schedule, InTheMiddleOfItsRoundsToo) {
    add("10.0.0.5");
    run(1500ms);
    announcer_.link_returned(2, now_);
    EXPECT_THAT(run(60s).at("10.0.0.5"), ElementsAre(1500, 2600, 3700, 4800, 5900));
}

TEST_F(Schedule, AnotherMacIsToldAtOnceAndUsedFromThenOn) {
    constexpr MacBytes other{2, 0, 0, 0, 0, 9};
    add("10.0.0.5");
    run(1500ms);
    announcer_.mac_changed(2, other, now_);
    EXPECT_THAT(announcer_.due(now_, no_limit),
                ElementsAre(Frame{2, announcement(other, ip("10.0.0.5"))}));
}

TEST_F(Schedule, ASmallRangeIsRepeatedAddressByAddress) {
    add_route("10.0.1.0/28");
    const auto heard = run(60s);
    EXPECT_THAT(heard, SizeIs(16));
    for (const auto& [address, times] : heard) EXPECT_THAT(times, SizeIs(5)) << address;
    EXPECT_TRUE(heard.contains("10.0.1.0"));
    EXPECT_TRUE(heard.contains("10.0.1.15"));
}

TEST_F(Schedule, ALargeRangeIsGoneThroughOnceWithinTheRate) {
    add_route("10.16.0.0/20");
    const auto heard = run(60s);
    EXPECT_THAT(heard, SizeIs(4096));
    EXPECT_EQ(frames_, 4096u);
    EXPECT_EQ(heard.at("10.16.0.0").front(), 0);
    EXPECT_EQ(heard.at("10.16.15.255").front(), 4096 - 64);
}

TEST_F(Schedule, AWiderRangeAsFarAsTheBound) {
    add_route("10.16.0.0/16");
    const auto heard = run(600s);
    EXPECT_THAT(heard, SizeIs(4096));
    EXPECT_FALSE(heard.contains("10.16.16.0"));
}

TEST_F(Schedule, ARangeThatIsWithdrawnStopsInItsMiddle) {
    add_route("10.16.0.0/20");
    EXPECT_THAT(run(1s), SizeIs(1064));
    announcer_.withdraw_route(2, cidr("10.16.0.0/20"));
    EXPECT_THAT(run(60s), IsEmpty());
}

TEST_F(Schedule, ASpelledRangeIsItsAddresses) {
    announcer_.add(2, mac, cidr("fd00::100/128"), 16, now_);
    announcer_.add(2, mac, cidr("fd00::200/128"), 256, now_);
    announcer_.withdraw(2, cidr("fd00::2ff/128"));
    const auto heard = run(60s);
    EXPECT_THAT(heard, SizeIs(16 + 255));
    EXPECT_EQ(frames_, 16u * 5 + 255u);
}

TEST_F(Schedule, ARoutedIpv6RangeIsNotAnnounced) {
    add_route("fd00::/124");
    add_route("fd00::7/128");
    EXPECT_THAT(run(60s), IsEmpty());
}

TEST_F(Schedule, TheRateHoldsInEverySecondAndNothingIsLost) {
    constexpr std::uint32_t many = 10'000;
    for (std::uint32_t i = 0; i < many; ++i)
        announcer_.add(2, mac, {ip("10.64.0.0").plus(i), 32}, 1, now_);
    std::map<int, std::size_t> in_second;
    const auto heard = run(120s);
    ASSERT_THAT(heard, SizeIs(many));
    for (const auto& [address, times] : heard) {
        ASSERT_THAT(times, SizeIs(5)) << address;
        for (std::size_t i = 0; i < times.size(); ++i) {
            ++in_second[times[i] / 1000];
            if (i > 0) {
                ASSERT_GE(times[i] - times[i - 1], 1100) << address;
            }
        }
        EXPECT_LT(times.front(), 10'000) << "first announcements go before repetitions";
    }
    for (const auto& [second, count] : in_second)
        EXPECT_LE(count, second == 0 ? 1064u : 1000u) << second;
}

TEST_F(Schedule, ARestFillsTheBucketOnlyAsFarAsItsBurst) {
    now_ = start_ + 1h;
    start_ = now_;
    add_route("10.16.0.0/20");
    EXPECT_THAT(announcer_.due(now_, no_limit), SizeIs(64));
    EXPECT_THAT(announcer_.due(now_, no_limit), IsEmpty());
    EXPECT_EQ(announcer_.next_due(), now_ + 1ms);
    EXPECT_THAT(announcer_.due(now_ + 10ms, no_limit), SizeIs(10));
    EXPECT_THAT(announcer_.due(now_ + 1h, 5), SizeIs(5));
    EXPECT_THAT(announcer_.due(now_ + 1h, no_limit), SizeIs(59));
}

TEST_F(Schedule, ALargeRangeAndRepetitionsShareAndNewcomersGoFirst) {
    for (std::uint32_t i = 0; i < 50; ++i) add("10.0.0." + std::to_string(i));
    add_route("10.16.0.0/20");
    run(2s);
    add("10.9.9.9");
    const auto heard = run(60s);
    EXPECT_EQ(heard.at("10.9.9.9").front(), 2001) << "the next frame that the rate allows";
    EXPECT_LE(heard.at("10.0.0.49").front(), 2400) << "a repetition is not behind the range";
}

TEST_F(Schedule, ALargeRangeIsNotBehindAllRepetitions) {
    for (std::uint32_t i = 0; i < 2000; ++i)
        announcer_.add(2, mac, {ip("10.64.0.0").plus(i), 32}, 1, now_);
    add_route("10.16.0.0/20");
    // Two seconds of first announcements, then half of four seconds.
    const auto of_the_range = [](const auto& one) { return one.first.starts_with("10.16."); };
    EXPECT_NEAR(static_cast<double>(std::ranges::count_if(run(6s), of_the_range)), 2000, 100);
}

TEST_F(Schedule, AFlappingLinkDelaysNobody) {
    for (std::uint32_t i = 0; i < 1000; ++i)
        announcer_.add(2, mac, {ip("10.64.0.0").plus(i), 32}, 1, now_);
    std::map<std::string, std::size_t> heard;
    for (int flap = 0; flap < 20; ++flap, now_ += 100ms) {
        announcer_.link_returned(2, now_);
        for (const Frame& frame : announcer_.due(now_, no_limit)) ++heard[address_in(frame)];
    }
    EXPECT_THAT(heard, SizeIs(1000));
}

}  // namespace
}  // namespace metalwright::netcfg
