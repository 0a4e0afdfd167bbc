#include "agent/api/message.hpp"

#include <algorithm>

namespace metalwright::agent::api {

std::string_view header_of(const Request& request, std::string_view name) {
    for (const auto& [its, value] : request.headers)
        if (std::ranges::equal(its, name, {}, [](char c) {
                return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
            }))
            return value;
    return {};
}

}  // namespace metalwright::agent::api
