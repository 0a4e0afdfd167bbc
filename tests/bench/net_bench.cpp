// netcfg itself, from a parsed spec to the kernel and back: what the engine does with this room,
// without the engine. One command a line on stdin, one line of numbers for each on stdout; bench
// net drives it.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "agent/spec/document.hpp"
#include "core/run_plan.hpp"
#include "netcfg/room.hpp"
#include "sys/heap.hpp"
#include "tests/bench/clocks.hpp"

namespace {

using namespace metalwright;
using bench::Clocks;

[[noreturn]] void die(const Error& error) {
    std::cerr << "net_bench: " << describe(error) << '\n';
    std::exit(1);
}

template <class T>
T need(Result<T> result) {
    if (!result) die(result.error());
    return std::move(*result);
}

netcfg::Wanted read_spec(const std::string& path) {
    std::ifstream file(path);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto spec = spec::read_document(text, nullptr, {});
    if (!spec) die(spec.error().front());
    netcfg::Wanted wanted = spec->network.value_or(netcfg::Wanted());
    wanted.limits.aliases = 1'000'000;  // [network] alias_limit: its default is a vendor's 50
    return wanted;
}

class Room {
 public:
    netcfg::Wanted wanted{};
    netcfg::Owned owned{};

    /// As agent/engine/room_run.hpp does it: remember, run, read back. "ITEMS CHANGED MESSAGES".
    std::string apply() {
        const std::uint64_t sent = rtnl_.mutations();
        const netcfg::Observed before = need(netcfg::observe(doors_, wanted));
        netcfg::Owned after = netcfg::owned_after(wanted, before, owned);
        if (after != owned) owned = std::move(after);
        Plan<netcfg::Op> made = netcfg::plan(wanted, before, owned);
        const bool acts = !made.empty();
        NoJournal journal;
        const auto act = [&](std::span<const Step<netcfg::Op>> steps) {
            return netcfg::apply(steps, before, doors_, journal);
        };
        const std::vector<ItemResult> results =
            run_plan(std::move(made), journal, act, std::chrono::steady_clock::now);
        for (const ItemResult& result : results)
            if (result.outcome == Outcome::failed) die(*result.error);
        if (acts) {
            const Plan<netcfg::Op> again =
                netcfg::plan(wanted, need(netcfg::observe(doors_, wanted)), owned);
            if (!again.empty())
                die({Errc::internal, "read back: " + again.steps.front().why,
                     again.steps.front().item});
        }
        const auto changed = std::ranges::count(results, Outcome::changed, &ItemResult::outcome);
        return std::to_string(results.size()) + ' ' + std::to_string(changed) + ' ' +
               std::to_string(rtnl_.mutations() - sent);
    }

 private:
    netcfg::RtnlSocket rtnl_ = need(netcfg::RtnlSocket::open());
    sys::SpawnExec exec_;
    sys::PosixFiles files_;
    netcfg::Doors doors_{rtnl_, exec_, files_, netcfg::Persister::none};
};

/// KiB of a field of /proc/self/status: VmRSS, VmHWM.
long memory(const std::string& field) {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(field + ':')) return std::stol(line.substr(field.size() + 1));
    return 0;
}

}  // namespace

/// Commands: "read FILE" (a host spec; it is parsed outside of what is timed), "apply", "forget"
/// (what is ours), "memory". Each answers "WALL_MS CPU_MS RESULT..."; apply's result is
/// "ITEMS CHANGED MESSAGES", memory's is "KIB_NOW KIB_PEAK".
int main() {
    sys::keep_freed_memory();  // as metalwrightd does
    Room room;
    std::string line;
    while (std::getline(std::cin, line)) {
        std::istringstream words(line);
        std::string verb, file, result;
        words >> verb >> file;
        const Clocks begin = Clocks::now();
        if (verb == "read")
            room.wanted = read_spec(file);
        else if (verb == "apply")
            result = room.apply();
        else if (verb == "forget")
            room.owned = {};
        else if (verb == "memory")
            result = std::to_string(memory("VmRSS")) + ' ' + std::to_string(memory("VmHWM"));
        else
            return 2;
        std::cout << Clocks::now() - begin << ' ' << result << std::endl;
    }
}
