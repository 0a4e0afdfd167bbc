#include "raid/layout.hpp"

#include <algorithm>
#include <array>

namespace metalwright::raid {
namespace {

/// In the order of the kernel's numbers.
constexpr std::array<std::string_view, 6> parity_words{"left-asymmetric", "right-asymmetric",
                                                       "left-symmetric",  "right-symmetric",
                                                       "parity-first",    "parity-last"};

constexpr unsigned most_copies = 9;  // one digit; nobody keeps more

}  // namespace

bool is_layout(Level level, std::string_view word) noexcept {
    if (level == Level::raid5 || level == Level::raid6)
        return std::ranges::find(parity_words, word) != parity_words.end();
    return level == Level::raid10 && copies_of(word) != 0;
}

unsigned copies_of(std::string_view layout) noexcept {
    if (layout.size() != 2 || std::string_view("nfo").find(layout[0]) == std::string_view::npos)
        return 0;
    return layout[1] >= '2' && layout[1] <= '9' ? static_cast<unsigned>(layout[1] - '0') : 0;
}

std::string layout_word(std::string_view level, unsigned number) {
    if (level == "raid5" || level == "raid6")
        return number < parity_words.size() ? std::string(parity_words[number]) : std::string();
    if (level != "raid10") return {};
    const unsigned near = number & 0xffU, far = (number >> 8U) & 0xffU;
    const bool offset = (number & 0x10000U) != 0;
    const unsigned copies = near * far;
    // Near and far copies at once is what the kernel knows and mdadm has no word for.
    if (copies < 2 || copies > most_copies || (near > 1 && far > 1)) return {};
    return (near > 1 ? 'n' : offset ? 'o' : 'f') + std::to_string(copies);
}

}  // namespace metalwright::raid
