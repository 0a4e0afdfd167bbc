#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "lab.hpp"
#include "netcfg/rtnl_encode.hpp"
#include "tests/unit/netcfg/policy_driver.hpp"

// Two NICs: va, on whose wire the peer is 10.9.0.1, and wa, where it is 10.9.1.1. The peer is also
// a client from far away, 192.0.2.7, and reaches each of our addresses over the wire it belongs to.
namespace metalwright::netcfg {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string said(const std::string& command) {
    std::string text;
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    std::array<char, 4096> part{};
    while (std::fgets(part.data(), part.size(), pipe.get()) != nullptr) text += part.data();
    return text;
}

std::size_t lines_with(const std::string& text, const std::string& word) {
    std::size_t count = 0;
    for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++count;
    return count;
}

void set_conf(const std::string& who, const std::string& key, int value) {
    std::ofstream file("/proc/sys/net/ipv4/conf/" + who + '/' + key);
    file << value << std::flush;
    EXPECT_TRUE(file.good()) << who << ' ' << key;
}

int conf(const std::string& who, const std::string& key) {
    std::ifstream file("/proc/sys/net/ipv4/conf/" + who + '/' + key);
    int value = -1;
    file >> value;
    return value;
}

sockaddr_in endpoint(const std::string& address, std::uint16_t port) {
    sockaddr_in made{};
    made.sin_family = AF_INET;
    made.sin_port = htons(port);
    EXPECT_EQ(::inet_pton(AF_INET, address.c_str(), &made.sin_addr), 1) << address;
    return made;
}

/// A UDP socket of the namespace it was made in, which tells the NIC that a datagram came in by.
class Speaker {
 public:
    Speaker(const std::string& address, std::uint16_t port)
        : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        const int on = 1;
        EXPECT_EQ(::setsockopt(fd_.get(), IPPROTO_IP, IP_PKTINFO, &on, sizeof on), 0);
        const sockaddr_in me = endpoint(address, port);
        EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&me), sizeof me), 0)
            << address;
    }
    void send(const sockaddr_in& to) {
        EXPECT_EQ(::sendto(fd_.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to),
                  1);
    }
    /// The NIC's name, in the namespace of the caller; "nothing" when nothing comes.
    std::string receive(sockaddr_in* from = nullptr) {
        pollfd ready{fd_.get(), POLLIN, 0};
        if (::poll(&ready, 1, 5000) != 1) return "nothing";
        char byte = 0;
        iovec content{&byte, 1};
        sockaddr_in sender{};
        alignas(cmsghdr) std::array<char, 128> control{};
        msghdr message{};
        message.msg_name = &sender;
        message.msg_namelen = sizeof sender;
        message.msg_iov = &content;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        if (::recvmsg(fd_.get(), &message, 0) != 1) return "nothing";
        if (from != nullptr) *from = sender;
        in_pktinfo info{};
        if (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr)
            std::memcpy(&info, CMSG_DATA(header), sizeof info);
        std::array<char, IF_NAMESIZE> name{};
        const char* known = ::if_indextoname(static_cast<unsigned>(info.ipi_ifindex), name.data());
        return known == nullptr ? "unknown" : known;
    }

 private:
    sys::Fd fd_;
};

