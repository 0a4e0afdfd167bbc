#include "netcfg/announce.hpp"

#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string_view>

#include "lab.hpp"
#include "netcfg/packet_socket.hpp"

namespace metalwright::netcfg {
namespace {

using namespace std::chrono_literals;
constexpr MacBytes va_mac{2, 0, 0, 0, 0, 0x0a};
constexpr auto patience = 5s;

/// The next message that `wanted` takes, out of all that come; nothing after five seconds.
std::optional<std::vector<std::byte>> await(
    const sys::Fd& fd, const std::function<bool(std::span<const std::byte>)>& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::vector<std::byte> buffer(65536);
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd ready{fd.get(), POLLIN, 0};
        if (left <= 0ms || ::poll(&ready, 1, static_cast<int>(left.count())) == 0)
            return std::nullopt;
        const ssize_t size = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
        if (size <= 0) continue;
        const auto message = std::span(buffer).first(static_cast<std::size_t>(size));
        if (wanted(message)) return std::vector(message.begin(), message.end());
    }
}

/// Everything that comes in by the NIC of that name, in the namespace it is made in.
sys::Fd capture(const char* name) {
    sys::Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    sockaddr_ll at{};
    at.sll_family = AF_PACKET;
    at.sll_protocol = htons(ETH_P_ALL);
    at.sll_ifindex = static_cast<int>(::if_nametoindex(name));
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    return fd;
}

/// Notifications of the namespace it is made in; RTMGRP_*.
sys::Fd notifications(unsigned groups) {
    sys::Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    sockaddr_nl self{};
    self.nl_family = AF_NETLINK;
    self.nl_groups = groups;
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&self), sizeof self), 0);
    return fd;
}

