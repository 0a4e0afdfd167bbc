#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "agent/engine/engine.hpp"
#include "core/journal.hpp"

namespace metalwright::engine {

/// The journal of one room within one operation: intents and outcomes go to the store, outcomes
/// together with the report of them. Parks the room once the daemon is stopping.
class OperationJournal final : public Journal {
 public:
    OperationJournal(Engine& engine, const store::Operation& operation)
        : engine_(engine), operation_(operation) {}

    Result<void> intend(std::span<const StepNote> steps) override;
    void done(std::span<const ItemResult> outcomes) override;
    void progress(std::string_view item, std::string_view what, double percent) override;
    std::unique_ptr<Journal> beside() override {
        auto other = std::make_unique<OperationJournal>(engine_, operation_);
        other->counted_ = counted_;
        return other;
    }

 private:
    struct Counted {
        std::mutex mutex{};
        bool done = false;
    };
    Result<std::int64_t> put(const std::string& body, bool writes);

    Engine& engine_;
    const store::Operation& operation_;
    std::shared_ptr<Counted> counted_ = std::make_shared<Counted>();
    std::int64_t intent_ = 0;
    std::chrono::steady_clock::time_point last_progress_{};
};

}  // namespace metalwright::engine