/// Asks and hears ARP on one NIC of the namespace it was made in, as 10.9.0.1.
class Arp {
 public:
    explicit Arp(const char* nic)
        : fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ARP))) {
        sockaddr_ll here{};
        here.sll_family = AF_PACKET;
        here.sll_protocol = htons(ETH_P_ARP);
        here.sll_ifindex = static_cast<int>(::if_nametoindex(nic));
        EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here), 0);
    }
    void ask(const std::string& address) {
        // Ethernet: to all, from 02:..:0e; ARP: IPv4 over Ethernet, a request.
        std::array<std::uint8_t, 42> frame{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,  0, 0, 0, 0,
                                           0x0e, 8,    6,    0,    1,    8,    0,  6, 4, 0, 1,
                                           2,    0,    0,    0,    0,    0x0e, 10, 9, 0, 1};
        const sockaddr_in whose = endpoint(address, 0);
        std::memcpy(&frame[38], &whose.sin_addr, 4);
        EXPECT_EQ(::send(fd_.get(), frame.data(), frame.size(), 0),
                  static_cast<ssize_t>(frame.size()));
    }
    /// The address that the next answer to us is about.
    std::string answer() {
        std::array<std::uint8_t, 128> frame{};
        for (;;) {
            pollfd ready{fd_.get(), POLLIN, 0};
            if (::poll(&ready, 1, 5000) != 1) return "nothing";
            if (::recv(fd_.get(), frame.data(), frame.size(), 0) < 42) return "nothing";
            if (frame[21] == 2 && frame[5] == 0x0e) break;
        }
        return Address{.bytes = {frame[28], frame[29], frame[30], frame[31]}}.text();
    }

 private:
    sys::Fd fd_;
};

class TwoNics : public Netns {
 protected:
    void SetUp() override {
        Netns::SetUp();
        if (HasFatalFailure()) return;
        add_second_wire();
        // As the rest of the room would have it; a namespace inherits what its maker had.
        for (const char* who : {"all", "va", "wa"})
            for (const char* key : {"rp_filter", "arp_filter", "arp_announce", "arp_ignore"})
                set_conf(who, key, 0);
        shell("ip address add 10.9.0.10/24 dev va");
        shell("ip address add 10.9.1.10/24 dev wa");
        shell("ip route add default via 10.9.0.1");
        in_peer([] {
            for (const char* who : {"all", "vb", "wb"}) set_conf(who, "rp_filter", 0);
            shell("ip address add 10.9.1.1/24 dev wb");
            shell("ip address add 192.0.2.7/32 dev lo");
        });
    }

    std::vector<ItemResult> policy(const std::vector<Ordered>& order) {
        return bring_policy_to(order, *doors_, owned_);
    }

    /// By which of the peer's NICs our answer comes, when `client` has asked `address`.
    std::string answer_comes_by(const std::string& client, const std::string& address) {
        Speaker ours(address, 7777);
        std::optional<Speaker> theirs;
        in_peer([&] {
            theirs.emplace(client, std::uint16_t{7778});
            theirs->send(endpoint(address, 7777));
        });
        sockaddr_in from{};
        if (ours.receive(&from) == "nothing") return "the question was not heard";
        ours.send(from);
        std::string by;
        in_peer([&] { by = theirs->receive(); });
        return by;
    }

    /// All that policy routing may touch.
    static std::string state() {
        // But for what the kernel makes of addresses, IPv6 ones in its own time.
        std::string text = said(
            "ip rule; ip -6 rule; for f in -4 -6; do ip $f route show table all | grep -v 'proto "
            "kernel'; done; ip -o link | sed 's/<.*group/group/'");
        for (const char* who : {"all", "default", "va", "wa"})
            for (const char* key : {"rp_filter", "arp_filter", "arp_announce", "arp_ignore"})
                text += std::string(who) + ' ' + key + ' ' + std::to_string(conf(who, key)) + '\n';
        return text;
    }

    const std::vector<Ordered> order_{{"va", {"10.9.0.10/24"}, "10.9.0.1"},
                                      {"wa", {"10.9.1.10/24"}, "10.9.1.1"}};
};

