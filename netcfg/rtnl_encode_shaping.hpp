#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "netcfg/shaping_op.hpp"

namespace metalwright::netcfg {

/// As encode(KernelOp). Shape: tcmsg (or ifinfomsg for the ifb), TCA_KIND, TCA_OPTIONS.
/// Source: linux/pkt_sched.h, pkt_cls.h, tc_act/tc_mirred.h; sch_api.c for what flags mean.
std::uint32_t encode_shaping(const ShapingOp& op, std::uint32_t seq, std::vector<std::byte>& out);

}  // namespace metalwright::netcfg
