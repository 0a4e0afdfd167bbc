#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "agent/desk/desk.hpp"
#include "agent/gate/channel.hpp"

namespace metalwright::agent::gate {

/// The Desk as a link may use it, from outside the process that has it: submit(), unsent(),
/// acknowledge(), on_change() and forget(). Everything else is `unsupported` there, and is not
/// asked. While nobody is connected, a submission and an acknowledgement are answered
/// `unavailable`, and nothing is unsent: whoever waits for changes is told when that is over.
class FarDesk final : public Desk {
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
    std::uint64_t on_change(std::function<void()> changed) override;
    void forget(std::uint64_t subscription) override;

    std::expected<std::string, Errors> plan(const Submission& submission) override;
    std::string status() override;
    std::optional<std::string> status_at_hand() override;
    std::string operations(std::size_t limit) override;
    Result<std::string> operation(std::int64_t id) override;
    Result<std::string> cancel(std::int64_t id) override;
    Result<InForce> in_force(const std::string& source) override;
    Result<std::string> leases() override;
    Result<void> ready() override;
    Result<std::string> events(std::int64_t operation, std::int64_t after) override;
    Result<std::string> inventory() override;
    Result<std::string> arm() override;
    Result<std::string> set_hold(std::string_view request) override;
    std::expected<std::string, Errors> addresses() override;
    std::expected<std::string, Errors> edit_addresses(std::string_view request) override;
    std::expected<std::string, Errors> locate_disk(std::string_view request) override;
    std::expected<std::string, Errors> replace_disk(std::string_view request) override;
    std::shared_ptr<VendorCall> call(VendorRequest request) override;
    Result<std::string> script_log(std::int64_t from) override;

 private:
    Result<Frame> ask(Frame frame) const;

    mutable std::mutex mutex_{};
    std::shared_ptr<Channel> channel_{};
    std::map<std::uint64_t, std::function<void()>> subscribers_{};
    std::uint64_t last_subscription_ = 0;
};

}  // namespace metalwright::agent::gate
