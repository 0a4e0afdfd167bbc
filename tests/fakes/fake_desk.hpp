#pragma once

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/desk/desk.hpp"

namespace metalwright::agent {

/// A Desk that keeps everything in memory and does no work: the test says what happens.
/// Thread-safe, as the real one.
class FakeDesk final : public Desk {
 public:
    // What the test does.

    /// Every submit() from now on is refused with these; empty: accepted again.
    void refuse(Errors errors) {
        const std::lock_guard lock(mutex_);
        refusal_ = std::move(errors);
    }

    /// One more event of an operation; wakes whoever watches.
    void add_event(std::int64_t operation, const std::string& what) {
        {
            const std::lock_guard lock(mutex_);
            auto& events = operations_.at(operation).events;
            events.push_back({{"seq", events.size() + 1}, {"what", what}});
        }
        changed();
    }

    /// One more event of what happens between operations.
    void add_host_event(const std::string& what) {
        {
            const std::lock_guard lock(mutex_);
            host_events_.push_back({{"seq", host_events_.size() + 1}, {"what", what}});
        }
        changed();
    }

    void finish(std::int64_t operation) {
        {
            const std::lock_guard lock(mutex_);
            operations_.at(operation).finished = true;
        }
        changed();
    }

    /// One more report in the outbox, numbered on from the last.
    std::int64_t add_report(const std::string& what = "x") {
        std::int64_t seq = 0;
        {
            const std::lock_guard lock(mutex_);
            seq = ++last_seq_;
            outbox_.push_back({seq, nlohmann::json{{"seq", seq}, {"what", what}}.dump()});
        }
        changed();
        return seq;
    }

    void fail_acknowledge(std::optional<Error> error) {
        const std::lock_guard lock(mutex_);
        acknowledge_failure_ = std::move(error);
    }

    /// What destroys data is locked from now on; arm() takes it away.
    void lock(std::string reason) {
        const std::lock_guard lock(mutex_);
        locked_ = std::move(reason);
    }

    // What the test sees.

    std::vector<Submission> submissions() const {
        const std::lock_guard lock(mutex_);
        return submissions_;
    }
    std::vector<std::int64_t> acknowledged() const {
        const std::lock_guard lock(mutex_);
        return acknowledged_;
    }
    std::size_t outbox_size() const {
        const std::lock_guard lock(mutex_);
        return outbox_.size();
    }
    std::size_t subscribers() const {
        const std::lock_guard lock(mutex_);
        return subscribers_.size();
    }

    // The Desk.

    std::expected<Accepted, Errors> submit(const Submission& submission) override {
        Accepted accepted;
        {
            const std::lock_guard lock(mutex_);
            submissions_.push_back(submission);
            if (!refusal_.empty()) return std::unexpected(refusal_);
            if (submission.replaces && !submission.replaces->anything) {
                const std::uint64_t now = generations_[submission.source];
                const auto& seen = submission.replaces->generations;
                if (submission.replaces->nothing ? now != 0
                                                 : std::ranges::find(seen, now) == seen.end())
                    return std::unexpected(
                        Errors{{Errc::conflict, "another one is in force", not_replaced}});
            }
            if (!nlohmann::json::accept(submission.document)) {
                return std::unexpected(
                    Errors{{Errc::invalid_spec, "this is not a JSON document", ""}});
            }
            for (const auto& [id, known] : operations_) {
                if (known.source == submission.source && known.document == submission.document) {
                    return Accepted{id, known.generation, "i-1", true, known.finished};
                }
            }
            const std::uint64_t generation =
                submission.generation.value_or(++generations_[submission.source]);
            generations_[submission.source] = generation;
            const auto id = static_cast<std::int64_t>(operations_.size()) + 1;
            operations_[id] = {submission.source, submission.document, generation, {}, false};
            accepted = {id, generation, "i-1", false, false};
        }
        changed();
        return accepted;
    }

    std::expected<std::string, Errors> plan(const Submission& submission) override {
        const std::lock_guard lock(mutex_);
        if (!refusal_.empty()) return std::unexpected(refusal_);
        return nlohmann::json{{"planned", submission.document.size()}}.dump();
    }

    std::string status() override {
        const std::lock_guard lock(mutex_);
        bool applying = false;
        for (const auto& [id, operation] : operations_) applying = applying || !operation.finished;
        return nlohmann::json{{"state", applying ? "applying" : "idle"}}.dump();
    }

    std::optional<std::string> status_at_hand() override {
        const std::lock_guard lock(mutex_);
        return at_hand_;
    }
    /// What the status is told as without asking for it.
    void have_at_hand(std::optional<std::string> status) {
        const std::lock_guard lock(mutex_);
        at_hand_ = std::move(status);
    }

