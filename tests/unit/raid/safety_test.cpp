#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/unit/raid/scene.hpp"

using namespace metalwright;
using namespace metalwright::raid;
using namespace metalwright::raid::scene;

// Whatever is found and whatever is wanted: no plan ever writes to a disk that is not blank, not
// our own half-made work, and not given up by name.

namespace {

class Dice {
 public:
    explicit Dice(unsigned seed) : random_(seed) {}
    unsigned below(unsigned n) {
        return std::uniform_int_distribution<unsigned>(0, n - 1)(random_);
    }
    bool one_in(unsigned n) { return below(n) == 0; }
    template <class T>
    const T& of(const std::vector<T>& all) {
        return all[below(static_cast<unsigned>(all.size()))];
    }

 private:
    std::mt19937 random_;
};

const std::vector<std::string> types{"ext4", "gpt", "LVM2_member", "linux_raid_member", "swap"};

/// What stands on the disks that say so, sometimes on one more disk, sometimes in use, sometimes
/// unknown.
void add_holders(Dice& dice, Observed& see) {
    for (const char* name : {"md127", "dm-0"}) {
        Holder holder{
            .name = name, .kind = name[0] == 'm' ? "md" : "dm", .title = "x", .uuid = name};
        for (const Disk& disk : see.disks)
            if (std::ranges::find(disk.holders, name) != disk.holders.end() || dice.one_in(20)) {
                holder.disks.push_back(disk.identity());
                holder.over.push_back(disk.name);
            }
        if (dice.one_in(4)) holder.mounts = {"/srv"};
        if (dice.one_in(8)) holder.kind = "other";
        if (!holder.disks.empty() && !dice.one_in(8)) see.holders.push_back(holder);
    }
}

void add_partitions(Dice& dice, Observed& see) {
    const std::vector<Disk> whole = see.disks;
    for (const Disk& disk : whole) {
        if (disk.partitions.empty() || dice.one_in(6)) continue;
        Disk part = scene::disk("", disk.name + "1");
        part.whole = disk.name;
        part.part_uuid = "0000-" + disk.name;
        part.holders = disk.holders;
        if (dice.one_in(3)) part.signatures.push_back({.type = dice.of(types)});
        if (dice.one_in(6)) part.mounts = {"/part"};
        see.disks.push_back(part);
    }
}

Observed random_host(Dice& dice) {
    Observed see = host(2 + dice.below(6));
    for (Disk& disk : see.disks) {
        if (disk.serial == "ROOT") {
            if (dice.one_in(2)) disk = scene::disk("ROOT", "vda");  // looks blank, is not free
            continue;
        }
        disk.rotational = dice.one_in(2);
        disk.bytes = (1 + dice.below(3)) * gib;
        if (dice.one_in(8)) disk.serial = dice.one_in(2) ? "" : "DATA0";
        if (dice.one_in(5))
            disk.signatures.push_back({.type = dice.of(types), .uuid = "99999999-9999"});
        if (dice.one_in(6))
            disk.signatures.push_back({.type = "linux_raid_member", .uuid = md_uuid_of_blkid});
        if (dice.one_in(5)) disk.partitions = {disk.name + "1"};
        if (dice.one_in(12)) disk.holders = {dice.one_in(2) ? "md127" : "dm-0"};
        if (dice.one_in(12)) disk.mounts = {dice.one_in(2) ? "/srv" : "swap"};
        if (dice.one_in(14)) disk.probe_error = "I/O error";
        if (dice.one_in(14)) disk.read_only = true;
        if (dice.one_in(20)) disk.bytes = 0;
    }
    for (Disk& disk : see.disks) disk.model = dice.of(std::vector<std::string>{"", "A", "B"});
    add_holders(dice, see);
    add_partitions(dice, see);
    if (dice.one_in(3)) {
        Array array{.name = dice.one_in(2) ? "data" : "other",
                    .kernel_name = "md127",
                    .path = "/dev/md127",
                    .uuid = dice.one_in(2) ? md_uuid : "9:9:9:9",
                    .level = dice.one_in(3) ? "" : "raid1",
                    .raid_devices = 2,
                    .array_state = dice.one_in(3) ? "inactive" : "clean",
                    .bytes = gib};
        for (const Disk& disk : see.disks)
            if (std::ranges::find(disk.holders, "md127") != disk.holders.end())
                array.members.push_back({disk.identity(), std::to_string(array.members.size())});
        if (dice.one_in(3)) array.signatures.push_back({.type = "ext4", .uuid = fs_uuid});
        if (dice.one_in(5)) array.signatures.push_back({.type = "xfs", .uuid = "77-88"});
        if (dice.one_in(4)) array.mounts = {"/srv"};
        see.arrays.push_back(std::move(array));
    }
    return see;
}

WantedArray random_wish(Dice& dice, const Observed& see, const std::string& name) {
    WantedArray wanted = data(dice.of(std::vector{Level::raid0, Level::raid1, Level::raid5}),
                              dice.one_in(3) ? 0 : 2 + dice.below(3));
    wanted.name = name;
    wanted.spares = dice.one_in(4) ? 1 : 0;
    wanted.members.order = dice.of(std::vector{Order::smallest_first, Order::largest_first});
    wanted.members.same_model = dice.one_in(5);
    if (dice.one_in(5)) wanted.members.rotational = dice.one_in(2);
    if (wanted.level == Level::raid5 && dice.one_in(4)) {
        wanted.consistency = Consistency::journal;
        wanted.journal = dice.of(see.disks).identity();
    }
    const auto some = [&](std::vector<std::string>& ids) {
        for (const Disk& disk : see.disks)
            if (!dice.one_in(3)) ids.push_back(disk.identity());
    };
    if (dice.one_in(4)) {
        wanted.members = {};
        some(wanted.members.ids);
    } else if (dice.one_in(4)) {
        wanted.members = {};
        wanted.level = Level::raid1;
        wanted.spares = 0;
        for (const Disk& disk : see.disks)
            if (disk.is_partition()) wanted.members.ids.push_back(disk.identity());
    }
    if (name == "data" && !dice.one_in(3)) {
        wanted.uuid = md_uuid;
        wanted.memory = dice.of(std::vector{Memory::begun, Memory::complete});
        if (dice.one_in(2)) {
            for (const Disk& disk : see.disks)
                if (disk.name != "vda") wanted.known_members.push_back(disk.identity());
            wanted.members = {};
        } else {
            some(wanted.known_members);
        }
    }
    if (dice.one_in(2)) wanted = with_filesystem(wanted, dice.one_in(2) ? "/srv" : "");
    return wanted;
}

const Disk* only_one(const Observed& see, const std::string& identity) {
    const auto found = disks_named(identity, see.disks);
    return found.size() == 1 ? found.front() : nullptr;
}

bool is_half_made(const Disk& disk, const Observed& see) {
    for (const Signature& s : disk.signatures)
        if (s.type != "linux_raid_member" || !same_uuid(s.uuid, md_uuid)) return false;
    for (const std::string& holder : disk.holders)
        if (holder != "md127" || see.arrays.empty() || !same_uuid(see.arrays[0].uuid, md_uuid) ||
            (see.arrays[0].array_state != "inactive" && !see.arrays[0].level.empty()))
            return false;
    return disk.mounts.empty() && disk.partitions.empty() && disk.probe_error.empty() &&
           !disk.read_only && disk.bytes != 0;
}

bool is_root(const Disk& disk) {
    return disk.name == "vda" || disk.whole == "vda";
}

bool writes_to_disks(const Op& op) {
    return std::holds_alternative<TakeDownHolder>(op) || std::holds_alternative<WipeDisk>(op) ||
           std::holds_alternative<ForgetMembers>(op) || std::holds_alternative<CreateArray>(op) ||
           std::holds_alternative<MakeFilesystem>(op) || std::holds_alternative<WipeArray>(op);
}

TEST(NoPlan, EverWritesToADiskThatIsNotFree) {
    unsigned created = 0, wiped = 0, redone = 0, taken_down = 0, partitions = 0;
    for (unsigned seed = 0; seed < 30'000; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Dice dice(seed);
        const Observed see = random_host(dice);
        Wanted wanted;
        wanted.arrays = std::vector{random_wish(dice, see, "data")};
        if (dice.one_in(2)) wanted.arrays->push_back(random_wish(dice, see, "more"));
        for (const Disk& disk : see.disks)
            if (dice.one_in(3)) {
                wanted.consent.push_back({disk.identity(), {dice.of(types), dice.of(types)}});
                if (dice.one_in(2))
                    for (const Signature& s : disk.signatures)
                        wanted.consent.back().found.push_back(s.type);
            }
        const Plan<Op> made = plan(wanted, see);

        const auto consented = [&](const Disk& disk) {
            const auto consent = std::ranges::find_if(
                wanted.consent, [&](const WipeConsent& c) { return names(c.disk, disk); });
            ASSERT_NE(consent, wanted.consent.end());
            for (const Signature& s : disk.signatures)
                EXPECT_NE(std::ranges::find(consent->found, s.type), consent->found.end());
        };
        std::set<std::string> given_up, forgotten, used, down;
        for (const Step<Op>& step : made.steps) {
            if (writes_to_disks(step.op)) {
                EXPECT_TRUE(step.destroys_data) << step.why;
            }
            if (const auto* stop = std::get_if<TakeDownHolder>(&step.op)) {
                ++taken_down;
                const auto holder = std::ranges::find(see.holders, stop->uuid, &Holder::uuid);
                ASSERT_NE(holder, see.holders.end());
                EXPECT_TRUE(holder->mounts.empty());
                for (const std::string& identity : holder->disks) {
                    const Disk* disk = only_one(see, identity);
                    ASSERT_NE(disk, nullptr);
                    EXPECT_FALSE(is_root(*disk));
                    consented(*disk);
                }
                down.insert(holder->name);
            } else if (const auto* wipe = std::get_if<WipeDisk>(&step.op)) {
                ++wiped;
                const Disk* disk = only_one(see, wipe->disk);
                ASSERT_NE(disk, nullptr);
                EXPECT_TRUE(disk->mounts.empty());
                for (const std::string& holder : disk->holders)
                    EXPECT_TRUE(down.contains(holder)) << holder << " still stands on it";
                EXPECT_FALSE(is_root(*disk));
                consented(*disk);
                given_up.insert(wipe->disk);
            } else if (const auto* forget = std::get_if<ForgetMembers>(&step.op)) {
                ++redone;
                EXPECT_EQ(wanted.arrays->front().memory, Memory::begun);
                for (const std::string& identity : forget->disks) {
                    const Disk* disk = only_one(see, identity);
                    ASSERT_NE(disk, nullptr);
                    EXPECT_FALSE(is_root(*disk));
                    EXPECT_TRUE(is_half_made(*disk, see));
                    forgotten.insert(identity);
                }
            } else if (const auto* create = std::get_if<CreateArray>(&step.op)) {
                ++created;
                EXPECT_GE(create->members.size(), fewest_members(create->level));
                std::vector<std::string> all = create->members;
                all.insert(all.end(), create->spares.begin(), create->spares.end());
                if (!create->journal.empty()) all.push_back(create->journal);
                for (const std::string& identity : all) {
                    const Disk* disk = only_one(see, identity);
                    ASSERT_NE(disk, nullptr);
                    EXPECT_FALSE(is_root(*disk));
                    if (disk->is_partition()) ++partitions;
                    for (const std::string& other : given_up)
                        EXPECT_NE(only_one(see, other)->name, disk->whole);
                    EXPECT_TRUE(disk->blank() || given_up.contains(identity) ||
                                forgotten.contains(identity));
                    EXPECT_TRUE(used.insert(identity).second) << identity << " is used twice";
                }
                EXPECT_TRUE(step.destroys_data);
            } else if (const auto* make = std::get_if<MakeFilesystem>(&step.op)) {
                const Array* array = array_with(make->array_uuid, see.arrays);
                if (array != nullptr && array->array_state == "clean" && !array->level.empty()) {
                    EXPECT_EQ(wanted.arrays->front().memory, Memory::begun);
                    EXPECT_TRUE(array->mounts.empty());
                }
                EXPECT_TRUE(step.destroys_data);
            }
        }
        for (const WantedArray& array : *wanted.arrays)
            if (array.memory == Memory::complete) {
                EXPECT_TRUE(members_of(made, array.name).empty());
            }
    }
    // The dice must have reached every kind of plan, or this test says nothing.
    EXPECT_GT(created, 300u);
    EXPECT_GT(wiped, 25u);
    EXPECT_GT(redone, 20u);
    EXPECT_GT(taken_down, 5u);
    EXPECT_GT(partitions, 5u);
}

TEST(EveryPlan, TellsEachWantedItem) {
    for (unsigned seed = 0; seed < 5'000; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Dice dice(seed);
        const Observed see = random_host(dice);
        const WantedArray wish = random_wish(dice, see, "data");
        const Plan<Op> made = plan(only(wish), see);
        std::vector<std::string> expected{"raid/data"};
        if (wish.filesystem) expected.push_back("filesystem/data");
        if (wish.filesystem && !wish.filesystem->mount_point.empty())
            expected.push_back("mount/data");
        for (const std::string& item : expected) {
            const bool steps =
                std::ranges::find(made.steps, item, &Step<Op>::item) != made.steps.end();
            EXPECT_NE(steps, settled(made, item) != nullptr) << item;
        }
    }
}

}  // namespace
