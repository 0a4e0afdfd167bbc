// The real host, in an image of its own.
#include "cloudinit/host.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "cloudinit/room.hpp"
#include "sys/fd.hpp"

namespace metalwright::cloudinit {
namespace {

namespace fs = std::filesystem;

class Image : public ::testing::Test {
 protected:
    Image() {
        std::string name = (fs::temp_directory_path() / "metalwright-image-XXXXXX").string();
        root = ::mkdtemp(name.data());
        fs::create_directories(root / "etc");
        fs::create_directories(root / "root");
    }
    ~Image() override { fs::remove_all(root); }

    void write(const fs::path& path, const std::string& content) {
        std::ofstream(root / path.relative_path()) << content;
    }

    fs::path root;
};

TEST_F(Image, IsProvisionedWithoutTouchingTheHost) {
    if (::geteuid() != 0) GTEST_SKIP() << "files of root's are made by root";
    write("/etc/hostname", "debian\n");
    write("/etc/shadow", "root:*:19000:0:99999:7:::\n");
    ASSERT_EQ(::chown((root / "etc/shadow").c_str(), 0, 42), 0);
    ASSERT_EQ(::chmod((root / "etc/shadow").c_str(), 0640), 0);
    sys::PosixFiles files(root);
    PosixHost host(root);
    Doors doors{files, host};
    const Wanted order{.instance_id = "i-1",
                       .hostname = "node-a",
                       .password_hash = "$y$j9T$salt$hash",
                       .authorized_keys = std::vector<std::string>{"ssh-ed25519 AAAAC3 tenant"}};

    const Observed seen = observe(doors).value();
    NoJournal journal;
    for (const Result<void>& done : apply(plan(order, seen).steps, seen, doors, journal))
        EXPECT_TRUE(done);

    EXPECT_TRUE(plan(order, observe(doors).value()).empty()) << "read back as wanted";
    const sys::FileMode shadow = host.mode_of("/etc/shadow").value();
    EXPECT_EQ(shadow.mode, 0640u);
    EXPECT_EQ(shadow.gid, 42u);
    EXPECT_EQ(host.mode_of("/root/.ssh").value().mode, 0700u);
    EXPECT_EQ(host.mode_of("/root/.ssh/authorized_keys").value().mode, 0600u);
    EXPECT_NE(PosixHost().name(), "node-a");
}

TEST_F(Image, TheAccountsAreLockedForOthersUntilLetGo) {
    PosixHost host(root);
    const sys::Fd other(
        ::open((root / "etc/.pwd.lock").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    struct flock probe{};
    const auto locked = [&] {
        probe = {};
        probe.l_type = F_WRLCK;
        probe.l_whence = SEEK_SET;
        EXPECT_EQ(::fcntl(other.get(), F_GETLK, &probe), 0);  // as lckpwdf(3) would meet it
        return probe.l_type != F_UNLCK;
    };
    {
        const auto lock = host.lock_accounts();
        ASSERT_TRUE(lock);
        EXPECT_TRUE(locked());
    }
    EXPECT_FALSE(locked());
}

TEST_F(Image, AnAbsentFileIsNotFound) {
    EXPECT_EQ(PosixHost(root).mode_of("/etc/shadow").error().code, Errc::not_found);
}

TEST_F(Image, ADirectoryThatWasOpenToOthersIsClosed) {
    fs::create_directory(root / "root/.ssh");
    ::chmod((root / "root/.ssh").c_str(), 0777);
    ASSERT_TRUE(PosixHost(root).make_private_directory("/root/.ssh"));
    EXPECT_EQ(PosixHost(root).mode_of("/root/.ssh").value().mode, 0700u);
}

TEST(PosixHost, KnowsTheDayAndItsName) {
    EXPECT_GT(PosixHost().today(), 20'000);
    EXPECT_FALSE(PosixHost().name().empty());
}

}  // namespace
}  // namespace metalwright::cloudinit
