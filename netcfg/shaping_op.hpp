#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace metalwright::netcfg {

// What can be done to bandwidth shaping. Nothing here takes the place of somebody else's: where
// another root qdisc or filter stands, the kernel refuses.

/// The mark of ownership: a root qdisc of kind "tbf" with this handle is ours. 0x4d57 is "MW".
inline constexpr std::uint32_t shaper_handle = 0x4d57'0000;
/// A u32 filter with this priority, on what comes in, is ours.
inline constexpr std::uint16_t redirect_priority = 0x4d57;
/// The link that what comes in is led through; ours when its kind is "ifb".
inline constexpr std::string_view ifb_name = "mw-ifb0";

/// A token bucket, as tc-tbf(8) describes it.
struct TokenBucket {
    std::uint64_t rate = 0;   ///< bytes/s
    std::uint32_t burst = 0;  ///< bytes that may leave at once
    std::uint32_t limit = 0;  ///< bytes that may wait before packets are dropped

    bool operator==(const TokenBucket&) const = default;
};

/// The bucket for so many Mbit/s, of 10^6 bit/s on the wire without preamble, gap and checksum.
///
///   rate   = Mbit/s * 10^6 / 8
///   burst  = max(rate / 250, 16384): what leaves in a tick of HZ = 250, Debian's. "The minimum
///            buffer size can be calculated by dividing the rate by HZ" (tc-tbf(8)); a smaller one
///            may not reach the rate. 16 KiB let the largest frame (MTU 9216) pass at any rate:
///            a tbf drops what is larger than its bucket.
///   limit  = burst + rate / 40: whoever waits is sent within 25 ms or dropped. tc's own formula,
///            limit = rate * latency + burst (iproute2, q_tbf.c); 25 ms is ours: long enough for
///            one TCP connection to fill the rate over such a round trip, short enough to talk.
///
/// Burst and limit end at 2^32 - 1, where the kernel's numbers do.
TokenBucket token_bucket(std::uint32_t mbps) noexcept;

/// How long the burst takes at the rate, in ns: what the kernel keeps of it.
std::uint64_t burst_ns(const TokenBucket& bucket) noexcept;

/// Puts a tbf of ours at the root, in the place of the kernel's default one, or changes ours in
/// place: no moment without it, and no packet that waits in it is lost.
struct SetShaper {
    int ifindex = 0;
    TokenBucket bucket{};

    bool operator==(const SetShaper&) const = default;
};

struct RemoveShaper {
    int ifindex = 0;

    bool operator==(const RemoveShaper&) const = default;
};

/// Makes the link mw-ifb0 with this index, up.
struct MakeIfb {
    int ifindex = 0;

    bool operator==(const MakeIfb&) const = default;
};

struct RemoveIfb {
    int ifindex = 0;

    bool operator==(const RemoveIfb&) const = default;
};

/// Leads all that comes in through a link through `to`.
struct Redirect {
    int ifindex = 0;
    int to = 0;
    bool make_qdisc = true;  ///< there is no ingress qdisc yet

    bool operator==(const Redirect&) const = default;
};

struct EndRedirect {
    int ifindex = 0;
    bool remove_qdisc = true;  ///< nobody else has a filter in it

    bool operator==(const EndRedirect&) const = default;
};

using ShapingOp = std::variant<SetShaper, RemoveShaper, MakeIfb, RemoveIfb, Redirect, EndRedirect>;

/// As the middle of a sentence: "shape to 100 Mbit/s".
std::string describe(const ShapingOp& op);
int ifindex_of(const ShapingOp& op);

}  // namespace metalwright::netcfg
