#include "agent/gate/reader.hpp"

#include <charconv>

namespace metalwright::agent::gate {

const std::string& Reader::text(std::size_t most) {
    static const std::string none;
    require(left() > 0 && frame_.fields[at_].size() <= most);
    return left() > 0 ? frame_.fields[at_++] : none;
}

std::optional<std::uint64_t> Reader::optional_number(std::uint64_t most) {
    if (left() > 0 && frame_.fields[at_].empty()) {
        ++at_;
        return std::nullopt;
    }
    return number(most);
}

std::uint64_t Reader::number(std::uint64_t most) {
    const std::string& digits = text();
    std::uint64_t value = 0;
    const char* const last = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), last, value);
    const bool whole = error == std::errc{} && end == last;
    require(whole && value <= most && (digits.size() == 1 || digits.front() != '0'));
    return whole ? value : 0;
}

Result<void> Reader::ended() const {
    if (good_ && left() == 0) return {};
    return fail(Errc::invalid_spec, "a frame's fields are not those of its kind");
}

}  // namespace metalwright::agent::gate
