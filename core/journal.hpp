#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "core/plan.hpp"

namespace metalwright {

/// Where a room says what it is about to do, before it does it. The engine's stands on the store;
/// NoJournal (core) keeps nothing.
class Journal {
 public:
    virtual ~Journal() = default;

    /// Returns only when the intent is durable. Errors: io; then nothing may be done.
    virtual Result<void> intend(std::span<const StepNote> steps) = 0;

    /// The outcomes of the steps last intended; committed together with their reports.
    virtual void done(std::span<const ItemResult> outcomes) = 0;

    /// News of a long step: percent is 0..100, or negative when unknown. Kept for whoever watches;
    /// may be dropped.
    virtual void progress(std::string_view item, std::string_view what, double percent) = 0;

    /// Another journal of the same work, for steps that are done at the same time as this one's.
    /// Null where there is none: then nothing is done side by side.
    virtual std::unique_ptr<Journal> beside() { return nullptr; }
};

/// For dry runs, image builds and tests.
class NoJournal final : public Journal {
 public:
    Result<void> intend(std::span<const StepNote>) override { return {}; }
    void done(std::span<const ItemResult>) override {}
    void progress(std::string_view, std::string_view, double) override {}
};

}  // namespace metalwright
