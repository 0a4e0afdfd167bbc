#include "agent/spec/findings.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "core/json_pointer.hpp"

namespace metalwright::spec {
namespace {

constexpr std::size_t most_errors = 100;
constexpr std::size_t most_notes = 100;

/// Position of each step of a pointer among its siblings; a step that is not there counts as last.
std::vector<std::size_t> place_of(const Json& document, std::string_view pointer) {
    std::vector<std::size_t> place;
    const Json* at = &document;
    while (!pointer.empty()) {
        pointer.remove_prefix(1);
        const std::string_view token = pointer.substr(0, pointer.find('/'));
        pointer.remove_prefix(token.size());
        const Json* next = nullptr;
        std::size_t index = 0;
        if (at->is_array() && !token.empty() && token.size() < 9 &&
            std::all_of(token.begin(), token.end(), [](char c) { return c >= '0' && c <= '9'; })) {
            index = std::stoul(std::string(token));
            if (index < at->size()) next = &(*at)[index];
        } else if (at->is_object()) {
            for (const auto& [key, value] : at->get_ref<const Json::object_t&>()) {
                const bool plain = key.find_first_of("~/") == std::string::npos;
                if (plain ? key == token : pointer_to("", key).substr(1) == token) {
                    next = &value;
                    break;
                }
                ++index;
            }
        }
        place.push_back(index);
        if (next == nullptr) break;
        at = next;
    }
    return place;
}

}  // namespace

void Findings::error(std::string where, std::string message, Errc code) {
    if (errors_.size() < most_errors)
        errors_.push_back({code, std::move(message), std::move(where)});
    else
        ++unsaid_;
}

void Findings::note(std::string where, std::string message) {
    if (notes_.size() < most_notes) notes_.push_back({std::move(where), std::move(message)});
}

Errors Findings::take_errors(const Json& document) {
    std::vector<std::pair<std::vector<std::size_t>, Error>> placed;
    placed.reserve(errors_.size());
    for (Error& error : errors_)
        placed.emplace_back(place_of(document, error.where), std::move(error));
    std::stable_sort(placed.begin(), placed.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    Errors errors;
    errors.reserve(placed.size() + 1);
    std::transform(placed.begin(), placed.end(), std::back_inserter(errors),
                   [](auto& one) { return std::move(one.second); });
    if (unsaid_ != 0)
        errors.push_back(
            {Errc::invalid_spec, "and " + std::to_string(unsaid_) + " more: mend these first", ""});
    errors_.clear();
    unsaid_ = 0;
    return errors;
}

}  // namespace metalwright::spec