bool holds(std::span<const std::byte> message, std::span<const std::uint8_t> bytes) {
    const std::string_view all(reinterpret_cast<const char*>(message.data()), message.size());
    return all.contains({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

class Announce : public Netns {
 protected:
    void SetUp() override {
        Netns::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        auto opened = PacketSocket::open();
        ASSERT_TRUE(opened) << describe(opened.error());
        socket_.emplace(std::move(*opened));
        nic_ = va();
        // A link that has just come up hears no IPv6 multicast yet, and what is sent on it is lost.
        const auto comes_up = [](const std::string& nic) {
            const sys::Fd routes = notifications(RTMGRP_IPV6_ROUTE);
            const auto any = [](std::span<const std::byte>) { return true; };
            const std::string there =
                "ip -6 route show table local | grep -q 'multicast .* dev " + nic + "'";
            while (std::system(there.c_str()) != 0)
                ASSERT_TRUE(await(routes, any)) << nic << " does not come up for IPv6";
        };
        comes_up("va");
        in_peer([&] { comes_up("vb"); });
    }

    std::vector<Result<void>> send_due() { return socket_->send(announcer_.due(now_, 1000)); }

    static Prefix cidr(const std::string& text) { return Prefix::parse(text).value(); }
    static Address ip(const std::string& text) { return Address::parse(text).value(); }

    /// The peer believes that `text` lives elsewhere; it must come to know better.
    void expect_put_right(const std::string& text) {
        sys::Fd wire;
        sys::Fd table;
        in_peer([&] {
            shell("ip neigh replace " + text + " lladdr 02:00:00:00:00:99 dev vb nud stale");
            wire = capture("vb");
            table = notifications(RTMGRP_NEIGH);
        });
        for (const Result<void>& sent : send_due()) EXPECT_TRUE(sent) << describe(sent.error());
        const std::vector<std::byte> expected = announcement(va_mac, ip(text));
        EXPECT_TRUE(await(wire, [&](auto frame) { return std::ranges::equal(frame, expected); }))
            << text << " was not announced";
        const Address address = ip(text);
        EXPECT_TRUE(await(table,
                          [&](auto message) {
                              return holds(message, va_mac) &&
                                     holds(message,
                                           std::span(address.bytes).first(address.v6 ? 16 : 4));
                          }))
            << text << " is still believed elsewhere";
        in_peer([&] {
            EXPECT_EQ(std::system(
                          ("ip neigh show " + text + " dev vb | grep -q 'lladdr 02:00:00:00:00:0a'")
                              .c_str()),
                      0)
                << text;
        });
    }

    std::optional<PacketSocket> socket_;
    Announcer announcer_;
    Announcer::TimePoint now_{1000s};
    int nic_ = 0;
};

TEST_F(Announce, APeerWithAStaleMacIsPutRight) {
    bring_to({.nic = {.name = "va"},
              .aliases = std::vector<Alias>{{.cidr = cidr("10.9.0.20")},
                                            {.cidr = cidr("10.9.7.0/28")},
                                            {.cidr = cidr("fd00:9::5")}}});
    announcer_.add(nic_, va_mac, cidr("10.9.0.20"), 1, now_);
    expect_put_right("10.9.0.20");
    announcer_.add(nic_, va_mac, cidr("fd00:9::5"), 1, now_);
    expect_put_right("fd00:9::5");
    announcer_.add_route(nic_, va_mac, cidr("10.9.7.0/28"), now_);
    expect_put_right("10.9.7.15");
}

TEST_F(Announce, ALinkThatIsDownFailsItsOwnFramesAlone) {
    shell("ip link add vc type veth peer name vd");  // never up
    const int down = static_cast<int>(::if_nametoindex("vc"));
    const std::vector<std::byte> bytes = announcement(va_mac, ip("10.9.0.20"));
    const std::vector<Frame> frames{{down, bytes}, {9999, bytes}, {nic_, {}}, {nic_, bytes}};
    sys::Fd wire;
    in_peer([&] { wire = capture("vb"); });
    const std::vector<Result<void>> results = socket_->send(frames);
    ASSERT_EQ(results.size(), 4u);
    ASSERT_FALSE(results[0] || results[1] || results[2]);
    EXPECT_EQ(results[0].error().sys, ENETDOWN);
    EXPECT_EQ(results[1].error().sys, ENXIO);
    EXPECT_EQ(results[2].error().sys, EINVAL);
    EXPECT_TRUE(results[3]);
    EXPECT_TRUE(await(wire, [&](auto frame) { return std::ranges::equal(frame, bytes); }));
}

// All five rounds on the wire, by a clock that is set rather than waited for.
TEST_F(Announce, FiveRoundsReachThePeerAndNoneOfWhatIsWithdrawn) {
    sys::Fd wire;
    in_peer([&] { wire = capture("vb"); });
    announcer_.add(nic_, va_mac, cidr("10.9.0.20"), 1, now_);
    announcer_.add(nic_, va_mac, cidr("10.9.0.21"), 1, now_);
    for (bool first = true; announcer_.next_due(); first = false) {
        now_ = *announcer_.next_due();
        for (const Result<void>& sent : send_due()) EXPECT_TRUE(sent) << describe(sent.error());
        if (first) announcer_.withdraw(nic_, cidr("10.9.0.21"));
    }
    // Sent last, so nothing of the above is still on its way when it is heard.
    const std::vector<std::byte> last = announcement(va_mac, ip("10.9.0.99"));
    EXPECT_TRUE(socket_->send(std::vector<Frame>{{nic_, last}}).front());
    int kept = 0;
    int withdrawn = 0;
    EXPECT_TRUE(await(wire, [&](auto frame) {
        kept += std::ranges::equal(frame, announcement(va_mac, ip("10.9.0.20"))) ? 1 : 0;
        withdrawn += std::ranges::equal(frame, announcement(va_mac, ip("10.9.0.21"))) ? 1 : 0;
        return std::ranges::equal(frame, last);
    }));
    EXPECT_EQ(kept, 5);
    EXPECT_EQ(withdrawn, 1);
}

}  // namespace
}  // namespace metalwright::netcfg
