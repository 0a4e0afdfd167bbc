#include "sys/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/fakes/fake_files.hpp"

namespace fs = std::filesystem;
using metalwright::Errc;
using metalwright::Outcome;
using metalwright::sys::PosixFiles;

namespace {

/// A directory that goes with the test.
class Files : public testing::Test {
 protected:
    Files() {
        std::string name = fs::temp_directory_path() / "metalwright-files-XXXXXX";
        root_ = ::mkdtemp(name.data());
    }
    ~Files() override { fs::remove_all(root_); }

    void write(const fs::path& path, const std::string& text) const {
        fs::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path) << text;
    }
    static unsigned mode_of(const fs::path& path) {
        struct stat status{};
        return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777u : 0;
    }
    std::size_t entries(const fs::path& path) const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(root_ / path), fs::directory_iterator{}));
    }

    fs::path root_;
};

TEST_F(Files, AnAttributeIsWrittenInPlaceAndNeverMade) {
    write("sys/locate", "0");
    PosixFiles files(root_);
    EXPECT_TRUE(files.set_attribute("/sys/locate", "1"));
    EXPECT_EQ(files.read("/sys/locate").value(), "1");
    EXPECT_EQ(entries("sys"), 1u);
    EXPECT_EQ(files.set_attribute("/sys/absent", "1").error().code, Errc::not_found);
    EXPECT_EQ(entries("sys"), 1u);
    PosixFiles kernel;
    const auto refused = kernel.set_attribute("/proc/version", "1");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::kernel_refused);
}

TEST_F(Files, ReadsUnderItsRoot) {
    write("etc/hostname", "metal1\n");
    PosixFiles files(root_);
    EXPECT_EQ(files.read("/etc/hostname").value(), "metal1\n");
    EXPECT_TRUE(files.exists("/etc/hostname"));
    EXPECT_FALSE(files.exists("/etc/passwd"));
}

TEST_F(Files, AnAbsentFileIsNotFoundAndNamesThePathAsAsked) {
    const auto gone = PosixFiles(root_).read("/etc/none");
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, Errc::not_found);
    EXPECT_EQ(gone.error().where, "/etc/none");
}

TEST_F(Files, AFifoOrADirectoryIsAnErrorAndNeverAHang) {
    ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0600), 0);
    for (const char* path : {"/pipe", "/"}) {
        const auto read = PosixFiles(root_).read(path);
        ASSERT_FALSE(read) << path;
        EXPECT_EQ(read.error().code, Errc::io);
    }
}

TEST_F(Files, AFileOfMoreThanSixteenMebibytesIsAnError) {
    write("big", "");
    fs::resize_file(root_ / "big", (16u << 20) + 1);
    EXPECT_EQ(PosixFiles(root_).read("/big").error().code, Errc::io);
    fs::resize_file(root_ / "big", 16u << 20);
    EXPECT_EQ(PosixFiles(root_).read("/big").value().size(), 16u << 20);
}

TEST_F(Files, ReadsTheKernelsPseudoFiles) {
    EXPECT_NE(PosixFiles().read("/proc/self/mountinfo").value().find(" / "), std::string::npos);
}

TEST_F(Files, PutMakesParentsWhateverTheUmask) {
    const mode_t before = ::umask(0077);
    const auto put = PosixFiles(root_).put("/etc/a/b/c.conf", "x", {.mode = 0644});
    ::umask(before);
    EXPECT_EQ(put.value(), Outcome::changed);
    EXPECT_EQ(mode_of(root_ / "etc/a/b"), 0755u);
    EXPECT_EQ(mode_of(root_ / "etc/a/b/c.conf"), 0644u);
    EXPECT_EQ(PosixFiles(root_).read("/etc/a/b/c.conf").value(), "x");
    EXPECT_EQ(entries("etc/a/b"), 1u);  // no temporary left behind
}

