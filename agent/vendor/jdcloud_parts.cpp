#include "agent/vendor/jdcloud_parts.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/vendor/reading.hpp"

namespace metalwright::vendor::jd {
namespace {

constexpr std::size_t most_token = 36;

struct Page {
    std::uint64_t number = 1;
    std::uint64_t size = 20;
};

std::optional<Page> page_of(const agent::VendorRequest& request) {
    const auto number = number_in(request, "pageNumber", 1, 1, 1'000'000);
    const auto size = number_in(request, "pageSize", 20, 20, 100);
    if (!number || !size) return std::nullopt;
    return Page{*number, *size};
}

}  // namespace

Refusal invalid(std::string message) {
    return {400, "INVALID_ARGUMENT", std::move(message)};
}

Refusal absent(const std::string& what, const std::string& id) {
    return {404, "NOT_FOUND", what + " '" + id.substr(0, 64) + "' not found"};
}

Refusal precondition(std::string message) {
    return {400, "FAILED_PRECONDITION", std::move(message)};
}

std::optional<Refusal> bad_token(const std::string& token) {
    if (token.size() <= most_token && spec::forms::token.holds(token.empty() ? "x" : token))
        return std::nullopt;
    return invalid("clientToken: must be visible ASCII, 36 characters at most");
}

void read_region(spec::Fields& fields, const Caught& caught) {
    const auto region = fields.text("regionId", opaque);
    if (region && *region != caught[0])
        fields.error("regionId", "is another than in the path, which says " + caught[0]);
    if (const auto at = fields.find("clientToken"))
        at->text({.least = 0, .most = most_token, .form = &spec::forms::token, .secret = true});
}

std::optional<Refusal> wrong_instance(const std::string& id, const Host& host) {
    if (host.instance && host.instance->id == id) return std::nullopt;
    return absent("Instance", id);
}

Decision paged(const agent::VendorRequest& request, const char* name, const Json& all) {
    const auto page = page_of(request);
    if (!page) return invalid("pageNumber is 1 at least, pageSize 20 to 100");
    Json shown = Json::array();
    for (std::size_t i = (page->number - 1) * page->size;
         i < all.size() && shown.size() < page->size; ++i)
        shown.push_back(all[i]);
    return Reply{200,
                 {{name, std::move(shown)},
                  {"pageNumber", page->number},
                  {"pageSize", page->size},
                  {"totalCount", all.size()}}};
}

std::vector<std::string> filter(const agent::VendorRequest& request, std::string_view name) {
    std::vector<std::string> values;
    for (const auto& [key, value] : request.query) {
        if (!key.starts_with("filters.") || !key.ends_with(".name") || value != name) continue;
        const std::string stem = key.substr(0, key.size() - 4) + "values.";
        for (const auto& [other, one] : request.query)
            if (other.starts_with(stem)) values.push_back(one);
    }
    return values;
}

bool passes(const std::vector<std::string>& values, const std::string& value) {
    return values.empty() || std::ranges::find(values, value) != values.end();
}

Reply success(const Json&, const Outcome&) {
    return {200, {{"success", true}}};
}

}  // namespace metalwright::vendor::jd
