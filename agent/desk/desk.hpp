#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/desk/link_desk.hpp"
#include "core/error.hpp"

namespace metalwright::agent {

/// A document in force.
struct InForce {
    std::string document;  ///< native form
    std::uint64_t generation = 0;
};

/// A request in a vendor's own words, taken apart.
struct VendorRequest {
    std::string method;
    std::vector<std::string> path;               ///< segments, percent-decoded
    std::map<std::string, std::string> query{};  ///< percent-decoded; the last one wins
    std::string action{};                        ///< the header that names the operation, if any
    std::string body{};
};

/// The answer as the vendor would give it.
struct VendorReply {
    unsigned status = 200;
    std::string body{};
    std::string request_id{};  ///< stands in the body; some vendors have it in a header too

    bool operator==(const VendorReply&) const = default;
};

/// The inside of the agent, as the admin API sees it. Every call may touch the disk: call it on the
/// blocking pool, never on the io thread. Thread-safe. All JSON is compact text.
class Desk : public LinkDesk {
 public:
    /// What would be done if this document came now, in words; changes nothing. The host is planned
    /// as the documents of the other sources want it too. schema/plan. Errors: as submit().
    virtual std::expected<std::string, Errors> plan(const Submission& submission) = 0;

    /// {"host","generation","locked","hold","restored","arrays","state","operation","items":[...],
    /// "userData":{...}}; "locked" is null or {"reason","since"}, "hold" as in set_hold(),
    /// "restored" how many items of the network were put back since the start, "arrays" how they
    /// are:
    /// [{"name","uuid","level","health","degraded","sync":{"action","percent","etaSeconds"}|null,
    /// "note"}], at most some seconds old.
    virtual std::string status() = 0;
    /// The same, where nothing has changed since it was asked for last; else nothing. Never waits:
    /// the one call for the io thread.
    virtual std::optional<std::string> status_at_hand() = 0;

    /// {"operations":[{"id","source","state","generation",...}]} newest first.
    virtual std::string operations(std::size_t limit) = 0;

    /// One operation with its items. Errors: not_found.
    virtual Result<std::string> operation(std::int64_t id) = 0;

    /// Ends an operation before its time: no further step of it is begun, and what it has not done
    /// yet fails. It is durable; the document stays in force. The operation, as operation() has it.
    /// Errors: not_found; conflict, when it has ended or its user data has begun; io.
    virtual Result<std::string> cancel(std::int64_t id) = 0;

    /// The document of this source that is in force, without what it said of one operation. It
    /// holds user data and the hash of a password: root's alone to read. Errors: not_found, io.
    virtual Result<InForce> in_force(const std::string& source) = 0;

    /// What was handed out of the networks and addresses that are delegated to this host:
    /// {"leases":[{"address","kind":"secondary|eip","source","id","state"}]}. Errors: io.
    virtual Result<std::string> leases() = 0;

    /// Whether a document would be taken now. Errors: io (the store does not answer), unavailable
    /// (the outbox is full).
    virtual Result<void> ready() = 0;

    /// {"events":[...],"next":N,"finished":bool}: events of one operation with seq > after; of
    /// operation 0, what happens between operations, which never finishes. An `after` beyond the
    /// newest is taken for the newest: "next" says which. Errors: not_found.
    virtual Result<std::string> events(std::int64_t operation, std::int64_t after) = 0;

    /// {"disks":[...],"arrays":[...],"nics":[...]} Errors: those of the rooms' observe.
    virtual Result<std::string> inventory() = 0;

    /// Takes away the lock on what destroys data, durably; the operations that begin from then on
    /// are free of it. {"wasLocked":bool,"reason","since","unlocks":[...]}: in words what is
    /// unlocked; when it was not locked null, null and nothing, and nothing is changed. Errors: io
    /// (it is locked still).
    virtual Result<std::string> arm() = 0;

    /// Freezes the network, the storage or both for some time, or ends that:
    /// {"scope","seconds"} -> {"hold":{"network","storage"}|null}. Errors: invalid_spec, io.
    virtual Result<std::string> set_hold(std::string_view request) = 0;

    /// Every address that is wanted of this host, with how it stands now:
    /// {"addresses":[{"item","address","kind":"primary|alias|secondary","id","source","state":"present|missing
    /// |failed","note"}]}; "source" is who wants it, several as "admin, ip". Errors: conflict when
    /// sources contradict each other, those of the network room's observe.
    virtual std::expected<std::string, Errors> addresses() = 0;

    /// Changes the document of source "ip", which wants aliases and nothing else:
    /// {"add":[{"cidr","id","routed","as"}],"remove":["cidr"],"dryRun":bool} ->
    /// {"added","removed","unchanged": lists of CIDRs, "operation": N or null where nothing had to
    /// be changed, "generation","instance","repeated","finished"}; a dry run answers the lists and
    /// what plan() says. Calls at once happen one after the other. Errors: invalid_spec; conflict,
    /// when no instance is in force or another source wants the address; not_found, when nobody
    /// wants what is to be removed; those of submit().
    virtual std::expected<std::string, Errors> edit_addresses(std::string_view request) = 0;

    /// Lights or darkens the locate LED of a disk or drive: {"disk","on"?} ->
    /// {"disk","on","place"}. Errors: invalid_spec; not_found, unsupported, and what the tool or
    /// the kernel says.
    virtual std::expected<std::string, Errors> locate_disk(std::string_view request) = 0;

    /// Replaces a member of an array, or a drive of a controller's volume, of this host:
    /// {"disk","with"?} -> as submit() answers, as JSON
    /// {"operation","generation","instance","repeated","finished"}. Errors: invalid_spec; conflict,
    /// when no instance is in force; those of submit().
    virtual std::expected<std::string, Errors> replace_disk(std::string_view request) = 0;

    /// A vendor's request on its way through the host.
    class VendorCall {
     public:
        virtual ~VendorCall() = default;
        /// Nothing while it is under way: to be asked again after a change. When `last`, what can
        /// be said now.
        virtual std::optional<VendorReply> reply(bool last) = 0;
    };

    /// Hands it in: what it asks for is durable and under way, or waits for that, when this
    /// returns. A token that is known is answered with its first result, and does nothing.
    /// Requests that come at once are accepted as one.
    virtual std::shared_ptr<VendorCall> call(VendorRequest request) = 0;

    /// What user data of the instance in force, else of the one released last, has put out:
    /// {"instance","state","exitCode","from","next","text","ended"}. Bytes from `from` on, at most
    /// 64 KiB; the last so many where `from` is negative. Errors: not_found.
    virtual Result<std::string> script_log(std::int64_t from) = 0;
};

}  // namespace metalwright::agent
