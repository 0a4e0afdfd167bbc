#include "agent/api/long_poll.hpp"

#include <spdlog/spdlog.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <set>
#include <utility>

#include "agent/api/status.hpp"

namespace metalwright::agent::api {
namespace {

namespace asio = boost::asio;

class Poller final : public LongPoll {
 public:
    Poller(Desk& desk, asio::io_context& io, asio::thread_pool& pool)
        : desk_(desk), io_(io), pool_(pool), news_(std::make_shared<News>(io)) {}
    ~Poller() override { desk_.forget(subscription_); }

    void subscribe() {
        news_->poller = weak_from_this();
        subscription_ = desk_.on_change([news = news_] { news->rang(news); });
    }

    void run(Call call, Answer answer, int seconds, Respond respond) override;

 private:
    struct Waiting {
        Waiting(asio::io_context& io, Call made, Answer how, Respond back)
            : call(std::move(made)), answer(how), respond(std::move(back)), deadline(io) {}
        Call call;
        Answer answer;
        Respond respond;
        asio::steady_timer deadline;
        bool running = false;  // on the pool just now
        bool again = false;    // something changed meanwhile
        bool last = false;     // the time is up
    };

    /// Many changes become one wake-up. Outlives the poller, so that a change told while it goes
    /// finds nothing to destroy on the teller's thread.
    struct News {
        explicit News(asio::io_context& context) : io(context) {}
        void rang(const std::shared_ptr<News>& self) {
            if (told.exchange(true)) return;
            asio::post(io, [self] {
                self->told = false;
                if (const auto alive = self->poller.lock()) {
                    static_cast<Poller&>(*alive).changed();
                }
            });
        }
        asio::io_context& io;
        std::atomic<bool> told{false};
        std::weak_ptr<LongPoll> poller{};  // written before the subscription, read on the io thread
    };

    void ask(const std::shared_ptr<Waiting>& waiting);
    void asked(const std::shared_ptr<Waiting>& waiting, std::optional<Response> response);
    void changed();

    Desk& desk_;
    asio::io_context& io_;
    asio::thread_pool& pool_;
    std::shared_ptr<News> news_;
    std::uint64_t subscription_ = 0;
    std::set<std::shared_ptr<Waiting>> waiting_{};
};

std::optional<Response> guarded(Answer answer, Desk& desk, const Call& call, bool last) {
    try {
        return answer(desk, call, last);
    } catch (const std::exception& broken) {
        spdlog::error("admin API: {} failed: {}", call.request.method, broken.what());
        return error_response(
            {Errc::internal, "metalwrightd failed on this request: see its log, report the bug"});
    }
}

void Poller::run(Call call, Answer answer, int seconds, Respond respond) {
    auto waiting = std::make_shared<Waiting>(io_, std::move(call), answer, std::move(respond));
    waiting->last = seconds <= 0;
    if (!waiting->last) {
        waiting_.insert(waiting);
        waiting->deadline.expires_after(std::chrono::seconds(seconds));
        waiting->deadline.async_wait(
            [weak = weak_from_this(), waiting](boost::system::error_code cancelled) {
                const auto self = weak.lock();
                if (cancelled || !self) return;
                waiting->last = true;
                static_cast<Poller&>(*self).ask(waiting);
            });
    }
    ask(waiting);
}

void Poller::ask(const std::shared_ptr<Waiting>& waiting) {
    if (waiting->running) {
        waiting->again = true;
        return;
    }
    waiting->running = true;
    waiting->again = false;
    asio::post(pool_, [self = shared_from_this(), this, waiting, last = waiting->last] {
        auto response = guarded(waiting->answer, desk_, waiting->call, last);
        asio::post(io_, [self, this, waiting, response = std::move(response)]() mutable {
            asked(waiting, std::move(response));
        });
    });
}

void Poller::asked(const std::shared_ptr<Waiting>& waiting, std::optional<Response> response) {
    waiting->running = false;
    const bool alone = waiting->call.request.caller.expired();
    if (!response && !alone) {
        if (waiting->again || waiting->last) ask(waiting);
        return;
    }
    waiting->deadline.cancel();
    waiting_.erase(waiting);
    if (response) waiting->respond(std::move(*response));
}

void Poller::changed() {
    const auto now = waiting_;
    for (const auto& waiting : now) {
        // Of a vendor's call it is known here whether it has ended: hundreds may wait at once.
        if (!waiting->running && !waiting->last && waiting->call.handed_in)
            if (!waiting->call.handed_in->reply(false)) continue;
        ask(waiting);
    }
}

}  // namespace

std::shared_ptr<LongPoll> LongPoll::make(Desk& desk, asio::io_context& io,
                                         asio::thread_pool& pool) {
    auto poller = std::make_shared<Poller>(desk, io, pool);
    poller->subscribe();
    return poller;
}

}  // namespace metalwright::agent::api
