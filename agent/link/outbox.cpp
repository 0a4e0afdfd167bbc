#include "agent/link/outbox.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "core/fail_point.hpp"

namespace metalwright::agent::link {
namespace {

/// As many as may go in one POST: the first always, more while their bodies fit.
void cut_to(std::vector<OutboxRow>& rows, std::size_t bytes) {
    std::size_t count = 0;
    for (std::size_t sum = 0; count < rows.size(); ++count) {
        sum += rows[count].body.size() + 1;
        if (count > 0 && sum > bytes) break;
    }
    rows.resize(count);
}

std::string body_of(const std::vector<OutboxRow>& rows) {
    std::string body = R"({"reports":[)";
    for (const OutboxRow& row : rows) {
        if (&row != &rows.front()) body += ',';
        body += row.body;
    }
    return body + "]}";
}

/// {"safe":N}, N a whole number.
std::optional<std::int64_t> safe_of(const std::string& body) {
    const auto json = nlohmann::json::parse(body, nullptr, false);
    if (!json.is_object() || !json.contains("safe") || !json["safe"].is_number_integer()) {
        return std::nullopt;
    }
    return json["safe"].get<std::int64_t>();
}

}  // namespace

HttpsLink::Outbox::Outbox(boost::asio::io_context& io, boost::asio::thread_pool& pool,
                          LinkDesk& desk, std::shared_ptr<const HttpsOptions> options,
                          std::shared_ptr<LinkBoard> board)
    : io_(io),
      pool_(pool),
      desk_(desk),
      options_(std::move(options)),
      courier_(std::make_shared<Courier>(io, pool, options_, std::move(board), Talk::reports)),
      batch_(options_->batch) {}

void HttpsLink::Outbox::start() {
    started_ = true;
    // Told on any thread, a thousand times a second maybe: one flag, one post.
    auto told = std::make_shared<std::atomic<bool>>(false);
    subscription_ = desk_.on_change([&io = io_, weak = weak_from_this(), told] {
        if (told->exchange(true)) return;
        boost::asio::post(io, [weak, told] {
            *told = false;
            if (const auto self = weak.lock()) self->look();
        });
    });
    look();
}

void HttpsLink::Outbox::stop() {
    if (started_ && !stopped_) desk_.forget(subscription_);
    stopped_ = true;
    courier_->stop();
}

void HttpsLink::Outbox::look() {
    if (stopped_) return;
    if (busy_) {
        again_ = true;
        return;
    }
    busy_ = true;
    again_ = false;
    on_pool(
        pool_, io_, [&desk = desk_, limit = batch_] { return desk.unsent(limit); },
        [weak = weak_from_this()](Rows rows) {
            const auto self = weak.lock();
            if (self && !self->stopped_) self->post(std::move(rows));
        });
}

void HttpsLink::Outbox::post(Rows rows) {
    if (rows.empty()) {
        busy_ = false;
        if (again_) look();
        return;
    }
    cut_to(rows, options_->batch_bytes);
    Call call{.method = "POST",
              .path = "/v1/hosts/" + encode_segment(options_->host_id) + "/reports",
              .body = body_of(rows),
              .timeout = options_->answer_timeout};
    courier_->ask(std::move(call),
                  [weak = weak_from_this(), rows = std::move(rows)](std::optional<Reply> reply) {
                      const auto self = weak.lock();
                      if (self && !self->stopped_) self->answered(rows, std::move(reply));
                  });
}

void HttpsLink::Outbox::answered(const Rows& rows, std::optional<Reply> reply) {
    busy_ = false;
    if (!reply) return look();  // what is unsent may have grown meanwhile: read it again
    if (reply->status == 413 && rows.size() > 1) {
        batch_ = rows.size() / 2;
        return look();
    }
    const auto safe = reply->status == 200 ? safe_of(reply->body) : std::nullopt;
    const std::int64_t first = rows.front().seq;
    const std::int64_t last = rows.back().seq;
    if (!safe || *safe < first || *safe > last) {
        const std::string sent = std::to_string(first) + " to " + std::to_string(last);
        courier_->failed(
            {Errc::unavailable,
             !safe ? "reports " + sent + " were answered " + std::to_string(reply->status) +
                         " without a \"safe\" number: they are sent again"
                   : "reports " + sent + " were sent, and the control plane says that " +
                         std::to_string(*safe) +
                         " is safe: nothing is forgotten, they are sent again",
             "POST reports"});
        return look();
    }
    busy_ = true;
    on_pool(
        pool_, io_,
        [&desk = desk_, seq = *safe] {
            fail_point("link.after-reports");
            return desk.acknowledge(seq);
        },
        [weak = weak_from_this()](const Result<void>& result) {
            const auto self = weak.lock();
            if (self && !self->stopped_) self->acknowledged(result);
        });
}

void HttpsLink::Outbox::acknowledged(const Result<void>& result) {
    if (result) {
        courier_->worked();
        batch_ = std::min(batch_ * 2, options_->batch);
    } else {
        courier_->failed(result.error());  // they will be sent again, which does no harm
    }
    busy_ = false;
    look();
}

}  // namespace metalwright::agent::link