TEST_F(TwoNics, AnswersLeaveByTheNicTheyWereAskedOn) {
    EXPECT_EQ(answer_comes_by("192.0.2.7", "10.9.1.10"), "vb") << "as the default route has it";
    EXPECT_EQ(answer_comes_by("10.9.0.1", "10.9.1.10"), "vb") << "on the link of the other NIC";
    for (const ItemResult& result : policy(order_))
        EXPECT_EQ(result.outcome, Outcome::changed)
            << result.item << (result.error ? describe(*result.error) : "");
    EXPECT_EQ(answer_comes_by("192.0.2.7", "10.9.1.10"), "wb");
    EXPECT_EQ(answer_comes_by("10.9.0.1", "10.9.1.10"), "wb");
    EXPECT_EQ(answer_comes_by("10.9.1.1", "10.9.0.10"), "vb");
    EXPECT_EQ(answer_comes_by("192.0.2.7", "10.9.0.10"), "vb");
    EXPECT_THAT(said("ip route get 192.0.2.7 from 10.9.1.10"), HasSubstr("via 10.9.1.1 dev wa"));
    EXPECT_THAT(said("ip route get 192.0.2.7"), HasSubstr("via 10.9.0.1 dev va"))
        << "what we begin ourselves goes as before";
}

TEST_F(TwoNics, StrictReversePathFiltersLetTheQuestionsIn) {
    set_conf("all", "rp_filter", 1);
    set_conf("wa", "rp_filter", 1);
    policy(order_);
    EXPECT_EQ(answer_comes_by("192.0.2.7", "10.9.1.10"), "wb");
    EXPECT_EQ(answer_comes_by("10.9.0.1", "10.9.1.10"), "wb");
    EXPECT_EQ(conf("wa", "rp_filter"), 1);
}

TEST_F(TwoNics, AStrictNicWithoutAGatewayIsLoosened) {
    set_conf("all", "rp_filter", 1);
    std::vector<Ordered> order = order_;
    order[1].gateway = "";
    // As a router does it, with an address of that network: arp_filter is deaf to others now.
    in_peer([] { set_conf("wb", "arp_announce", 2); });
    policy(order);
    EXPECT_EQ(conf("wa", "rp_filter"), 2);
    EXPECT_EQ(conf("va", "rp_filter"), 0);
    EXPECT_EQ(answer_comes_by("192.0.2.7", "10.9.1.10"), "vb") << "the only way there is";
    policy(order_);
    EXPECT_EQ(conf("wa", "rp_filter"), 0);
    EXPECT_EQ(answer_comes_by("192.0.2.7", "10.9.1.10"), "wb");
}

TEST_F(TwoNics, ThreeRunsMakeOneRuleEach) {
    policy(order_);
    const std::string once = state();
    const std::uint64_t sent = rtnl_->mutations();
    for (int run = 0; run < 2; ++run)
        for (const ItemResult& result : policy(order_))
            EXPECT_EQ(result.outcome, Outcome::unchanged) << result.item;
    EXPECT_EQ(rtnl_->mutations(), sent);
    EXPECT_EQ(state(), once);
    const std::string rules = said("ip rule");
    EXPECT_EQ(lines_with(rules, "7699:"), 1u) << rules;
    EXPECT_EQ(lines_with(rules, "7700:\tfrom 10.9.0.0/24 lookup 7700 proto 77"), 1u) << rules;
    EXPECT_EQ(lines_with(rules, "7701:\tfrom 10.9.1.0/24 lookup 7701 proto 77"), 1u) << rules;
}

TEST_F(TwoNics, ARuleThatIsThereThriceIsThereOnceAfterwards) {
    policy(order_);
    std::vector<std::byte> bytes;
    const Prefix source = Prefix::parse("10.9.1.0/24").value();
    encode(AddRule{{.priority = 7701, .table = 7701, .protocol = our_protocol, .from = source}}, 1,
           bytes);
    std::uint16_t flags = NLM_F_REQUEST | NLM_F_CREATE;  // without NLM_F_EXCL
    std::memcpy(bytes.data() + offsetof(nlmsghdr, nlmsg_flags), &flags, sizeof flags);
    const sys::Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    for (int i = 0; i < 2; ++i)
        ASSERT_EQ(::send(socket.get(), bytes.data(), bytes.size(), 0),
                  static_cast<ssize_t>(bytes.size()));
    ASSERT_EQ(lines_with(said("ip rule"), "7701:"), 3u);
    policy(order_);
    EXPECT_EQ(lines_with(said("ip rule"), "7701:"), 1u);
    EXPECT_EQ(answer_comes_by("192.0.2.7", "10.9.1.10"), "wb");
}

