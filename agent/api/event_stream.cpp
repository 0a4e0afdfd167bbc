#include "agent/api/event_stream.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace metalwright::agent::api {
namespace {

constexpr int heartbeat = 15;  // seconds
constexpr const char* type = "text/event-stream";

class EventFeed final : public Feed, public std::enable_shared_from_this<EventFeed> {
 public:
    EventFeed(std::shared_ptr<LongPoll> polls, Call call, Answer page)
        : polls_(std::move(polls)), call_(std::move(call)), page_(page) {}

    void next(Respond respond) override { ask(heartbeat, std::move(respond)); }

    /// What there is already, without waiting.
    void first(Respond respond) { ask(0, std::move(respond)); }

 private:
    void ask(int seconds, Respond respond) {
        polls_->run(call_, page_, seconds,
                    [self = shared_from_this(), respond = std::move(respond)](Response page) {
                        respond(self->piece(std::move(page)));
                    });
    }

    Response piece(Response page) {
        if (page.status != 200) return page;
        const auto told = nlohmann::ordered_json::parse(page.body, nullptr, false);
        Response piece{.type = type, .headers = {{"Cache-Control", "no-store"}}};
        for (const auto& event : told["events"]) {
            piece.body += "id: " + std::to_string(event.value("seq", std::int64_t{0})) + '\n';
            piece.body += "event: " + event.value("kind", std::string("event")) + '\n';
            piece.body += "data: " + event.dump() + "\n\n";
        }
        call_.query["after"] = std::to_string(told.value("next", std::int64_t{0}));
        if (told.value("finished", false)) {
            piece.body += "event: end\ndata: {}\n\n";
            return piece;
        }
        if (piece.body.empty()) piece.body = ": nothing new\n\n";
        piece.feed = shared_from_this();
        return piece;
    }

    std::shared_ptr<LongPoll> polls_;
    Call call_;
    Answer page_;
};

}  // namespace

bool wants_stream(const Request& request) {
    return header_of(request, "accept").find(type) != std::string_view::npos;
}

void stream_events(const std::shared_ptr<LongPoll>& polls, Call call, Answer page,
                   const Respond& respond) {
    if (const std::string_view last = header_of(call.request, "last-event-id"); !last.empty())
        call.query.emplace("after", last);
    std::make_shared<EventFeed>(polls, std::move(call), page)->first(respond);
}

}  // namespace metalwright::agent::api
