#include "sys/remembered_signatures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/fakes/fake_files.hpp"

namespace metalwright::sys {
namespace {

/// Disks of a kernel that counts: "/dev/sda", and its partition "/dev/sda1".
class Disks : public ::testing::Test, public Signatures {
 protected:
    Disks() {
        files.with("/sys/class/block/sda1/partition", "1\n")
            .with_link("/sys/class/block/sda1", "../../devices/pci/block/sda/sda1");
        for (const char* at : {"/sys/class/block/sda", "/sys/devices/pci/block/sda"})
            places.emplace_back(at);
        tell();
    }
    void tell() {
        for (const std::string& at : places)
            files.with(at + "/diskseq", std::to_string(sequence) + "\n")
                .with(at + "/queue/iostats", statistics ? "1\n" : "0\n")
                .with(at + "/stat", "  " + std::to_string(reads) + " 0 8 0 " +
                                        std::to_string(writes) + " 0 " +
                                        std::to_string(8 * writes) + " 0 0 0 0 " +
                                        std::to_string(discards) + " 0 0 0 0 0\n");
    }
    Result<std::vector<BlockSignature>> probe(const std::string&) override {
        ++probes;
        if (counts_reads) ++reads;
        tell();
        return on_it;
    }
    int probes_of(const std::string& device) {
        const int before = probes;
        EXPECT_EQ(remembered.probe(device), on_it);
        return probes - before;
    }

    fakes::FakeFiles files;
    std::vector<std::string> places;
    RememberedSignatures remembered{*this, files};
    Result<std::vector<BlockSignature>> on_it{std::vector<BlockSignature>{{"ext4", 1080}}};
    int sequence = 5, reads = 0, writes = 7, discards = 0, probes = 0;
    bool statistics = true, counts_reads = true;
};

TEST_F(Disks, AreReadOnceWhileNothingIsWritten) {
    EXPECT_EQ(probes_of("/dev/sda"), 1);
    EXPECT_EQ(probes_of("/dev/sda"), 0);
    EXPECT_EQ(probes_of("/dev/sda1"), 1) << "another device";
    EXPECT_EQ(probes_of("/dev/sda1"), 0);
}

TEST_F(Disks, AreReadAgainAfterAWriteADiscardOrAnotherDiskInTheirPlace) {
    for (const char* device : {"/dev/sda", "/dev/sda1"}) {
        probes_of(device);
        for (int* what : {&writes, &discards, &sequence}) {
            ++*what;
            tell();
            on_it = std::vector<BlockSignature>{{"swap", static_cast<std::uint64_t>(*what)}};
            EXPECT_EQ(probes_of(device), 1) << device;
            EXPECT_EQ(probes_of(device), 0) << device;
        }
    }
}

TEST_F(Disks, OfADriverThatDoesNotCountAreReadEachTime) {
    counts_reads = false;
    EXPECT_EQ(probes_of("/dev/sda"), 1);
    EXPECT_EQ(probes_of("/dev/sda"), 1);
}

TEST_F(Disks, WithoutStatisticsOrANumberAreReadEachTime) {
    statistics = false;
    tell();
    EXPECT_EQ(probes_of("/dev/sda"), 1);
    EXPECT_EQ(probes_of("/dev/sda"), 1);
    EXPECT_EQ(probes_of("/dev/sdb"), 1) << "the kernel tells nothing of this one";
    EXPECT_EQ(probes_of("/dev/sdb"), 1);
    EXPECT_EQ(probes_of("/image"), 1);
    EXPECT_EQ(probes_of("/image"), 1);
}

TEST_F(Disks, ThatCannotBeReadAreTriedAgain) {
    on_it = std::unexpected(Error{Errc::io, "I/O error"});
    EXPECT_EQ(probes_of("/dev/sda"), 1);
    EXPECT_EQ(probes_of("/dev/sda"), 1);
    on_it = std::vector<BlockSignature>{};
    EXPECT_EQ(probes_of("/dev/sda"), 1);
    EXPECT_EQ(probes_of("/dev/sda"), 0);
}

}  // namespace
}  // namespace metalwright::sys