TEST_F(TwoNics, ALinkThatWasDownAnswersByItselfAgain) {
    policy(order_);
    for (const char* nic : {"va", "wa"}) {
        shell(std::string("ip link set ") + nic + " down");
        shell(std::string("ip link set ") + nic + " up");
    }
    shell("ip route add default via 10.9.0.1");  // table main is not policy routing's
    EXPECT_THAT(said("ip route show table 7701 2>&1"), Not(HasSubstr("default")));
    policy(order_);
    EXPECT_EQ(answer_comes_by("192.0.2.7", "10.9.1.10"), "wb");
    EXPECT_THAT(said("ip route show table 7701"),
                AllOf(HasSubstr("10.9.1.0/24 dev wa"), HasSubstr("default via 10.9.1.1 dev wa")));
    EXPECT_THAT(said("ip route show table 7700"), HasSubstr("default via 10.9.0.1 dev va"));
    const std::uint64_t sent = rtnl_->mutations();
    policy(order_);
    EXPECT_EQ(rtnl_->mutations(), sent);
}

TEST_F(TwoNics, SwitchedOffAllIsAsItWas) {
    set_conf("wa", "arp_announce", 1);
    set_conf("va", "rp_filter", 1);
    shell("ip link set va up");
    const std::string before = state();
    policy(order_);
    EXPECT_NE(state(), before);
    EXPECT_EQ(conf("wa", "arp_announce"), 2);
    for (const ItemResult& result : policy({order_[0]}))
        EXPECT_EQ(result.outcome, Outcome::changed) << result.item;
    EXPECT_EQ(state(), before);
    EXPECT_THAT(owned_.settings, IsEmpty());
    EXPECT_THAT(policy({}), IsEmpty());
}

TEST_F(TwoNics, WhatSomebodyElseHasSetStays) {
    shell("ip rule add from 10.9.7.0/24 lookup 100 priority 7701");
    shell("ip rule add from 10.9.1.0/24 lookup 7701 priority 7701");
    shell("ip route add 10.8.0.0/16 via 10.9.1.1 table 7701");
    const std::string before = state();
    const auto results = policy(order_);
    EXPECT_EQ(outcome(results, "policy/va"), Outcome::changed);
    EXPECT_EQ(outcome(results, "policy/wa"), Outcome::changed);
    EXPECT_EQ(answer_comes_by("192.0.2.7", "10.9.1.10"), "wb");
    policy({});
    EXPECT_EQ(state(), before);

    shell("ip rule add from 10.9.1.10 lookup 100 priority 7701");
    const std::string in_the_way = state();
    EXPECT_EQ(outcome(policy(order_), "policy/wa"), Outcome::failed);
    policy({});
    EXPECT_EQ(state(), in_the_way);
}

TEST_F(TwoNics, ContainersAndTunnelsAreReachedFromEveryAddress) {
    shell("ip link add br0 type bridge");
    shell("ip link set br0 up");
    shell("ip address add 172.17.0.1/16 dev br0");
    policy(order_);
    for (const char* address : {"10.9.0.10", "10.9.1.10"})
        EXPECT_THAT(said(std::string("ip route get 172.17.0.2 from ") + address),
                    HasSubstr("dev br0"));
}

TEST_F(TwoNics, ARangeOfAliasesIsHeardAndAnswersByItsNic) {
    shell("ip route add local 10.9.1.128/28 dev wa");
    shell("ip route add local 10.9.7.0/28 dev wa");
    in_peer([] { shell("ip route add 10.9.7.0/28 dev wb"); });
    std::vector<Ordered> order = order_;
    order[1].sources.insert(order[1].sources.end(), {"10.9.1.128/28", "10.9.7.0/28"});
    policy(order);
    EXPECT_EQ(answer_comes_by("192.0.2.7", "10.9.1.130"), "wb");
    EXPECT_EQ(answer_comes_by("192.0.2.7", "10.9.7.9"), "wb");
    EXPECT_EQ(lines_with(said("ip rule"), "7701:"), 2u);
}

