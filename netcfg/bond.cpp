#include <algorithm>
#include <array>

#include "netcfg/model.hpp"

namespace metalwright::netcfg {
namespace {

template <class T>
struct Word {
    T value;
    std::string_view word;
};
constexpr std::array modes{Word{Bond::Mode::active_backup, "active-backup"},
                           Word{Bond::Mode::lacp, "802.3ad"}};
constexpr std::array hashes{Word{Bond::Hash::layer2, "layer2"},
                            Word{Bond::Hash::layer3_4, "layer3+4"},
                            Word{Bond::Hash::layer2_3, "layer2+3"}};

template <class T, std::size_t n>
std::string_view word_of(const std::array<Word<T>, n>& words, T value) {
    const auto it = std::ranges::find(words, value, &Word<T>::value);
    return it == words.end() ? std::string_view("?") : it->word;
}

template <class T, std::size_t n>
std::optional<T> value_of(const std::array<Word<T>, n>& words, std::string_view word) {
    const auto it = std::ranges::find(words, word, &Word<T>::word);
    return it == words.end() ? std::nullopt : std::optional(it->value);
}

}  // namespace

std::string_view to_string(Bond::Mode mode) noexcept {
    return word_of(modes, mode);
}
std::string_view to_string(Bond::Hash hash) noexcept {
    return word_of(hashes, hash);
}
std::optional<Bond::Mode> bond_mode_from(std::string_view word) noexcept {
    return value_of(modes, word);
}
std::optional<Bond::Hash> bond_hash_from(std::string_view word) noexcept {
    return value_of(hashes, word);
}

}  // namespace metalwright::netcfg
