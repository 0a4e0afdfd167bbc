#include <gmock/gmock.h>

#include <map>
#include <random>

#include "policy_driver.hpp"
#include "tests/fakes/fake_exec.hpp"
#include "tests/fakes/fake_files.hpp"
#include "tests/fakes/fake_rtnl.hpp"

// Any order after any other, while somebody is at work in the same kernel.
namespace metalwright::netcfg {
namespace {

using testing::IsEmpty;

using Random = std::mt19937;

std::vector<Ordered> random_order(Random& random) {
    static const std::vector<std::string> pool{
        "10.0.0.10/24", "10.0.0.11/24", "10.0.1.10/24", "10.0.1.11/24", "10.0.0.99",  "10.0.1.99",
        "10.7.0.0/28",  "10.7.0.16/28", "fd00::5",      "fd00::6/64",   "10.9.0.1/24"};
    std::vector<Ordered> order;
    for (const char* name : {"eth0", "eth1", "eth2"}) {
        if (random() % 4 == 0) continue;
        Ordered one{name, {pool[random() % 4]}};
        for (std::size_t n = random() % 4; n-- > 0;)
            one.sources.push_back(pool[random() % pool.size()]);
        if (random() % 3 != 0)
            one.gateway = one.sources[0].starts_with("10.0.0") ? "10.0.0.1" : "10.0.1.1";
        order.push_back(std::move(one));
    }
    return order;
}

std::uint32_t below(Random& random, unsigned bound) {
    return static_cast<std::uint32_t>(random() % bound);
}

bool is_foreign(const KernelRule& each) {
    return each.protocol != our_protocol;
}

/// Somebody at work: rules and routes doubled, taken away and put in the way, a link that blinks.
void disturb(Random& random, fakes::FakeRtnl& fake) {
    Observed& kernel = fake.kernel();
    const auto pick = [&](auto& list) {
        return list.begin() + static_cast<std::ptrdiff_t>(random() % list.size());
    };
    for (std::size_t n = random() % 3; n-- > 0 && !kernel.rules.empty();) {
        const KernelRule copy = *pick(kernel.rules);
        kernel.rules.push_back(copy);
    }
    if (random() % 3 == 0 && !kernel.rules.empty()) kernel.rules.erase(pick(kernel.rules));
    if (random() % 3 == 0 && !kernel.routes.empty()) kernel.routes.erase(pick(kernel.routes));
    if (random() % 4 == 0) kernel.rules.push_back(rule(7700 + below(random, 4), "10.0.1.0/25", 3));
    if (random() % 4 == 0)
        kernel.routes.push_back(in_table(7700 + below(random, 3), "0.0.0.0/0", "10.0.0.7", 2, 3));
    if (random() % 3 == 0) {
        const int index = static_cast<int>(2 + random() % 3);
        (void)fake.apply(std::vector<KernelOp>{SetLink{.ifindex = index, .up = false}});
        (void)fake.apply(std::vector<KernelOp>{SetLink{.ifindex = index, .up = true}});
    }
}

TEST(PolicyInAnyState, HoldsEachRuleOnceLeavesForeignAloneAndGoesWithoutATrace) {
    for (unsigned seed = 1; seed <= 500 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random(seed);
        Observed state = server();
        state.links.push_back(nic(4, "eth2", "52:54:00:4d:57:03"));
        for (std::size_t at = 1; at < 4; ++at) {
            state.links[at].arp_announce = static_cast<std::int32_t>(random() % 3);
            state.links[at].arp_filter = static_cast<std::int32_t>(random() % 2);
            state.links[at].rp_filter = static_cast<std::int32_t>(random() % 3);
            state.links[at].group = random() % 5 == 0 ? 3 : 0;
        }
        state.rp_filter_of_all = static_cast<std::int32_t>(random() % 2);
        for (int index = 2; index < 5; ++index)
            state.addresses.push_back(foreign("10.0.0.1" + std::to_string(index) + "/24", index));
        const std::vector<Link> links = state.links;
        fakes::FakeRtnl kernel(state);
        fakes::FakeExec exec;
        fakes::FakeFiles files;
        Doors doors{kernel, exec, files};
        Owned owned;
        for (int round = 0; round < 4; ++round) {
            SCOPED_TRACE("round " + std::to_string(round));
            disturb(random, kernel);
            const auto foreign_rules = [&] {
                std::vector<KernelRule> all = kernel.kernel().rules;
                std::erase_if(all, [](const KernelRule& each) { return !is_foreign(each); });
                return all;
            };
            const auto foreign_routes = [&] {
                std::vector<KernelRoute> all = kernel.kernel().routes;
                std::erase_if(all, [](const KernelRoute& each) { return Site::ours(each); });
                return all;
            };
            const auto rules_before = foreign_rules();
            const auto routes_before = foreign_routes();
            const std::vector<Ordered> order = random_order(random);
            const std::vector<ItemResult> results = bring_policy_to(order, doors, owned);
            std::map<std::string, Outcome> lines;
            for (const ItemResult& result : results) {
                EXPECT_TRUE(lines.emplace(result.item, result.outcome).second)
                    << result.item << " twice";
                EXPECT_FALSE(result.error && result.error->message.starts_with("read back"))
                    << result.error->message;
            }
            const Observed seen = look_at(kernel, order.size());
            const std::vector<PolicyNic> nics = nics_in(seen, order);
            const PolicyLayout layout = policy_layout(seen, owned, nics);
            bool all_well = true;
            for (const PolicyWay& way : layout.ways) {
                ASSERT_TRUE(lines.contains(way.item)) << way.item;
                if (lines[way.item] == Outcome::failed) {
                    all_well = false;
                    continue;
                }
                for (const KernelRule& wanted : way.rules) {
                    KernelRule theirs = wanted;
                    theirs.protocol = 3;
                    const auto ours_there = std::ranges::count(seen.rules, wanted);
                    EXPECT_TRUE(ours_there == 1 ||
                                (ours_there == 0 && std::ranges::count(seen.rules, theirs) > 0))
                        << way.item << ' ' << describe(AddRule{wanted}) << ' ' << ours_there;
                }
                for (const KernelRoute& wanted : way.routes)
                    EXPECT_EQ(std::ranges::count_if(seen.routes,
                                                    [&](const KernelRoute& there) {
                                                        return there.to == wanted.to &&
                                                               there.table == wanted.table &&
                                                               there.ifindex == wanted.ifindex &&
                                                               there.via == wanted.via;
                                                    }),
                              1)
                        << way.item << ' ' << wanted.to.text();
            }
            if (all_well) {
                const auto wanted = [&](const KernelRule& there) {
                    return !is_ours(there) || std::ranges::count(layout.elsewhere, there) == 1 ||
                           std::ranges::any_of(layout.ways, [&](const PolicyWay& way) {
                               return std::ranges::count(way.rules, there) == 1;
                           });
                };
                EXPECT_TRUE(std::ranges::all_of(seen.rules, wanted));
                const std::uint64_t mutations = kernel.mutations();
                bring_policy_to(order, doors, owned);
                EXPECT_EQ(kernel.mutations(), mutations);
            }
            EXPECT_EQ(foreign_rules(), rules_before);
            EXPECT_EQ(foreign_routes(), routes_before);
        }
        bring_policy_to({}, doors, owned);
        EXPECT_TRUE(std::ranges::none_of(kernel.kernel().rules, is_ours));
        EXPECT_EQ(kernel.kernel().links, links) << "settings are as they were";
        EXPECT_THAT(owned.settings, IsEmpty());
    }
}

}  // namespace
}  // namespace metalwright::netcfg
