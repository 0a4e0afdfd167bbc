#include "netcfg/shaping_op.hpp"

#include <algorithm>
#include <limits>

namespace metalwright::netcfg {
namespace {

constexpr std::uint64_t bytes_per_mbit = 1'000'000 / 8;
constexpr std::uint64_t ticks_per_second = 250;
constexpr std::uint64_t least_burst = 16'384;
constexpr std::uint64_t latencies_per_second = 40;  // of 25 ms

std::uint32_t at_most_u32(std::uint64_t value) noexcept {
    constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::min(value, most));
}

struct Describer {
    std::string operator()(const SetShaper& op) const {
        return "shape to " + std::to_string(op.bucket.rate / bytes_per_mbit) + " Mbit/s";
    }
    std::string operator()(const RemoveShaper&) const { return "remove the shaping"; }
    std::string operator()(const MakeIfb&) const { return "make " + std::string(ifb_name); }
    std::string operator()(const RemoveIfb&) const { return "remove " + std::string(ifb_name); }
    std::string operator()(const Redirect&) const {
        return "lead what comes in through " + std::string(ifb_name);
    }
    std::string operator()(const EndRedirect&) const {
        return "lead what comes in past " + std::string(ifb_name) + " again";
    }
};

}  // namespace

TokenBucket token_bucket(std::uint32_t mbps) noexcept {
    const std::uint64_t rate = mbps * bytes_per_mbit;
    const std::uint64_t burst = std::max(rate / ticks_per_second, least_burst);
    return {rate, at_most_u32(burst), at_most_u32(burst + rate / latencies_per_second)};
}

std::uint64_t burst_ns(const TokenBucket& bucket) noexcept {
    constexpr std::uint64_t ns_per_second = 1'000'000'000;
    return bucket.rate == 0 ? 0 : bucket.burst * ns_per_second / bucket.rate;
}

std::string describe(const ShapingOp& op) {
    return std::visit(Describer{}, op);
}

int ifindex_of(const ShapingOp& op) {
    return std::visit([](const auto& each) { return each.ifindex; }, op);
}

}  // namespace metalwright::netcfg
