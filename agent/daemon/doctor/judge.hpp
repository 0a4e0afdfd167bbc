#pragma once

#include "agent/daemon/doctor/finding.hpp"
#include "agent/daemon/doctor/seen.hpp"

/// From what was seen to what is to be said of it. Pure: no I/O, no clock.
namespace metalwright::daemon::doctor {

/// All of it, in the order of the functions below.
Findings judge(const Seen& seen);

void judge_configuration(const Seen& seen, Findings& all);
void judge_state(const Seen& seen, Findings& all);
void judge_link(const Seen& seen, Findings& all);
void judge_identity(const Seen& seen, Findings& all);
void judge_clock(const Seen& seen, Findings& all);
void judge_tools(const Seen& seen, Findings& all);
void judge_network(const Seen& seen, Findings& all);
void judge_raid(const Seen& seen, Findings& all);
/// Which of the findings above say that something could not be looked at.
void judge_permissions(const Seen& seen, Findings& all);

/// A certificate that ends within this time is told of.
constexpr std::chrono::days soon{30};

}  // namespace metalwright::daemon::doctor
