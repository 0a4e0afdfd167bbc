#pragma once

#include <chrono>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/run_plan.hpp"
#include "netcfg/room.hpp"
#include "scene.hpp"
#include "tests/fakes/fake_exec.hpp"
#include "tests/fakes/fake_files.hpp"
#include "tests/fakes/fake_prober.hpp"
#include "tests/fakes/fake_rtnl.hpp"

namespace metalwright::netcfg {

/// A host with its kernel in memory, for tests that bring it from any state to any other.
struct Host {
    explicit Host(Observed state) : kernel(std::move(state)) {}
    fakes::FakeRtnl kernel;
    fakes::FakeExec exec;
    fakes::FakeFiles files;
    fakes::FakeProber prober;
    Doors doors{.rtnl = kernel,
                .exec = exec,
                .files = files,
                .persister = Persister::networkd,
                .prober = &prober};
    Owned owned{};
    std::string trace{};  ///< the last plan, for the reader of a failure

    /// As the engine does it: plan, remember, run, read back.
    std::vector<ItemResult> bring_to(const Wanted& wanted) {
        NoJournal journal;
        const Observed before = observe(doors, wanted).value();
        const Plan<Op> made = plan(wanted, before, owned);
        owned = owned_after(wanted, before, owned);
        trace.clear();
        for (const std::string& line : steps_of(made)) trace += line + '\n';
        for (const ItemResult& line : made.settled)
            trace += line.item + ": " + std::string(to_string(line.outcome)) + ' ' +
                     (line.error ? line.error->message : line.note) + '\n';
        const auto act = [&](std::span<const Step<Op>> steps) {
            return apply(steps, before, doors, journal);
        };
        std::vector<ItemResult> results =
            run_plan(made, journal, act, [] { return std::chrono::steady_clock::time_point{}; });
        owned = owned_after(wanted, observe(doors, wanted).value(), owned);
        return results;
    }
};

}  // namespace metalwright::netcfg
