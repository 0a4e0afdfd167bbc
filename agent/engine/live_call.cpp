#include "agent/engine/calls.hpp"

namespace metalwright::engine {

Answer Answer::from_store(const store::Call& call) {
    const Json kept = Json::parse(call.answer, nullptr, false);
    Answer answer{.status = call.status};
    if (!kept.is_object()) return answer;
    answer.refused = kept.value("refused", false);
    answer.body = kept.value("body", Json::object());
    return answer;
}

void Answer::put_into(store::Call& call) const {
    call.status = status;
    call.answer = dump({{"refused", refused}, {"body", body}});
}

agent::VendorReply LiveCall::framed(const Answer& answer) const {
    const vendor::Dialect& dialect = *found.dialect;
    const std::string body =
        answer.refused ? dialect.frame_refusal({answer.status, answer.body.value("code", ""),
                                                answer.body.value("message", "")},
                                               request_id_)
                       : dialect.frame({answer.status, answer.body}, request_id_);
    return {answer.status, body, request_id_};
}

std::optional<agent::VendorReply> LiveCall::reply(bool last) {
    const std::lock_guard lock(mutex_);
    if (answer_) return framed(*answer_);
    if (!last) return std::nullopt;
    if (meanwhile_) return framed(*meanwhile_);
    return framed(Answer::of(found.dialect->refusal(
        {{Errc::busy, "the host is still at work on calls before this one: send it again"}})));
}

void LiveCall::end(const Answer& answer) {
    const std::lock_guard lock(mutex_);
    if (!answer_) answer_ = answer;
}

void LiveCall::meanwhile(const Answer& answer) {
    const std::lock_guard lock(mutex_);
    meanwhile_ = answer;
}

std::string Memo::text() const {
    return dump({{"memo", memo},
                 {"instance", instance},
                 {"drawn", drawn},
                 {"added", added},
                 {"allOrNothing", all_or_nothing},
                 {"ticket", ticket}});
}

Memo Memo::from(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return {};
    return {json.value("memo", Json::object()),
            json.value("instance", ""),
            json.value("drawn", std::vector<std::string>()),
            json.value("added", std::vector<std::string>()),
            json.value("allOrNothing", false),
            json.value("ticket", "")};
}

bool is_other(const LiveCall& live, const store::Call& before) {
    return live.found.dialect->repeated == vendor::Repeated::same_request &&
           before.digest != live.digest;
}

vendor::Resource from_store(const store::Resource& row) {
    Json body = Json::parse(row.body, nullptr, false);
    return {.id = row.id,
            .kind = row.kind,
            .state = row.state,
            .body = body.is_object() ? std::move(body) : Json::object(),
            .operation = row.operation,
            .changed_ms = row.changed_ms};
}

store::Resource to_store(const vendor::Resource& resource) {
    return {.id = resource.id,
            .kind = resource.kind,
            .state = resource.state,
            .body = dump(resource.body),
            .operation = resource.operation,
            .changed_ms = resource.changed_ms};
}

store::Ledger to_store(const vendor::Ledger& ledger) {
    store::Ledger rows{.dropped = ledger.dropped};
    for (const vendor::Resource& one : ledger.put) rows.put.push_back(to_store(one));
    return rows;
}

}  // namespace metalwright::engine