TEST_F(Files, TheSameAgainTouchesNothing) {
    PosixFiles files(root_);
    ASSERT_EQ(files.put("/f", "one", {.mode = 0600}).value(), Outcome::changed);
    struct stat first{}, second{};
    ASSERT_EQ(::stat((root_ / "f").c_str(), &first), 0);
    EXPECT_EQ(files.put("/f", "one", {.mode = 0600}).value(), Outcome::unchanged);
    ASSERT_EQ(::stat((root_ / "f").c_str(), &second), 0);
    EXPECT_EQ(first.st_ino, second.st_ino);
}

TEST_F(Files, AnotherModeOrContentIsAChange) {
    PosixFiles files(root_);
    ASSERT_TRUE(files.put("/f", "one", {.mode = 0600}));
    EXPECT_EQ(files.put("/f", "one", {.mode = 0640}).value(), Outcome::changed);
    EXPECT_EQ(mode_of(root_ / "f"), 0640u);
    EXPECT_EQ(files.put("/f", "two", {.mode = 0640}).value(), Outcome::changed);
    EXPECT_EQ(files.read("/f").value(), "two");
}

TEST_F(Files, OwnerIsSetWhenWeAreRoot) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
    PosixFiles files(root_);
    ASSERT_TRUE(files.put("/f", "x", {.mode = 0600, .uid = 12, .gid = 34}));
    struct stat status{};
    ASSERT_EQ(::stat((root_ / "f").c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 12u);
    EXPECT_EQ(status.st_gid, 34u);
    EXPECT_EQ(files.put("/f", "x", {.mode = 0600, .uid = 12, .gid = 34}).value(),
              Outcome::unchanged);
}

TEST_F(Files, PutFollowsALinkAndKeepsIt) {
    write("real/target", "old");
    fs::create_directories(root_ / "etc");
    fs::create_symlink("../real/target", root_ / "etc/link");
    ASSERT_EQ(PosixFiles(root_).put("/etc/link", "new", {}).value(), Outcome::changed);
    EXPECT_TRUE(fs::is_symlink(root_ / "etc/link"));
    EXPECT_EQ(PosixFiles(root_).read("/real/target").value(), "new");
}

TEST_F(Files, AnAbsoluteLinkInAnImageStaysInTheImage) {
    write("run/resolv", "inside");
    fs::create_directories(root_ / "etc");
    fs::create_symlink("/run/resolv", root_ / "etc/resolv.conf");
    fs::create_directory_symlink("/run", root_ / "var-run");
    fs::create_symlink("../../../../../../etc/hostname", root_ / "etc/climber");
    PosixFiles files(root_);
    EXPECT_EQ(files.read("/etc/resolv.conf").value(), "inside");
    EXPECT_EQ(files.read("/var-run/resolv").value(), "inside");
    ASSERT_TRUE(files.put("/etc/climber", "caught", {}));
    EXPECT_EQ(files.read("/etc/hostname").value(), "caught");
    EXPECT_TRUE(fs::exists(root_ / "etc/hostname"));
}

TEST_F(Files, ALoopOfLinksIsAnError) {
    fs::create_symlink("b", root_ / "a");
    fs::create_symlink("a", root_ / "b");
    EXPECT_EQ(PosixFiles(root_).read("/a").error().code, Errc::io);
}

TEST_F(Files, AFailedPutLeavesTheOldFileAndNoLitter) {
    write("dir/f/inner", "x");  // `f` is a directory: rename over it fails
    const auto put = PosixFiles(root_).put("/dir/f", "new", {});
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().code, Errc::io);
    EXPECT_EQ(put.error().where, "/dir/f");
    EXPECT_EQ(entries("dir"), 1u);
}

TEST_F(Files, RemoveTakesTheLinkAndNotItsTarget) {
    write("target", "kept");
    fs::create_symlink("target", root_ / "link");
    PosixFiles files(root_);
    EXPECT_EQ(files.remove("/link").value(), Outcome::changed);
    EXPECT_EQ(files.remove("/link").value(), Outcome::unchanged);
    EXPECT_EQ(files.read("/target").value(), "kept");
    EXPECT_EQ(files.remove("/none/at/all").value(), Outcome::unchanged);
}

