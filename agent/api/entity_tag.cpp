#include "agent/api/entity_tag.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

namespace metalwright::agent::api {
namespace {

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
    while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
    return text;
}

enum class Compare { strong, weak };

/// The generations in a list of tags. Weak ones count where the comparison is weak: what is to be
/// replaced must be known to the byte.
std::vector<std::uint64_t> generations(std::string_view list, Compare how) {
    std::vector<std::uint64_t> found;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        std::string_view tag = trimmed(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
        if (how == Compare::weak && tag.starts_with("W/")) tag.remove_prefix(2);
        if (tag.size() < 3 || !tag.starts_with('"') || !tag.ends_with('"')) continue;
        tag = tag.substr(1, tag.size() - 2);
        std::uint64_t generation = 0;
        const auto [last, error] = std::from_chars(tag.data(), tag.data() + tag.size(), generation);
        if (error == std::errc{} && last == tag.data() + tag.size()) found.push_back(generation);
    }
    return found;
}

}  // namespace

std::string entity_tag(std::uint64_t generation) {
    return '"' + std::to_string(generation) + '"';
}

bool has_already(const Request& request, std::uint64_t generation) {
    const std::string_view said = header_of(request, "if-none-match");
    const std::vector<std::uint64_t> named = generations(said, Compare::weak);
    return trimmed(said) == "*" || std::ranges::find(named, generation) != named.end();
}

Result<std::optional<Replaces>> replaces_of(const Request& request) {
    const std::string_view match = trimmed(header_of(request, "if-match"));
    const std::string_view none = trimmed(header_of(request, "if-none-match"));
    if (!none.empty() && (none != "*" || !match.empty()))
        return fail(Errc::invalid_spec,
                    "takes * only here, and not together with If-Match: say If-Match with the tag "
                    "of the document that is to be replaced",
                    "If-None-Match");
    if (!none.empty()) return Replaces{.nothing = true};
    if (match.empty()) return std::nullopt;
    if (match == "*") return Replaces{.anything = true};
    return Replaces{.generations = generations(match, Compare::strong)};
}

}  // namespace metalwright::agent::api
