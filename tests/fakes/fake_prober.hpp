#pragma once

#include <vector>

#include "netcfg/prober.hpp"

namespace metalwright::fakes {

/// A gateway that answers, or does not, and remembers what it was asked.
class FakeProber final : public netcfg::Prober {
 public:
    bool answers = true;
    std::vector<netcfg::Probe> asked;

    Result<void> ask(const netcfg::Probe& probe, const netcfg::Link& nic) override {
        asked.push_back(probe);
        if (answers) return {};
        return fail(Errc::timed_out, "the gateway did not answer", nic.name);
    }
};

}  // namespace metalwright::fakes
