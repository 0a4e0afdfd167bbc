#include "agent/gate/visit.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <utility>

#include "agent/gate/packet.hpp"
#include "core/fail_point.hpp"
#include "sys/secret_file.hpp"

namespace metalwright::agent::gate {
namespace {

namespace asio = boost::asio;

/// As many as the link inside the daemon would have there: its documents and its reports.
constexpr std::size_t most_at_work = 2;

/// What broke here is told and answered; it ends neither the daemon nor the connection.
Frame guarded(std::uint32_t id, const std::function<Frame()>& work) {
    try {
        return work();
    } catch (const std::exception& broken) {
        spdlog::error("a request of metalwright-link broke metalwrightd: {}", broken.what());
        return to_frame(id, Errors{{Errc::internal,
                                    "metalwrightd failed on this: see its log, report the bug"}});
    }
}

Frame frame_of(std::uint32_t id, const link::Submitted& result) {
    return result ? to_frame(id, *result) : to_frame(id, result.error());
}

}  // namespace

Result<std::string> content_of(File file, const std::filesystem::path& path) {
    constexpr std::size_t most = std::size_t{1} << 20;  // a whole distribution's authorities
    const bool secret = file == File::token || file == File::key || file == File::tcp_key ||
                        file == File::enrolment;
    auto text = secret ? sys::read_secret_file(path, most) : sys::read_own_file(path, most);
    if (text && text->size() == most)
        text = fail(Errc::invalid_spec, "is larger than a mebibyte: is this the right file");
    if (text) return text;
    Error error = text.error();
    switch (file) {
        case File::token: error.where = "link.https.token_file"; break;
        case File::ca: error.where = "link.https.ca_file"; break;
        case File::cert: error.where = "link.https.cert_file"; break;
        case File::key: error.where = "link.https.key_file"; break;
        case File::tcp_cert: error.where = "api.tcp.cert_file"; break;
        case File::tcp_key: error.where = "api.tcp.key_file"; break;
        case File::enrolment: error.where = "link.https.enrolment_file"; break;
        case File::crl: error.where = "link.https.crl_file"; break;
    }
    return std::unexpected(std::move(error));
}

Visit::Visit(asio::io_context& io, asio::thread_pool& pool, LinkDesk& desk,
             std::shared_ptr<const GateOptions> options)
    : io_(io), pool_(pool), desk_(desk), options_(std::move(options)) {}

void Visit::begin(sys::Fd socket, std::function<void(const Error&)> ended) {
    ended_ = std::move(ended);
    const std::weak_ptr<Visit> weak = weak_from_this();
    const Ears ears{.frame =
                        [weak](const Frame& frame, sys::Fd with) {
                            const bool unasked = bool(with);
                            if (unasked) discard(with);
                            if (const auto self = weak.lock()) self->hear(frame, unasked);
                        },
                    .lost =
                        [weak](const Error& why) {
                            const auto self = weak.lock();
                            if (self && self->ended_) self->ended_(why);
                        }};
    connection_ = std::make_unique<Connection>(io_, std::move(socket), ears, options_->patience);
    connection_->on_room([weak] {
        if (const auto self = weak.lock()) self->look_at_room();
    });
    auto told = std::make_shared<std::atomic<bool>>(false);
    subscription_ = desk_.on_change([&io = io_, weak, told] {
        if (told->exchange(true)) return;
        asio::post(io, [weak, told] {
            *told = false;
            if (const auto self = weak.lock()) self->tell_change();
        });
    });
    connection_->send(to_frame(options_->hello));
    if (options_->hello.tcp) connection_->send({.kind = Kind::listener}, options_->listener);
    connection_->start();
}

void Visit::end() {
    ended_ = {};
    if (connection_) connection_->close();
    if (subscription_ != 0) desk_.forget(std::exchange(subscription_, 0));
    under_way_.clear();
    waiting_.clear();
}

/// Once: whoever was told will look, and is told again after that.
void Visit::tell_change() {
    if (!ended_ || std::exchange(change_told_, true)) return;
    connection_->send({.kind = Kind::changed});
}

void Visit::hear(const Frame& frame, bool with_descriptor) {
    if (!ended_) return;
    auto taken =
        with_descriptor ? fail(Errc::invalid_spec, "a descriptor came unasked") : take(frame);
    if (taken) return look_at_room();
    connection_->close();
    ended_(taken.error());
}

/// Errors: whatever ends the connection.
Result<void> Visit::take(const Frame& frame) {
    const std::uint32_t id = frame.id;
    if (id == 0 || under_way_.contains(id))
        return fail(Errc::invalid_spec, "a request has an id that is under way");
    const auto under_way = [&] { under_way_[id] = std::make_shared<const int>(0); };
    switch (frame.kind) {
        case Kind::submit: {
            auto submission = submission_in(frame);
            if (!submission) return std::unexpected(submission.error());
            submission->source = "link";
            under_way();
            queue(frame, [&desk = desk_, options = options_, id, what = std::move(*submission)] {
                const link::Submitted result = link::submit(desk, what);
                if (options->told) options->told(what, result);
                return frame_of(id, result);
            });
            return {};
        }
        case Kind::unsent: {
            const auto limit = limit_in(frame);
            if (!limit) return std::unexpected(limit.error());
            change_told_ = false;
            under_way();
            queue(frame,
                  [&desk = desk_, id, limit = *limit] { return to_frame(id, desk.unsent(limit)); });
            return {};
        }
        case Kind::acknowledge: {
            const auto seq = seq_in(frame);
            if (!seq) return std::unexpected(seq.error());
            if (*seq > handed_out_)
                return fail(Errc::invalid_spec,
                            "reports are acknowledged that were never handed out");
            under_way();
            queue(frame, [&desk = desk_, id, seq = *seq] {
                fail_point("link.after-reports");
                const auto result = desk.acknowledge(seq);
                return result ? Frame{Kind::done, id, {}} : to_frame(id, Errors{result.error()});
            });
            return {};
        }
        case Kind::file: {
            const auto file = file_in(frame);
            if (!file) return std::unexpected(file.error());
            if (!options_->hello.names(*file))
                return fail(Errc::invalid_spec, "a file is asked for that nothing names");
            under_way();
            queue(frame, [options = options_, id, file = *file] {
                auto content = content_of(file, options->paths.at(file));
                return content ? content_frame(id, std::move(*content))
                               : to_frame(id, Errors{content.error()});
            });
            return {};
        }
        case Kind::standing: {
            auto status = standing_in(frame);
            if (!status) return std::unexpected(status.error());
            status->name = "link";
            desk_.link_changed(*status);
            connection_->send({.kind = Kind::done, .id = id});
            return {};
        }
        case Kind::request: {
            auto request = request_in(frame);
            if (!request) return std::unexpected(request.error());
            if (!options_->requests)
                return fail(Errc::invalid_spec, "a request over TCP comes, and nobody listens");
            under_way();
            ask_http(id, std::move(*request));
            return {};
        }
        default: return fail(Errc::invalid_spec, "a frame comes that is not the peer's to send");
    }
}

void Visit::ask_http(std::uint32_t id, api::Request request) {
    request.caller = under_way_.at(id);  // it goes when this connection does
    api::Respond respond = [&io = io_, weak = weak_from_this(), id](const api::Response& response) {
        asio::post(io, [weak, frame = to_frame(id, response)] {
            if (const auto self = weak.lock()) self->answer(frame.id, frame);
        });
    };
    options_->requests(std::move(request), std::move(respond));
}

void Visit::queue(const Frame& frame, std::function<Frame()> work) {
    std::size_t bytes = 0;
    for (const std::string& field : frame.fields) bytes += field.size();
    held_ += bytes;
    waiting_.push_back({frame.id, bytes, std::move(work)});
    this->work();
}

void Visit::work() {
    while (at_work_ < most_at_work && !waiting_.empty()) {
        Waiting next = std::move(waiting_.front());
        waiting_.pop_front();
        ++at_work_;
        asio::post(pool_, [&io = io_, weak = weak_from_this(), next = std::move(next)]() mutable {
            Frame frame = guarded(next.id, next.work);
            asio::post(io, [weak, bytes = next.bytes, frame = std::move(frame)] {
                const auto self = weak.lock();
                if (!self) return;
                --self->at_work_;
                self->held_ -= bytes;
                self->answer(frame.id, frame);
                self->work();
            });
        });
    }
}

void Visit::answer(std::uint32_t id, const Frame& frame) {
    if (!ended_ || under_way_.erase(id) == 0) return;
    if (frame.kind == Kind::reports) handed_out_ = std::max(handed_out_, last_seq_in(frame));
    connection_->send(frame);
    look_at_room();
}

/// Whoever asks faster than it is answered, or takes no answers, waits.
void Visit::look_at_room() {
    if (!ended_) return;
    const bool full = under_way_.size() >= options_->most_under_way ||
                      held_ >= options_->most_held || connection_->queued() > 0;
    full ? connection_->pause() : connection_->resume();
}

}  // namespace metalwright::agent::gate
