#include "agent/gate/far_desk.hpp"

#include <utility>

namespace metalwright::agent::gate {

void FarDesk::attach(std::shared_ptr<Channel> channel) {
    {
        const std::lock_guard lock(mutex_);
        channel_ = std::move(channel);
        telling_ = false;
        untold_.reset();  // a link that begins anew says so itself
    }
    changed();
}

void FarDesk::detach() {
    const std::lock_guard lock(mutex_);
    channel_.reset();
}

std::shared_ptr<Channel> FarDesk::channel() const {
    const std::lock_guard lock(mutex_);
    return channel_;
}

void FarDesk::changed() {
    std::map<std::uint64_t, std::function<void()>> told;
    {
        const std::lock_guard lock(mutex_);
        told = subscribers_;
    }
    for (const auto& [id, tell] : told) tell();
}

Result<Frame> FarDesk::ask(Frame frame) const {
    const auto there = channel();
    if (!there) return fail(Errc::unavailable, "metalwrightd is not connected");
    return there->ask_and_wait(std::move(frame));
}

std::expected<Accepted, Errors> FarDesk::submit(const Submission& submission) {
    const auto answer = ask(to_frame(0, submission));
    if (!answer) return std::unexpected(Errors{answer.error()});
    auto result = submitted_in(*answer);
    if (!result) return std::unexpected(Errors{result.error()});
    return std::move(*result);
}

std::vector<OutboxRow> FarDesk::unsent(std::size_t limit) {
    const auto answer = ask(unsent_frame(0, limit));
    if (!answer) return {};
    return rows_in(*answer).value_or(std::vector<OutboxRow>());
}

Result<void> FarDesk::acknowledge(std::int64_t seq) {
    const auto answer = ask(acknowledge_frame(0, seq));
    if (!answer) return std::unexpected(answer.error());
    if (auto errors = errors_in(*answer)) return std::unexpected(errors->front());
    return {};
}

void FarDesk::link_changed(const LinkStatus& status) {
    {
        const std::lock_guard lock(mutex_);
        untold_ = status;
        if (std::exchange(telling_, true)) return;
    }
    tell_next();
}

void FarDesk::tell_next() {
    std::shared_ptr<Channel> there;
    std::optional<LinkStatus> status;
    {
        const std::lock_guard lock(mutex_);
        status = std::exchange(untold_, std::nullopt);
        there = channel_;
        telling_ = status && there;
    }
    if (!status || !there) return;
    there->ask(to_frame(0, *status), [this, there = there.get()](const Result<Frame>&) {
        if (channel().get() == there) tell_next();
    });
}

Result<std::string> FarDesk::content(File file) {
    const auto answer = ask(file_frame(0, file));
    if (!answer) return std::unexpected(answer.error());
    if (auto errors = errors_in(*answer)) return std::unexpected(errors->front());
    return content_in(*answer);
}

std::uint64_t FarDesk::on_change(std::function<void()> changed) {
    const std::lock_guard lock(mutex_);
    subscribers_[++last_subscription_] = std::move(changed);
    return last_subscription_;
}

void FarDesk::forget(std::uint64_t subscription) {
    const std::lock_guard lock(mutex_);
    subscribers_.erase(subscription);
}

}  // namespace metalwright::agent::gate
