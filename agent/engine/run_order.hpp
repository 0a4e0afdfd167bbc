#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/spec/model.hpp"
#include "agent/store/store.hpp"
#include "cloudinit/model.hpp"

namespace metalwright::engine {

/// How a run of user data is to be gone about: kept with the run, durably, and without what is
/// secret in it once that has ended.
struct RunOrder {
    unsigned retries = 0;
    std::chrono::seconds backoff{10};
    bool rerun_interrupted = false;
    bool run_after_failure = false;
    bool stream = false;
    bool armed_again = false;                ///< by a document that came after it was interrupted
    bool anew = false;                       ///< by a reinstall: what a former run has left goes
    unsigned reruns = 0;                     ///< how often it has been begun again
    std::int64_t streamed = 0;               ///< so many bytes of its output have been reported
    std::vector<std::string> environment{};  ///< "KEY=VALUE"
    std::vector<std::string> secrets{};

    bool operator==(const RunOrder&) const = default;
};

/// How often an interrupted run is begun again, at most: a script that reboots the host would go
/// round for ever.
inline constexpr unsigned most_reruns = 3;

/// Of a document. A secret of the order that stands in the script itself is masked too: `password`,
/// plain, where there is one.
RunOrder run_order_of(const spec::HostSpec& spec, std::string_view password);

std::string to_store(const RunOrder& order);
/// What cannot be read is as a document says that says nothing.
RunOrder run_order_from_store(std::string_view text);

cloudinit::Script script_of(const store::ScriptRun& run, const RunOrder& order);

}  // namespace metalwright::engine
