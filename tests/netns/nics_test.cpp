// Kinds of addresses and several NICs, on a real kernel: va is the primary NIC, wa the second one.
#include <gmock/gmock.h>
#include <linux/if_addr.h>

#include "lab.hpp"

namespace metalwright::netcfg {
namespace {

using testing::HasSubstr;

Prefix cidr(const std::string& text) {
    return Prefix::parse(text).value();
}

Alias of_kind(Kind kind, const std::string& text) {
    return {.cidr = cidr(text), .where = "/" + text, .kind = kind};
}

Wanted wanted_of(const std::vector<Alias>& list) {
    Wanted wanted{.nic = {.name = "va"}, .aliases = list, .managed = {}};
    for (const Alias& one : list) wanted.managed.add(one.kind);
    return wanted;
}

class Nics : public Netns {
 protected:
    void SetUp() override {
        Netns::SetUp();
        add_second_wire();
    }

    const KernelAddress* find(const Observed& observed, const std::string& text) {
        for (const KernelAddress& address : observed.addresses)
            if (address.prefix == cidr(text)) return &address;
        return nullptr;
    }
    std::string nic_of(const std::string& text) {
        const Observed observed = seen();
        const KernelAddress* address = find(observed, text);
        if (address == nullptr) return "none";
        for (const Link& link : observed.links)
            if (link.index == address->ifindex) return link.name;
        return "an unknown one";
    }
    std::string error_of(const std::vector<ItemResult>& results, const std::string& item) {
        for (const ItemResult& result : results)
            if (result.item == item && result.error) return result.error->message;
        return "";
    }
    /// The second time nothing is sent, and everything is as it was wanted.
    void expect_settled(const Wanted& wanted) {
        const std::uint64_t sent = rtnl_->mutations();
        for (const ItemResult& result : bring_to(wanted))
            if (!result.item.starts_with("persist")) {
                EXPECT_EQ(result.outcome, Outcome::unchanged) << result.item;
            }
        EXPECT_EQ(rtnl_->mutations(), sent);
    }
};

TEST_F(Nics, EachKindIsWhereItBelongsAndGoesByItself) {
    Wanted wanted =
        wanted_of({of_kind(Kind::alias, "10.9.0.20"), of_kind(Kind::secondary, "10.9.0.21"),
                   of_kind(Kind::secondary, "fd00:9::21"), of_kind(Kind::elastic, "203.0.113.9")});
    wanted.wan.name = "wa";
    const std::vector<ItemResult> first = bring_to(wanted);
    for (const char* item : {"alias/10.9.0.20/32", "secondary/10.9.0.21/32",
                             "secondary/fd00:9::21/128", "elastic/203.0.113.9/32"})
        EXPECT_EQ(outcome(first, item), Outcome::changed) << item;
    EXPECT_EQ(nic_of("10.9.0.20/32"), "va");
    EXPECT_EQ(nic_of("10.9.0.21/32"), "va");
    EXPECT_EQ(nic_of("203.0.113.9/32"), "wa");
    expect_settled(wanted);

    // The elastic address moves to another host; nothing else is spoken of.
    Wanted none = wanted_of({});
    none.managed.elastic = true;
    none.wan.name = "wa";
    EXPECT_EQ(outcome(bring_to(none), "elastic/203.0.113.9/32"), Outcome::changed);
    EXPECT_EQ(nic_of("203.0.113.9/32"), "none");
    EXPECT_EQ(nic_of("10.9.0.20/32"), "va");
    EXPECT_EQ(nic_of("10.9.0.21/32"), "va");
    none = wanted_of({});
    none.managed.secondary = true;
    bring_to(none);
    EXPECT_EQ(nic_of("10.9.0.21/32"), "none");
    EXPECT_EQ(nic_of("fd00:9::21/128"), "none");
    EXPECT_EQ(nic_of("10.9.0.20/32"), "va");
}

TEST_F(Nics, AnElasticAddressAnswersOnTheWanNicBesideWhatIsThere) {
    shell("ip address add 198.51.100.5/24 dev wa");
    shell("ip route add default via 198.51.100.1 dev wa");
    Wanted wanted = wanted_of({of_kind(Kind::elastic, "203.0.113.9")});
    wanted.wan.name = "wa";
    bring_to(wanted);
    in_peer([] {
        shell("ip address add 198.51.100.1/24 dev wb");
        shell("ip route add 203.0.113.9/32 dev wb");
        shell("ping -c1 -w2 -n 203.0.113.9 > /dev/null");
        shell("ping -c1 -w2 -n 198.51.100.5 > /dev/null");
    });
    EXPECT_EQ(nic_of("198.51.100.5/24"), "wa");
    EXPECT_NE(std::system("test -z \"$(ip route show default via 198.51.100.1 dev wa)\""), 0);
}

TEST_F(Nics, TwoNicsOfOneOrder) {
    Wanted wanted{.nic = {.name = "va"}, .primary = Primary{.address = cidr("10.9.0.10/24")}};
    wanted.primary->gateway = Address::parse("10.9.0.1").value();
    wanted.aliases = {of_kind(Kind::alias, "10.9.0.20")};
    Wanted second{.nic = {.name = "wa"}, .primary = Primary{.address = cidr("10.11.0.10/24")}};
    second.primary->gateway = Address::parse("10.11.0.1").value();
    second.aliases = {of_kind(Kind::alias, "10.11.0.20"), of_kind(Kind::alias, "10.11.3.0/28")};
    wanted.others.push_back(second);
    const std::vector<ItemResult> first = bring_to(wanted);
    for (const char* item : {"primary", "route/default", "alias/10.9.0.20/32", "primary on wa",
                             "alias/10.11.0.20/32", "alias/10.11.3.0/28", "policy/va", "policy/wa"})
        EXPECT_EQ(outcome(first, item), Outcome::changed) << item;
    EXPECT_EQ(nic_of("10.11.0.20/32"), "wa");
    expect_settled(wanted);
    expect_settled(wanted);
    // What is asked at the second NIC is answered by it, though the default route is the first's.
    in_peer([] {
        shell("ip address add 10.11.0.1/24 dev wb");
        shell("ip address add 192.0.2.7/32 dev lo");
        shell("ip route add 10.11.3.0/28 via 10.11.0.10 dev wb");
        shell("ping -c1 -w2 -n -I 192.0.2.7 10.11.0.20 > /dev/null");
        shell("ping -c1 -w2 -n -I 192.0.2.7 10.11.3.7 > /dev/null");
    });
    EXPECT_EQ(
        std::system("ip route get 192.0.2.7 from 10.11.0.20 | grep -q 'via 10.11.0.1 dev wa'"), 0);
    EXPECT_EQ(std::system("ip route get 192.0.2.7 from 10.9.0.20 | grep -q 'via 10.9.0.1 dev va'"),
              0);

    // Without the second NIC nothing of it is left.
    wanted.others.clear();
    bring_to(wanted);
    EXPECT_EQ(nic_of("10.11.0.10/24"), "none");
    EXPECT_EQ(nic_of("10.11.0.20/32"), "none");
    EXPECT_EQ(std::system("test -z \"$(ip rule show | grep 770)\""), 0);
    EXPECT_EQ(std::system("test -z \"$(ip route show table local 10.11.3.0/28)\""), 0);
    EXPECT_EQ(nic_of("10.9.0.20/32"), "va");
}

TEST_F(Nics, AnAddressThatAnotherHostHasFailsWhereTheSpecAsksForTheQuestion) {
    in_peer([] { shell("ip -6 address add fd00:9::66/64 dev vb nodad"); });
    Wanted wanted =
        wanted_of({of_kind(Kind::secondary, "fd00:9::66"), of_kind(Kind::secondary, "fd00:9::67"),
                   of_kind(Kind::secondary, "fd00:9::68")});
    wanted.aliases->at(0).detect_duplicate = true;
    wanted.aliases->at(1).detect_duplicate = true;
    bring_to(wanted);
    const std::vector<ItemResult> again = bring_to(wanted);
    EXPECT_EQ(outcome(again, "secondary/fd00:9::66/128"), Outcome::failed);
    EXPECT_THAT(error_of(again, "secondary/fd00:9::66/128"),
                HasSubstr("another host on the network has fd00:9::66 already"));
    EXPECT_EQ(outcome(again, "secondary/fd00:9::67/128"), Outcome::unchanged);
    const Observed observed = seen();
    // Asked for, and free: usable when the item is done. Never asked for: usable at once.
    EXPECT_EQ(find(observed, "fd00:9::67/128")->flags & (IFA_F_TENTATIVE | IFA_F_NODAD), 0u);
    EXPECT_EQ(find(observed, "fd00:9::68/128")->flags & IFA_F_TENTATIVE, 0u);
}

TEST_F(Nics, AForeignAddressIsAdoptedOnRequestAndThenOurs) {
    shell("ip address add 10.9.0.30/32 dev va");
    shell("ip -6 address add fd00:9::30/128 dev va nodad");
    Wanted wanted =
        wanted_of({of_kind(Kind::secondary, "10.9.0.30"), of_kind(Kind::secondary, "fd00:9::30")});
    for (const ItemResult& result : bring_to(wanted))
        EXPECT_NE(result.outcome, Outcome::changed) << result.item;
    const Observed foreign = seen();
    EXPECT_EQ(find(foreign, "10.9.0.30/32")->protocol, 0);

    for (Alias& one : *wanted.aliases) one.adopt = true;
    const std::vector<ItemResult> adopted = bring_to(wanted);
    EXPECT_EQ(outcome(adopted, "secondary/10.9.0.30/32"), Outcome::changed);
    EXPECT_EQ(outcome(adopted, "secondary/fd00:9::30/128"), Outcome::changed);
    const Observed ours = seen();
    EXPECT_EQ(find(ours, "10.9.0.30/32")->protocol, our_protocol);
    EXPECT_EQ(find(ours, "fd00:9::30/128")->protocol, our_protocol);
    expect_settled(wanted);

    Wanted none = wanted_of({});
    none.managed.secondary = true;
    bring_to(none);
    EXPECT_EQ(nic_of("10.9.0.30/32"), "none");
    EXPECT_EQ(nic_of("fd00:9::30/128"), "none");
}

}  // namespace
}  // namespace metalwright::netcfg
