#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/gate/frame.hpp"
#include "core/error.hpp"

namespace metalwright::agent::gate {

/// Reads the fields of a frame one by one; what is wrong is told once, at the end.
class Reader {
 public:
    Reader(const Frame& frame, Kind kind) : frame_(frame), good_(frame.kind == kind) {}

    /// The next field, of at most so many bytes; an empty one where there is none.
    const std::string& text(std::size_t most = most_frame);
    /// A whole number in decimal without a sign or leading zeros, at most `most`.
    std::uint64_t number(std::uint64_t most = UINT64_MAX);
    /// The same, or an empty field: nothing.
    std::optional<std::uint64_t> optional_number(std::uint64_t most = UINT64_MAX);
    bool flag() { return number(1) == 1; }
    std::size_t left() const { return frame_.fields.size() - at_; }
    void require(bool holds) { good_ = good_ && holds; }

    /// Whether all of it was as it should be, and nothing is left. Errors: invalid_spec.
    Result<void> ended() const;

 private:
    const Frame& frame_;
    std::size_t at_ = 0;
    bool good_;
};

}  // namespace metalwright::agent::gate
