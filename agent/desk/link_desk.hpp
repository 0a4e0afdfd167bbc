#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/desk/link_status.hpp"
#include "core/error.hpp"

namespace metalwright::agent {

/// What a document is to take the place of, for it to be taken: what its author has seen.
struct Replaces {
    bool nothing = false;                      ///< the source must have none in force
    bool anything = false;                     ///< it must have one
    std::vector<std::uint64_t> generations{};  ///< else it must have one of these
};

/// A document handed over, byte for byte.
struct Submission {
    std::string source;                         ///< "link", "file", "admin", "ip"
    std::string document;                       ///< native spec, release, or a dialect's envelope
    std::optional<std::uint64_t> generation{};  ///< what it was delivered with (ETag), if anything
    std::optional<Replaces> replaces{};         ///< none: whatever is in force
    /// What came beside it to say whose it is, as it came: docs/control-plane.md. A link does not
    /// look at it; whoever has the store does.
    std::optional<std::string> signature{};
};

/// `where` of the error about Submission::replaces.
inline constexpr const char* not_replaced = "If-Match";

/// The durable answer. A repeat (same token, or same generation and content) is the first one
/// again.
struct Accepted {
    std::int64_t operation = 0;
    std::uint64_t generation = 0;
    std::string instance{};
    bool repeated = false;
    bool finished = false;  ///< the operation has ended; its report can be had with operation()
    /// A password that was drawn for it, encrypted as the document says; told this once.
    std::string sealed_password{};
};

/// One report on its way out. `body` is a JSON object that holds `seq` already.
struct OutboxRow {
    std::int64_t seq = 0;
    std::string body;
};

/// The inside of the agent, as links see it. Every call may touch the disk, or wait for another
/// process: call it on the blocking pool, never on the io thread, but where it says that it never
/// waits. Thread-safe.
class LinkDesk {
 public:
    virtual ~LinkDesk() = default;

    /// Validates and durably accepts a document; the work itself happens later, elsewhere.
    /// Errors: all of them at once; invalid_spec, conflict (with `where` not_replaced: what is in
    /// force is not what it was to replace), refused, io.
    virtual std::expected<Accepted, Errors> submit(const Submission& submission) = 0;

    /// The oldest reports not yet safe, in order.
    virtual std::vector<OutboxRow> unsent(std::size_t limit) = 0;

    /// Everything up to `seq` is safe at the control plane and may be forgotten.
    virtual Result<void> acknowledge(std::int64_t seq) = 0;

    /// How a link is doing from now on, for the status. Never waits: from any thread.
    virtual void link_changed(const LinkStatus& status) = 0;

    /// Calls `changed` from any thread whenever an event or a report was committed, until the
    /// returned number is passed to forget().
    virtual std::uint64_t on_change(std::function<void()> changed) = 0;
    virtual void forget(std::uint64_t subscription) = 0;
};

}  // namespace metalwright::agent
