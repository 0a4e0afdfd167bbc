#pragma once

#include <string>
#include <string_view>

namespace metalwright::agent::cli {

/// What a piece of text means to the reader; the colour follows from it.
enum class Tone { plain, heading, good, warning, bad, faint };

/// Colours, where they are wanted.
class Style {
 public:
    Style() = default;
    explicit Style(bool colours) : colours_(colours) {}

    bool colours() const noexcept { return colours_; }
    /// `text` in the tone's colour; as it is where there are no colours or nothing to colour.
    std::string operator()(Tone tone, std::string_view text) const;

 private:
    bool colours_ = false;
};

/// The tone of a word of the API: an outcome, a state of an operation, an array or the host.
Tone tone_of(std::string_view word) noexcept;

}  // namespace metalwright::agent::cli
