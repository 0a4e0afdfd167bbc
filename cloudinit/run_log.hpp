#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace metalwright::cloudinit {

/// A piece of what a run has put out. Offsets are bytes since the run began.
struct LogPiece {
    std::int64_t from = 0;
    std::int64_t next = 0;  ///< where the piece behind it begins
    std::string text{};     ///< no character of UTF-8 is cut in two while more may come
};

/// From `from` on, at most `most` bytes; where `from` is negative, as many from the end. Empty
/// text: nothing more is there yet. Errors: not_found (this run has put out nothing, or its log was
/// removed), io.
Result<LogPiece> read_log(const std::filesystem::path& directory, std::int64_t from,
                          std::size_t most);

/// The end of a run's output as its runner has kept it, which no script can remove unseen; else
/// what read_log() finds. At most 16 KiB; empty when there is nothing.
std::string last_output(const std::filesystem::path& directory);

/// How much of the last output is kept and told.
inline constexpr std::size_t last_output_bytes = std::size_t{16} << 10;

/// `text` without a character of UTF-8 that is not all there yet at its end.
std::string_view whole_characters(std::string_view text) noexcept;

}  // namespace metalwright::cloudinit