TEST_F(Files, RemoveTreeTakesALinkAndNeverWhatItLeadsTo) {
    write("keep/inner", "kept");
    write("tree/a/b", "x");
    fs::create_symlink(root_ / "keep", root_ / "tree/out");
    fs::create_symlink("/keep", root_ / "tree/a/image");
    PosixFiles files(root_);
    EXPECT_EQ(files.remove_tree("/tree").value(), Outcome::changed);
    EXPECT_FALSE(fs::exists(root_ / "tree"));
    EXPECT_EQ(files.read("/keep/inner").value(), "kept");
    EXPECT_EQ(files.remove_tree("/tree").value(), Outcome::unchanged);
    fs::create_symlink("/keep", root_ / "link");
    EXPECT_EQ(files.remove_tree("/link").value(), Outcome::changed);
    EXPECT_EQ(files.read("/keep/inner").value(), "kept");
}

TEST_F(Files, TheLabelOfWhatIsReplacedStays) {
    if (::geteuid() != 0) GTEST_SKIP() << "a label is root's to set";
    write("labelled", "old");
    constexpr std::string_view label = "system_u:object_r:shadow_t:s0";
    ASSERT_EQ(
        ::setxattr((root_ / "labelled").c_str(), "security.selinux", label.data(), label.size(), 0),
        0)
        << std::strerror(errno);
    EXPECT_EQ(PosixFiles(root_).put("/labelled", "new", {}).value(), Outcome::changed);
    std::array<char, 100> now{};
    const ssize_t size =
        ::getxattr((root_ / "labelled").c_str(), "security.selinux", now.data(), now.size());
    ASSERT_GT(size, 0);
    EXPECT_EQ(std::string_view(now.data(), static_cast<std::size_t>(size)), label);
}

TEST_F(Files, ListIsSortedAndAnAbsentDirectoryIsEmpty) {
    write("d/b", "");
    write("d/a", "");
    write("d/.hidden", "");
    PosixFiles files(root_);
    EXPECT_EQ(files.list("/d").value(), (std::vector<std::string>{".hidden", "a", "b"}));
    EXPECT_TRUE(files.list("/none").value().empty());
}

TEST_F(Files, LinkTargetIsGivenAsWritten) {
    fs::create_symlink("../../devices/virtual", root_ / "vda");
    write("plain", "");
    PosixFiles files(root_);
    EXPECT_EQ(files.link_target("/vda").value(), "../../devices/virtual");
    EXPECT_EQ(files.link_target("/none").error().code, Errc::not_found);
    EXPECT_EQ(files.link_target("/plain").error().code, Errc::io);
}

TEST(FakeFiles, BehavesAsTheRealOne) {
    metalwright::fakes::FakeFiles files;
    files.with("/sys/block/vda/size", "8\n").with_link("/sys/block/vda/device", "../x");
    EXPECT_EQ(files.list("/sys/block").value(), std::vector<std::string>{"vda"});
    EXPECT_EQ(files.list("/sys/block/vda").value(), (std::vector<std::string>{"device", "size"}));
    EXPECT_TRUE(files.exists("/sys/block"));
    EXPECT_FALSE(files.exists("/sys/bloc"));
    EXPECT_EQ(files.put("/a", "x", {}).value(), Outcome::changed);
    EXPECT_EQ(files.put("/a", "x", {}).value(), Outcome::unchanged);
    EXPECT_EQ(files.written(), std::vector<std::string>{"/a"});
    EXPECT_EQ(files.remove("/a").value(), Outcome::changed);
    EXPECT_EQ(files.read("/a").error().code, Errc::not_found);
    files.break_at("/a", {.code = Errc::io, .message = "disk full"});
    EXPECT_EQ(files.put("/a", "x", {}).error().message, "disk full");
}

}  // namespace