TEST_F(TwoNics, InOneNetworkEachAddressIsFoundAtItsOwnNic) {
    shell("ip address flush dev wa");
    shell("ip address add 10.9.0.11/24 dev wa");
    in_peer([] {  // a switch, and the peer behind it
        shell("ip address flush dev vb");
        shell("ip link add lan type bridge");
        for (const char* port : {"vb", "wb"})
            shell(std::string("ip link set ") + port + " master lan");
        shell("ip link set lan up");
        shell("ip address add 10.9.0.1/24 dev lan");
    });
    policy({{"va", {"10.9.0.10/24"}, "10.9.0.1"}, {"wa", {"10.9.0.11/24"}, "10.9.0.1"}});
    for (const char* address : {"10.9.0.10", "10.9.0.11"})
        EXPECT_EQ(answer_comes_by("192.0.2.7", address), "lan");
    std::string neighbours;
    in_peer([&] { neighbours = said("ip neigh show dev lan"); });
    EXPECT_THAT(neighbours, HasSubstr("10.9.0.10 lladdr 02:00:00:00:00:0a"));
    EXPECT_THAT(neighbours, HasSubstr("10.9.0.11 lladdr 02:00:00:00:00:0c"));
    // The bridge learns by which port a MAC speaks: each answer has come out of its own NIC.
    std::string learnt;
    in_peer([&] { learnt = said("bridge fdb show br lan"); });
    EXPECT_THAT(learnt, HasSubstr("02:00:00:00:00:0a dev vb"));
    EXPECT_THAT(learnt, HasSubstr("02:00:00:00:00:0c dev wb"));
}

TEST_F(TwoNics, InOneNetworkANicIsSilentAboutTheOthersAddress) {
    shell("ip address flush dev wa");
    shell("ip address add 10.9.0.11/24 dev wa");
    const std::vector<std::array<const char*, 3>> wires{{"vb", "10.9.0.11", "10.9.0.10"},
                                                        {"wb", "10.9.0.10", "10.9.0.11"}};
    const auto first_answer = [&](const auto& wire) {
        std::string first;
        in_peer([&] {
            Arp arp(wire[0]);
            arp.ask(wire[1]);
            arp.ask(wire[2]);  // what is asked first is answered first, if at all
            first = arp.answer();
        });
        return first;
    };
    EXPECT_EQ(first_answer(wires[0]), "10.9.0.11") << "each NIC speaks for all addresses";
    policy({{"va", {"10.9.0.10/24"}, "10.9.0.1"}, {"wa", {"10.9.0.11/24"}, "10.9.0.1"}});
    for (const auto& wire : wires) EXPECT_EQ(first_answer(wire), wire[2]) << wire[0];
}

TEST_F(TwoNics, Ipv6IsNoDifferent) {
    shell("ip address add fd00:9::10/64 dev va nodad");
    shell("ip address add fd00:a::10/64 dev wa nodad");
    const std::string before = state();
    const std::vector<Ordered> order{{"va", {"fd00:9::10/64"}, "fd00:9::1"},
                                     {"wa", {"fd00:a::10/64"}, "fd00:a::1"}};
    policy(order);
    const std::uint64_t sent = rtnl_->mutations();
    for (const ItemResult& result : policy(order))
        EXPECT_EQ(result.outcome, Outcome::unchanged) << result.item;
    EXPECT_EQ(rtnl_->mutations(), sent);
    EXPECT_THAT(said("ip -6 route get 2001:db8::7 from fd00:a::10"),
                HasSubstr("via fd00:a::1 dev wa"));
    EXPECT_THAT(said("ip -6 route get 2001:db8::7 from fd00:9::10"),
                HasSubstr("via fd00:9::1 dev va"));
    policy({});
    EXPECT_EQ(state(), before);
}

}  // namespace
}  // namespace metalwright::netcfg
