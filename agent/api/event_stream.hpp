#pragma once

#include <memory>

#include "agent/api/long_poll.hpp"
#include "agent/api/message.hpp"

namespace metalwright::agent::api {

/// Whether the caller wants events as they come, not a page of them.
bool wants_stream(const Request& request);

/// Answers with `page` after `page` of events (as Desk::events() has them) as server-sent events:
/// `id` is the event's number, `event` its kind, `data` the event; a comment every quarter of a
/// minute in which nothing happens. Begins behind ?after, else behind Last-Event-ID. A stream of an
/// operation that has ended closes with an event "end". What page() answers but 200 is passed on.
/// On the io thread. Source: HTML Living Standard, 9.2.
void stream_events(const std::shared_ptr<LongPoll>& polls, Call call, Answer page,
                   const Respond& respond);

}  // namespace metalwright::agent::api
