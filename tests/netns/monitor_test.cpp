#include "netcfg/monitor.hpp"

#include <gmock/gmock.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "lab.hpp"

namespace metalwright::netcfg {
namespace {

using namespace std::chrono_literals;
using testing::_;
using testing::Contains;
using testing::Each;
using testing::Not;
using testing::VariantWith;

class Drift : public Netns {
 protected:
    void SetUp() override {
        Netns::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        nic_ = va();
        listen();
    }

    void listen(int receive_bytes = Monitor::default_receive_bytes) {
        auto opened = Monitor::open(receive_bytes);
        ASSERT_TRUE(opened) << describe(opened.error());
        monitor_.emplace(std::move(*opened));
        monitor_->know(seen().links);
    }

    Changes read() {
        Result<Changes> changes = monitor_->read();
        EXPECT_TRUE(changes) << describe(changes.error());
        return changes.value_or(Changes{});
    }

    /// Reads on until `wanted` is told: some notifications come from the kernel's own workers,
    /// late.
    bool hear(const std::function<bool(const Change&)>& wanted) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (std::chrono::steady_clock::now() < deadline) {
            pollfd ready{monitor_->fd(), POLLIN, 0};
            if (::poll(&ready, 1, 1000) != 1) continue;
            const std::vector<Change> list = read().list;
            heard_.insert(heard_.end(), list.begin(), list.end());
            if (std::ranges::any_of(list, wanted)) return true;
        }
        return false;
    }
    bool hear(LinkEvent event) {
        return hear([&](const Change& change) {
            const auto* link = std::get_if<LinkChange>(&change);
            return link != nullptr && link->ifindex == nic_ && link->event == event;
        });
    }
    bool hear(const std::string& text, std::uint8_t protocol, bool added) {
        const Prefix prefix = Prefix::parse(text).value();
        return hear([&](const Change& change) {
            const auto* told = std::get_if<AddressChange>(&change);
            return told != nullptr && told->added == added && told->address.ifindex == nic_ &&
                   told->address.prefix == prefix && told->address.protocol == protocol;
        });
    }