    std::string operations(std::size_t limit) override {
        return nlohmann::json{{"limit", limit}}.dump();
    }

    Result<std::string> operation(std::int64_t id) override {
        const std::lock_guard lock(mutex_);
        if (!operations_.contains(id)) return missing(id);
        return nlohmann::json{{"id", id}}.dump();
    }

    Result<std::string> cancel(std::int64_t id) override {
        {
            const std::lock_guard lock(mutex_);
            const auto found = operations_.find(id);
            if (found == operations_.end()) return missing(id);
            if (found->second.finished) return fail(Errc::conflict, "it has ended");
            found->second.finished = true;
        }
        changed();
        return nlohmann::json{{"id", id}, {"state", "cancelling"}}.dump();
    }

    /// What came last from this source.
    Result<InForce> in_force(const std::string& source) override {
        const std::lock_guard lock(mutex_);
        for (auto it = operations_.rbegin(); it != operations_.rend(); ++it)
            if (it->second.source == source)
                return InForce{it->second.document, it->second.generation};
        return fail(Errc::not_found, "no document of source '" + source + "' is in force");
    }

    Result<std::string> leases() override { return R"({"leases":[]})"; }

    Result<void> ready() override {
        const std::lock_guard lock(mutex_);
        if (!refusal_.empty()) return std::unexpected(refusal_.front());
        return {};
    }

    Result<std::string> events(std::int64_t operation, std::int64_t after) override {
        const std::lock_guard lock(mutex_);
        if (operation == 0) {
            nlohmann::json page{{"events", nlohmann::json::array()}, {"finished", false}};
            page["next"] = host_events_.size();
            for (const auto& event : host_events_)
                if (event["seq"].get<std::int64_t>() > after) page["events"].push_back(event);
            return page.dump();
        }
        const auto found = operations_.find(operation);
        if (found == operations_.end()) return missing(operation);
        nlohmann::json page;
        page["events"] = nlohmann::json::array();
        page["finished"] = found->second.finished;
        page["next"] = found->second.events.size();
        for (const auto& event : found->second.events) {
            if (event["seq"].get<std::int64_t>() > after) page["events"].push_back(event);
        }
        return page.dump();
    }

    Result<std::string> inventory() override { return R"({"disks":[],"arrays":[],"nics":[]})"; }

    Result<std::string> arm() override {
        const std::lock_guard lock(mutex_);
        const nlohmann::json answer{{"wasLocked", locked_.has_value()}};
        locked_.reset();
        return answer.dump();
    }

    Result<std::string> set_hold(std::string_view request) override {
        const auto asked = nlohmann::json::parse(request, nullptr, false);
        if (!asked.is_object()) return fail(Errc::invalid_spec, "no hold");
        return nlohmann::json{{"hold", {{asked.value("scope", "all"), asked.value("seconds", 0)}}}}
            .dump();
    }

    std::expected<std::string, Errors> addresses() override {
        const std::lock_guard lock(mutex_);
        if (!refusal_.empty()) return std::unexpected(refusal_);
        return R"({"addresses":[]})";
    }

    /// Operation 7 for whatever is to be added; nothing to do for the rest.
    std::expected<std::string, Errors> edit_addresses(std::string_view request) override {
        const std::lock_guard lock(mutex_);
        const auto asked = nlohmann::json::parse(request, nullptr, false);
        if (!asked.is_object()) return std::unexpected(Errors{{Errc::invalid_spec, "no edit"}});
        if (!refusal_.empty()) return std::unexpected(refusal_);
        nlohmann::json answer{{"operation", nullptr}};
        if (asked.contains("add")) answer["operation"] = 7;
        return answer.dump();
    }

    /// Operation 8 for whatever names a disk.
    std::expected<std::string, Errors> replace_disk(std::string_view request) override {
        const std::lock_guard lock(mutex_);
        const auto asked = nlohmann::json::parse(request, nullptr, false);
        if (!asked.is_object() || !asked.contains("disk"))
            return std::unexpected(Errors{{Errc::invalid_spec, "no disk"}});
        if (!refusal_.empty()) return std::unexpected(refusal_);
        return R"({"operation":8})";
    }

    std::expected<std::string, Errors> locate_disk(std::string_view request) override {
        const std::lock_guard lock(mutex_);
        if (!nlohmann::json::parse(request, nullptr, false).is_object())
            return std::unexpected(Errors{{Errc::invalid_spec, "no disk"}});
        if (!refusal_.empty()) return std::unexpected(refusal_);
        return R"({"disk":"S1","on":true,"place":"storcli64 /c0/e252/s1"})";
    }

