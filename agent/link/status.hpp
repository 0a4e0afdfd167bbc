#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/desk/link_status.hpp"
#include "core/error.hpp"

namespace metalwright::agent::link {

/// The two conversations a link has.
enum class Talk { documents, reports };

/// A LinkStatus that is written on the io thread and read anywhere. Logs each different error once
/// until all is well again, and that too; never each repetition.
class LinkBoard {
 public:
    using Tell = std::function<void(const LinkStatus&)>;

    /// `tell` is called after each change, by whoever makes it.
    LinkBoard(std::string name, Tell tell);

    LinkStatus read() const;
    void contact(Talk talk);
    void absent();  ///< well connected, but there is no document for this host
    void trouble(Talk talk, const Error& error);
    void taken(std::optional<std::uint64_t> generation);
    void refused(std::optional<std::uint64_t> generation, const Errors& errors);
    /// Which certificate is shown, and why it is not the next one. Logs nothing.
    void certificate(const std::optional<LinkCertificate>& shown,
                     const std::optional<Error>& trouble);

 private:
    void change(const std::function<void()>& how);

    Tell tell_;
    mutable std::mutex mutex_{};
    LinkStatus status_{};
    std::array<std::vector<Error>, 2> told_{};  // by Talk, since the last good answer
    bool absent_ = false;
};

}  // namespace metalwright::agent::link