    std::optional<Monitor> monitor_;
    std::vector<Change> heard_;  // by hear(), all of it
    int nic_ = 0;
};

TEST_F(Drift, TheBufferIsLargeAndReadingNeverWaits) {
    EXPECT_GE(monitor_->receive_bytes(), 128u * 1024 * 1024);
    EXPECT_FALSE(read().overflow);
}

TEST_F(Drift, AddressesOfBothFamiliesComeAndGo) {
    for (const char* text : {"10.9.0.5/32", "fd00:9::5/128"}) {
        rtnl_->apply(std::vector<KernelOp>{
            AddAddress{.ifindex = nic_, .first = Prefix::parse(text).value()}});
        EXPECT_TRUE(hear(text, our_protocol, true)) << text;
        shell(std::string("ip address del ") + text + " dev va");
        EXPECT_TRUE(hear(text, our_protocol, false)) << text;
    }
    shell("ip address add 10.9.0.6/24 dev va");
    EXPECT_TRUE(hear("10.9.0.6/24", 0, true)) << "somebody else's";
}

TEST_F(Drift, ARouteThatSomebodyDeletes) {
    for (const char* text : {"10.9.7.0/28", "fd00:9:2::/64"}) {
        const KernelRoute route{.ifindex = nic_,
                                .to = Prefix::parse(text).value(),
                                .table = 255,
                                .protocol = our_protocol,
                                .type = 2};
        rtnl_->apply(std::vector<KernelOp>{AddRoute{.route = route}});
        std::vector<Change> added = read().list;
        shell(std::string("ip route del local ") + text + " dev va table local");
        std::vector<Change> removed = read().list;
        for (std::vector<Change>* list : {&added, &removed})
            for (Change& change : *list)
                if (auto* told = std::get_if<RouteChange>(&change)) told->route.metric = 0;
        EXPECT_THAT(added, Contains(Change(RouteChange{true, route}))) << text;
        EXPECT_THAT(removed, Contains(Change(RouteChange{false, route}))) << text;
    }
}

TEST_F(Drift, RulesOfBothFamilies) {
    shell("ip rule add from 10.9.0.5 table 1101 priority 10000 protocol 77");
    shell("ip -6 rule add from fd00:9::5 table 1101 priority 10000 protocol 77");
    shell("ip rule del priority 10000");
    RuleChange rule{.priority = 10000,
                    .table = 1101,
                    .protocol = our_protocol,
                    .from = Prefix::parse("10.9.0.5").value()};
    RuleChange six = rule;
    six.v6 = true;
    six.from = Prefix::parse("fd00:9::5").value();
    RuleChange gone = rule;
    gone.added = false;
    const std::vector<Change> told = read().list;
    for (const RuleChange& expected : {rule, six, gone})
        EXPECT_THAT(told, Contains(Change(expected)));
}

TEST_F(Drift, DownAndUpAgain) {
    shell("ip route add 10.8.0.0/16 dev va");
    read();
    shell("ip link set va down");
    EXPECT_TRUE(hear(LinkEvent::down));
    for (const Change& change : heard_)
        EXPECT_FALSE(std::holds_alternative<RouteChange>(change) &&
                     !std::get<RouteChange>(change).route.to.address.v6)
            << "if the kernel now tells of IPv4 routes, a full read at this edge is one too many";
    shell("ip link set va up");
    EXPECT_TRUE(hear(LinkEvent::up));
}

TEST_F(Drift, ThePeerPullsTheCableAndPutsItBack) {
    in_peer([] { shell("ip link set vb down"); });
    EXPECT_TRUE(hear(LinkEvent::no_carrier));
    in_peer([] { shell("ip link set vb up"); });
    EXPECT_TRUE(hear(LinkEvent::carrier));
}

TEST_F(Drift, AnotherNameAnotherMacAndGone) {
    shell("ip link set va name wan0");
    const LinkChange renamed{LinkEvent::renamed, nic_, "wan0", "02:00:00:00:00:0a", "va"};
    EXPECT_THAT(read().list, Contains(Change(renamed)));
    shell("ip link set wan0 address 02:00:00:00:00:0c");
    const LinkChange changed{LinkEvent::mac_changed, nic_, "wan0", "02:00:00:00:00:0c",
                             "02:00:00:00:00:0a"};
    EXPECT_THAT(read().list, Contains(Change(changed)));
    shell("ip link del wan0");
    EXPECT_TRUE(hear(LinkEvent::removed));
    shell("ip link add vc type veth peer name vd");
    nic_ = static_cast<int>(::if_nametoindex("vc"));
    EXPECT_TRUE(hear(LinkEvent::added));
}

TEST_F(Drift, AnOverflowIsToldOnceAndTheNextReadWorks) {
    listen(1);  // the kernel makes it its least
    std::vector<KernelOp> many;
    for (std::uint32_t i = 0; i < 200; ++i)
        many.emplace_back(AddAddress{.ifindex = nic_,
                                     .first = {Address::parse("10.64.0.0").value().plus(i), 32}});
    rtnl_->apply(many);
    const Changes lost = read();
    EXPECT_TRUE(lost.overflow);
    EXPECT_THAT(lost.list, Each(VariantWith<LinkChange>(_)));
    EXPECT_FALSE(read().overflow);
    shell("ip address add 10.9.0.6/32 dev va");
    EXPECT_TRUE(hear("10.9.0.6/32", 0, true));
}

TEST_F(Drift, ALinkEdgeThatWasLostIsToldByTheNextDump) {
    listen(1);
    std::vector<KernelOp> many;
    for (std::uint32_t i = 0; i < 200; ++i)
        many.emplace_back(AddAddress{.ifindex = nic_,
                                     .first = {Address::parse("10.64.0.0").value().plus(i), 32}});
    rtnl_->apply(many);
    shell("ip link set va name wan0");
    EXPECT_TRUE(read().overflow);
    const LinkChange renamed{LinkEvent::renamed, nic_, "wan0", "02:00:00:00:00:0a", "va"};
    EXPECT_THAT(monitor_->know(seen().links), Contains(Change(renamed)));
}

TEST_F(Drift, AStormIsReadInPartsAndWhole) {
    std::vector<KernelOp> many;
    for (std::uint32_t i = 0; i < 10'000; ++i)
        many.emplace_back(
            AddRoute{.route = {.ifindex = nic_,
                               .to = {Address::parse("10.64.0.0").value().plus(i), 32},
                               .table = 255,
                               .protocol = our_protocol,
                               .type = 2}});
    rtnl_->apply(many);
    std::size_t told = 0;
    std::size_t reads = 0;
    for (Changes changes = read(); !changes.list.empty(); changes = read(), ++reads) {
        EXPECT_FALSE(changes.overflow);
        for (const Change& change : changes.list)
            told += std::holds_alternative<RouteChange>(change) ? 1u : 0u;
    }
    EXPECT_GE(told, 10'000u);
    EXPECT_GE(reads, 3u);
}

// Anybody in the namespace may send to our socket; only the kernel is listened to.
TEST_F(Drift, ForeignMessagesAreDropped) {
    read();
    sockaddr_nl to{};
    socklen_t size = sizeof to;
    ASSERT_EQ(::getsockname(monitor_->fd(), reinterpret_cast<sockaddr*>(&to), &size), 0);
    sys::Fd liar(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    struct {
        nlmsghdr header;
        ifinfomsg body;
    } lie{{sizeof lie, RTM_DELLINK, 0, 0, 0}, {.ifi_index = nic_}};
    ASSERT_EQ(::sendto(liar.get(), &lie, sizeof lie, 0, reinterpret_cast<const sockaddr*>(&to),
                       sizeof to),
              static_cast<ssize_t>(sizeof lie));
    const LinkChange lied{LinkEvent::removed, nic_, "va", "02:00:00:00:00:0a"};
    EXPECT_THAT(read().list, Not(Contains(Change(lied))));
}

}  // namespace
}  // namespace metalwright::netcfg
