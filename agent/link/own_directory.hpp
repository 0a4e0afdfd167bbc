#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "sys/fd.hpp"

namespace metalwright::agent::link {

/// A directory that is ours alone, and the files in it, each by its plain name. No symbolic link is
/// followed, neither to the directory nor in it. Blocking.
class OwnDirectory {
 public:
    /// Makes it (mode 0700) where it is absent and `make` says so; without, an absent one is
    /// not_found, and root may look into another user's. Errors: not_found, io, refused (a symbolic
    /// link or a file; another's; others may change it).
    static Result<OwnDirectory> open(const std::filesystem::path& path, bool make);

    /// Nothing: there is no such file. Errors: io, refused (a symbolic link, no regular file, over
    /// 256 KiB; or `secret`, and others may read it).
    Result<std::optional<std::string>> read(const char* name, bool secret) const;

    /// Durable when it returns, mode as given; the old content or the new is there at any moment.
    /// Errors: io, no_space.
    Result<void> write(const char* name, std::string_view content, unsigned mode) const;

    /// Durably. Not there: fine.
    Result<void> remove(const char* name) const;
    Result<void> rename(const char* from, const char* to) const;

 private:
    OwnDirectory(std::filesystem::path path, sys::Fd fd, unsigned owner)
        : path_(std::move(path)), fd_(std::move(fd)), owner_(owner) {}
    std::unexpected<Error> failed(const char* what, const char* name, int error) const;
    Result<void> sync() const;

    std::filesystem::path path_;
    sys::Fd fd_;
    unsigned owner_;
};

}  // namespace metalwright::agent::link
