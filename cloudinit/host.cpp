#include "cloudinit/host.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <thread>
#include <utility>

#include "sys/fd.hpp"

namespace metalwright::cloudinit {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::chrono::seconds lock_patience{15};  // as lckpwdf(3)
constexpr std::chrono::milliseconds lock_pause{50};

struct HeldLock final : Host::Lock {
    explicit HeldLock(sys::Fd fd) : file(std::move(fd)) {}
    sys::Fd file;  // closing it lets go
};

}  // namespace

PosixHost::PosixHost(fs::path root) : root_(std::move(root)) {}

fs::path PosixHost::under_root(const fs::path& path) const {
    return root_ == "/" ? path : sys::place_in(root_, path, /*follow_last=*/true);
}

std::string PosixHost::name() {
    if (root_ != "/") return image_name_;
    std::array<char, HOST_NAME_MAX + 1> name{};
    ::gethostname(name.data(), name.size() - 1);
    return name.data();
}

Result<void> PosixHost::set_name(std::string_view name) {
    if (root_ != "/") {
        image_name_ = name;
        return {};
    }
    if (::sethostname(name.data(), name.size()) != 0)
        return fail(Errc::io, "the kernel did not take the host name, CAP_SYS_ADMIN is needed", {},
                    errno);
    return {};
}

Result<sys::FileMode> PosixHost::mode_of(const fs::path& path) {
    struct stat status{};
    if (::stat(under_root(path).c_str(), &status) != 0) {
        const int error = errno;
        return fail(error == ENOENT ? Errc::not_found : Errc::io, "cannot look at the file",
                    path.string(), error);
    }
    return sys::FileMode{status.st_mode & 07777u, status.st_uid, status.st_gid};
}

Result<void> PosixHost::make_private_directory(const fs::path& path) {
    const fs::path real = under_root(path);
    if (::mkdir(real.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(Errc::io, "cannot make the directory", path.string(), errno);
    const sys::Fd directory(::open(real.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return fail(Errc::io, "not a directory", path.string(), errno);
    const bool owned = ::geteuid() != 0 || ::fchown(directory.get(), 0, 0) == 0;
    if (!owned || ::fchmod(directory.get(), 0700) != 0 || ::fsync(directory.get()) != 0)
        return fail(Errc::io, "cannot make the directory root's alone", path.string(), errno);
    return {};
}

Result<std::unique_ptr<Host::Lock>> PosixHost::lock_accounts() {
    const fs::path path = "/etc/.pwd.lock";
    sys::Fd file(
        ::open(under_root(path).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return fail(Errc::io, "cannot open the lock of the accounts", path.string(), errno);
    struct flock whole{};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    // An open-file lock meets the record lock of lckpwdf(3), yet belongs to this call alone, not to
    // every thread of the process.
    const auto deadline = steady_clock::now() + lock_patience;
    while (::fcntl(file.get(), F_OFD_SETLK, &whole) != 0) {
        const int error = errno;
        if (error != EAGAIN && error != EACCES && error != EINTR)
            return fail(Errc::io, "cannot lock the accounts", path.string(), error);
        if (steady_clock::now() >= deadline)
            return fail(Errc::busy, "another program keeps the accounts locked (passwd, useradd?)",
                        path.string());
        std::this_thread::sleep_for(lock_pause);
    }
    return std::make_unique<HeldLock>(std::move(file));
}

long PosixHost::today() {
    using namespace std::chrono;
    return static_cast<long>(floor<days>(system_clock::now()).time_since_epoch().count());
}

}  // namespace metalwright::cloudinit
