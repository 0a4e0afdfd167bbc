#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "agent/desk/link_desk.hpp"
#include "agent/gate/channel.hpp"

namespace metalwright::agent::gate {

/// The desk of a link, from outside the process that has it. While nobody is connected, a
/// submission and an acknowledgement are answered `unavailable`, and nothing is unsent: whoever
/// waits for changes is told when that is over.
class FarDesk final : public LinkDesk {
 public:
    /// From now on this is asked. Tells of a change. Both on the io thread.
    void attach(std::shared_ptr<Channel> channel);
    void detach();
    /// Tells everybody who waits for one. On the io thread.
    void changed();

    /// The content of a file of root's. Errors: unavailable, and those of content_of().
    Result<std::string> content(File file);
    std::shared_ptr<Channel> channel() const;  ///< null while nobody is connected

    std::expected<Accepted, Errors> submit(const Submission& submission) override;
    std::vector<OutboxRow> unsent(std::size_t limit) override;
    Result<void> acknowledge(std::int64_t seq) override;
    void link_changed(const LinkStatus& status) override;
    std::uint64_t on_change(std::function<void()> changed) override;
    void forget(std::uint64_t subscription) override;

 private:
    Result<Frame> ask(Frame frame) const;
    void tell_next();

    mutable std::mutex mutex_{};
    std::shared_ptr<Channel> channel_{};
    std::optional<LinkStatus> untold_{};  ///< the newest, while an older one is on its way
    bool telling_ = false;
    std::map<std::uint64_t, std::function<void()>> subscribers_{};
    std::uint64_t last_subscription_ = 0;
};

}  // namespace metalwright::agent::gate
