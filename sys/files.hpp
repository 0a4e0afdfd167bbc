#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/plan.hpp"

namespace metalwright::sys {

struct FileMode {
    unsigned mode = 0644;
    unsigned uid = 0;  ///< applied only when we are root
    unsigned gid = 0;
    unsigned parents = 0755;  ///< of directories that have to be made for it
    /// False: whoever writes it can write it again, so it may be lost when the power goes.
    bool durable = true;
};

/// The one door to files. Real: PosixFiles, with a root prefix for image builds and tests.
/// Fake: tests/fakes/fake_files.hpp, a map in memory.
class Files {
 public:
    virtual ~Files() = default;

    /// The whole content. Errors: not_found, io (also when over 16 MiB).
    virtual Result<std::string> read(const std::filesystem::path& path) = 0;

    /// Makes `path` hold exactly `content`: a temporary beside it, fsync, rename, fsync of the
    /// directory; parents are made, and SELinux's label of what it replaces stays. unchanged when
    /// content, mode and owner agree already (then nothing is written). A symbolic link at `path`
    /// is followed for /etc's sake. Errors: io.
    virtual Result<Outcome> put(const std::filesystem::path& path, std::string_view content,
                                FileMode mode) = 0;

    /// Removes the file if it is there. unchanged when it was not. Errors: io.
    virtual Result<Outcome> remove(const std::filesystem::path& path) = 0;

    /// The same for whatever is there, a directory with all that is in it. Errors: io.
    virtual Result<Outcome> remove_tree(const std::filesystem::path& path) = 0;

    /// Names in a directory, sorted; empty when there is none. Errors: io.
    virtual Result<std::vector<std::string>> list(const std::filesystem::path& directory) = 0;

    /// Writes to an attribute of the kernel, under /sys or /proc/sys, in place and in one go.
    /// Errors: not_found, kernel_refused (with its errno).
    virtual Result<void> set_attribute(const std::filesystem::path& path,
                                       std::string_view value) = 0;

    virtual bool exists(const std::filesystem::path& path) = 0;

    /// Where a symbolic link points, as written in it. Errors: not_found, io.
    virtual Result<std::string> link_target(const std::filesystem::path& path) = 0;
};

/// The real place of `path` inside `root`: symbolic links are followed as chroot(2) would, so an
/// image's absolute link never leads out of the image. The last name is followed only if asked.
/// What does not exist is left as it is written.
std::filesystem::path place_in(const std::filesystem::path& root, const std::filesystem::path& path,
                               bool follow_last);

/// Files on this machine, every path taken under `root`.
class PosixFiles final : public Files {
 public:
    explicit PosixFiles(std::filesystem::path root = "/");
    Result<std::string> read(const std::filesystem::path& path) override;
    Result<Outcome> put(const std::filesystem::path& path, std::string_view content,
                        FileMode mode) override;
    Result<Outcome> remove(const std::filesystem::path& path) override;
    Result<Outcome> remove_tree(const std::filesystem::path& path) override;
    Result<std::vector<std::string>> list(const std::filesystem::path& directory) override;
    Result<void> set_attribute(const std::filesystem::path& path, std::string_view value) override;
    bool exists(const std::filesystem::path& path) override;
    Result<std::string> link_target(const std::filesystem::path& path) override;

 private:
    std::filesystem::path under_root(const std::filesystem::path& path,
                                     bool follow_last = true) const;
    std::filesystem::path root_;
};

}  // namespace metalwright::sys
