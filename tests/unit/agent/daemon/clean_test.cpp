// What an image forgets. Real files, under a directory that stands for the image.
#include "agent/daemon/clean.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "agent/store/store.hpp"

namespace metalwright::daemon {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
namespace fs = std::filesystem;

constexpr const char* id = "00112233445566778899aabbccddeeff";
const std::string our_key =
    "# metalwright: these keys are the order's\nssh-ed25519 AAAA tenant\n# metalwright: end\n";

class Clean : public testing::Test {
 protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "an image's files are root's";
        std::string name = (fs::temp_directory_path() / "image-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        image_ = name;
        write("etc/hostname", "image\n");
        write("etc/shadow", "root:$6$salt$h4sh:19000:0:99999:7:::\nbin:*:1::::::\n");
        write("etc/machine-id", std::string(id) + "\n");
        write("etc/ssh/sshd_config", "Port 22\n");
        write("etc/ssh/ssh_host_rsa_key", "secret");
        write("etc/ssh/ssh_host_rsa_key.pub", "ssh-rsa AAAA");
        write("root/.ssh/authorized_keys", "ssh-ed25519 BBBB builder\n" + our_key);
        write("root/launch-script", "#!/bin/sh\n");
        write("root/launch-script.log", "said\n");
        write("var/lib/metalwright/userdata/i-1/result", "exited 0\n");
        write("var/lib/metalwright-link/identity/identity.pem", "secret");
        write("var/lib/dhcp/dhclient.eth0.leases", "lease {}\n");
        write("var/lib/dhcp/notes", "kept\n");
        write("var/log/journal/" + std::string(id) + "/system.journal", "x");
        write("etc/systemd/network/05-metalwright-eth0.network", "[Match]\n");
        write("etc/systemd/network/10-lan.network", "[Match]\n");
        write("etc/systemd/network/10-lan.network.d/50-metalwright.conf", "[Network]\n");
        write("etc/network/interfaces.d/metalwright-eth0", "auto eth0\n");
        write("etc/cloud/cloud.cfg.d/95_metalwright.cfg", "preserve_hostname: true\n");
        write("etc/mdadm/mdadm.conf",
              "HOMEHOST <system>\n# metalwright: begin. Lines up to the end mark are ours.\n"
              "ARRAY /dev/md/data metadata=1.2 UUID=1:2:3:4\n# metalwright: end.\n");
    }
    void TearDown() override {
        if (!image_.empty()) fs::remove_all(image_);
    }