    /// "hello\n", in two pieces; it has ended.
    /// Each call waits until the test lets it end.
    std::shared_ptr<VendorCall> call(VendorRequest request) override {
        const std::lock_guard lock(mutex_);
        auto one = std::make_shared<FakeCall>();
        calls_.push_back({std::move(request), one});
        return one;
    }
    std::vector<VendorRequest> calls() const {
        const std::lock_guard lock(mutex_);
        std::vector<VendorRequest> all;
        for (const auto& [request, call] : calls_) all.push_back(request);
        return all;
    }
    void end_calls(const VendorReply& reply) {
        {
            const std::lock_guard lock(mutex_);
            for (auto& [request, call] : calls_) call->end(reply);
        }
        changed();
    }

    Result<std::string> script_log(std::int64_t from) override {
        const std::string output = "hello\n";
        if (from < 0) from = std::max<std::int64_t>(6 + from, 0);
        const std::string text = output.substr(static_cast<std::size_t>(from), 3);
        return nlohmann::json{{"instance", "i-1"},
                              {"state", "exited"},
                              {"exitCode", 0},
                              {"from", from},
                              {"next", from + static_cast<std::int64_t>(text.size())},
                              {"text", text},
                              {"ended", true}}
            .dump();
    }

    std::vector<OutboxRow> unsent(std::size_t limit) override {
        const std::lock_guard lock(mutex_);
        const auto count = std::min(limit, outbox_.size());
        return {outbox_.begin(), outbox_.begin() + static_cast<std::ptrdiff_t>(count)};
    }

    Result<void> acknowledge(std::int64_t seq) override {
        const std::lock_guard lock(mutex_);
        if (acknowledge_failure_) return std::unexpected(*acknowledge_failure_);
        acknowledged_.push_back(seq);
        std::erase_if(outbox_, [seq](const OutboxRow& row) { return row.seq <= seq; });
        return {};
    }

    void link_changed(const LinkStatus& status) override {
        const std::lock_guard lock(mutex_);
        links_[status.name] = status;
    }
    /// What was told of this link last.
    LinkStatus link(const std::string& name) const {
        const std::lock_guard lock(mutex_);
        const auto found = links_.find(name);
        return found == links_.end() ? LinkStatus() : found->second;
    }

    std::uint64_t on_change(std::function<void()> changed) override {
        const std::lock_guard lock(mutex_);
        subscribers_[++last_subscription_] = std::move(changed);
        return last_subscription_;
    }

    void forget(std::uint64_t subscription) override {
        const std::lock_guard lock(mutex_);
        subscribers_.erase(subscription);
    }

 private:
    struct Operation {
        std::string source;
        std::string document;
        std::uint64_t generation = 0;
        std::vector<nlohmann::json> events{};
        bool finished = false;
    };

    static std::unexpected<Error> missing(std::int64_t id) {
        return fail(Errc::not_found, "no such operation", "operation " + std::to_string(id));
    }

    void changed() {
        std::map<std::uint64_t, std::function<void()>> now;
        {
            const std::lock_guard lock(mutex_);
            now = subscribers_;
        }
        for (const auto& [id, tell] : now) tell();
    }

    mutable std::mutex mutex_{};
    Errors refusal_{};
    std::optional<std::string> at_hand_{};
    std::optional<std::string> locked_{};
    std::vector<Submission> submissions_{};
    class FakeCall final : public VendorCall {
     public:
        std::optional<VendorReply> reply(bool last) override {
            const std::lock_guard lock(mutex_);
            if (!reply_ && last) return VendorReply{.status = 503, .body = "{}"};
            return reply_;
        }
        void end(const VendorReply& reply) {
            const std::lock_guard lock(mutex_);
            reply_ = reply;
        }

     private:
        std::mutex mutex_;
        std::optional<VendorReply> reply_{};
    };
    std::vector<std::pair<VendorRequest, std::shared_ptr<FakeCall>>> calls_{};
    std::map<std::int64_t, Operation> operations_{};
    std::map<std::string, std::uint64_t> generations_{};
    std::vector<nlohmann::json> host_events_{};
    std::map<std::string, LinkStatus> links_{};
    std::vector<OutboxRow> outbox_{};
    std::int64_t last_seq_ = 0;
    std::optional<Error> acknowledge_failure_{};
    std::vector<std::int64_t> acknowledged_{};
    std::map<std::uint64_t, std::function<void()>> subscribers_{};
    std::uint64_t last_subscription_ = 0;
};

}  // namespace metalwright::agent
