#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "sys/files.hpp"

namespace metalwright::cloudinit {

/// What this room needs of a host besides its files. Real: PosixHost. Fake: FakeHost in
/// tests/fakes/fake_host.hpp.
class Host {
 public:
    virtual ~Host() = default;

    /// The running kernel's host name.
    virtual std::string name() = 0;
    /// sethostname(2). Errors: io.
    virtual Result<void> set_name(std::string_view name) = 0;

    /// Mode and owner of a file, links followed. Errors: not_found, io.
    virtual Result<sys::FileMode> mode_of(const std::filesystem::path& path) = 0;

    /// Makes sure that the directory is there, root's, 0700; parents are not made. Errors: io.
    virtual Result<void> make_private_directory(const std::filesystem::path& path) = 0;

    /// Holds the lock of the account files until the answer is dropped: what lckpwdf(3) does for
    /// passwd(1) and useradd(8), without its SIGALRM. Waits 15 s. Errors: busy, io.
    class Lock {
     public:
        virtual ~Lock() = default;
    };
    virtual Result<std::unique_ptr<Lock>> lock_accounts() = 0;

    /// Days since 1970-01-01.
    virtual long today() = 0;
};

/// This machine, or an image unpacked at `root`: there the running kernel's name is left alone.
class PosixHost final : public Host {
 public:
    explicit PosixHost(std::filesystem::path root = "/");
    std::string name() override;
    Result<void> set_name(std::string_view name) override;
    Result<sys::FileMode> mode_of(const std::filesystem::path& path) override;
    Result<void> make_private_directory(const std::filesystem::path& path) override;
    Result<std::unique_ptr<Lock>> lock_accounts() override;
    long today() override;

 private:
    std::filesystem::path under_root(const std::filesystem::path& path) const;
    std::filesystem::path root_;
    std::string image_name_;  ///< stands for the kernel's name when root_ is an image
};

}  // namespace metalwright::cloudinit