    void write(const fs::path& path, const std::string& text) {
        fs::create_directories((image_ / path).parent_path());
        std::ofstream(image_ / path) << text;
    }
    std::string read(const fs::path& path) {
        std::ifstream file(image_ / path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    /// An order of i-1 has set root's password.
    void with_store() {
        auto store = store::Store::open(image_ / "var/lib/metalwright", 1 << 20);
        ASSERT_TRUE(store) << describe(store.error());
        store::Candidate order{.source = "link", .kind = "apply", .instance = "i-1", .digest = "d"};
        const auto operation = (*store)->accept(order, 1);
        ASSERT_TRUE(operation);
        ASSERT_TRUE(
            (*store)->mark_once("i-1", std::vector<std::string>{"password"}, *operation, 1));
    }
    std::vector<std::string> cleaned(bool dry_run = false) {
        const auto done = clean(config_, image_, dry_run);
        EXPECT_TRUE(done) << (done ? "" : describe(done.error().front()));
        std::vector<std::string> paths;
        if (done)
            for (const Cleaned& one : *done) paths.push_back(one.path);
        return paths;
    }
    std::vector<std::string> everything() {
        std::vector<std::string> all;
        for (const auto& entry : fs::recursive_directory_iterator(image_))
            if (!entry.is_directory())
                all.push_back(entry.path().string() + ' ' + read(fs::relative(entry, image_)));
        std::ranges::sort(all);
        return all;
    }

    Config config_;
    fs::path image_;
};

TEST_F(Clean, AnImageForgetsWhichHostItWas) {
    with_store();
    const std::vector<std::string> paths = cleaned();
    for (const char* gone :
         {"etc/ssh/ssh_host_rsa_key", "etc/ssh/ssh_host_rsa_key.pub", "root/launch-script",
          "root/launch-script.log", "var/lib/dhcp/dhclient.eth0.leases",
          "etc/systemd/network/05-metalwright-eth0.network",
          "etc/systemd/network/10-lan.network.d/50-metalwright.conf",
          "etc/network/interfaces.d/metalwright-eth0", "etc/cloud/cloud.cfg.d/95_metalwright.cfg",
          "var/log/journal/00112233445566778899aabbccddeeff",
          "var/lib/metalwright-link/identity"}) {
        EXPECT_FALSE(fs::exists(image_ / gone)) << gone;
        EXPECT_THAT(paths, Contains('/' + std::string(gone)));
    }
    EXPECT_TRUE(fs::is_empty(image_ / "var/lib/metalwright"));
    EXPECT_EQ(read("etc/machine-id"), "");
    EXPECT_EQ(read("etc/shadow").substr(0, 7), "root:*:");
    EXPECT_EQ(read("root/.ssh/authorized_keys"), "ssh-ed25519 BBBB builder\n");
    EXPECT_EQ(read("etc/mdadm/mdadm.conf"), "HOMEHOST <system>\n");
    // What is somebody else's.
    EXPECT_EQ(read("etc/ssh/sshd_config"), "Port 22\n");
    EXPECT_EQ(read("etc/systemd/network/10-lan.network"), "[Match]\n");
    EXPECT_EQ(read("var/lib/dhcp/notes"), "kept\n");
    EXPECT_EQ(read("etc/hostname"), "image\n");
    EXPECT_THAT(cleaned(), IsEmpty()) << "once is enough";
}

TEST_F(Clean, ADryRunTellsTheSameAndChangesNothing) {
    const std::vector<std::string> before = everything();
    const std::vector<std::string> would = cleaned(/*dry_run=*/true);
    EXPECT_EQ(everything(), before);
    EXPECT_EQ(cleaned(), would);
}

TEST_F(Clean, APasswordThatNoOrderHasSetIsTheImagesOwn) {
    cleaned();
    EXPECT_THAT(read("etc/shadow"), HasSubstr("root:$6$salt$h4sh:"));
}

TEST_F(Clean, NoLinkLeadsOutOfTheImage) {
    const fs::path outside = image_.string() + "-outside";
    fs::create_directories(outside / "userdata");
    std::ofstream(outside / "launch-script") << "kept";
    fs::remove_all(image_ / "var/lib/metalwright");
    fs::create_symlink(outside, image_ / "var/lib/metalwright");
    fs::remove_all(image_ / "root");
    fs::create_symlink(outside, image_ / "root");
    fs::remove(image_ / "etc/machine-id");
    fs::create_symlink(outside / "launch-script", image_ / "etc/machine-id");
    cleaned();
    EXPECT_TRUE(fs::exists(outside / "userdata"));
    std::ifstream file(outside / "launch-script");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "kept");
    fs::remove_all(outside);
}

TEST_F(Clean, AHostWhoseDaemonIsAtWorkIsLeftAlone) {
    with_store();
    auto at_work = store::Store::open(image_ / "var/lib/metalwright", 1 << 20);
    ASSERT_TRUE(at_work);
    const std::vector<std::string> before = everything();
    const auto refused = clean(config_, image_, false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().front().code, Errc::busy);
    EXPECT_THAT(refused.error().front().message, HasSubstr("systemctl stop metalwright"));
    EXPECT_EQ(everything(), before);
}

TEST_F(Clean, AStoreThatDoesNotReadGoesAllTheSame) {
    write("var/lib/metalwright/state.db",
          "garbage that is no database at all, for sure it is none");
    const auto done = clean(config_, image_, false);
    ASSERT_TRUE(done) << describe(done.error().front());
    EXPECT_THAT(clean_json(*done, image_, false), HasSubstr("does not read"));
    EXPECT_TRUE(fs::is_empty(image_ / "var/lib/metalwright"));
    EXPECT_THAT(read("etc/shadow"), HasSubstr("root:$6$salt$h4sh:"));
}

}  // namespace
}  // namespace metalwright::daemon
