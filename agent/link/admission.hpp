#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "agent/link/tls.hpp"

namespace metalwright::agent::link {

/// Whether the link may talk now, and with which certificate: what enrolment says to the two
/// conversations, and they to it. On the io thread.
class Admission {
 public:
    bool open() const noexcept { return open_; }
    /// Rises with each other certificate: connections of an earlier one are not used again.
    unsigned edition() const noexcept { return edition_; }
    const TlsFiles& files() const noexcept { return files_; }

    /// Calls `then` at once while it is open, else once it is.
    void when_open(std::function<void()> then) {
        if (open_) return then();
        waiting_.push_back(std::move(then));
    }

    /// A conversation was told that the certificate of that edition is revoked, or that it is not.
    void revoked(unsigned edition) {
        if (edition == edition_ && open_ && on_revoked_) on_revoked_();
    }
    void worked(unsigned edition) {
        if (edition == edition_ && on_worked_) on_worked_();
    }

    // For enrolment.

    void hear(std::function<void()> on_revoked, std::function<void()> on_worked) {
        on_revoked_ = std::move(on_revoked);
        on_worked_ = std::move(on_worked);
    }
    /// `serial` says which certificate is meant.
    void set(bool open, TlsFiles files, const std::string& serial) {
        if (serial != serial_) ++edition_;
        serial_ = serial;
        files_ = std::move(files);
        open_ = open;
        if (open_)
            for (auto& then : std::exchange(waiting_, {})) then();
    }

 private:
    bool open_ = false;
    unsigned edition_ = 0;
    std::string serial_{};
    TlsFiles files_{};
    std::vector<std::function<void()>> waiting_{};
    std::function<void()> on_revoked_{};
    std::function<void()> on_worked_{};
};

}  // namespace metalwright::agent::link
