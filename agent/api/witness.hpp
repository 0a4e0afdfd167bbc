#pragma once

#include "agent/api/message.hpp"
#include "agent/audit/trail.hpp"

namespace boost::asio {
class thread_pool;
}

namespace metalwright::agent::api {

/// What is written down of a request and its answer: of the answer its status, code and numbers, of
/// the request neither body nor query nor headers, which may hold secrets. `stranger`: it was
/// refused for who it is.
audit::Deed deed_of(const Request& request, const Response& response, bool stranger);

/// Writes down who asked for what, and then lets the answer go.
class Witness {
 public:
    /// Both must outlive whoever holds a Respond of it. Without a trail everything goes by.
    Witness(audit::Trail* trail, boost::asio::thread_pool& pool) : trail_(trail), pool_(pool) {}

    /// What to answer `request` with instead of `respond`. One that is dropped uncalled, because
    /// its caller has hung up, is written down too.
    Respond before(const Respond& respond, const Request& request, bool stranger) const;

 private:
    audit::Trail* trail_;
    boost::asio::thread_pool& pool_;
};

}  // namespace metalwright::agent::api
