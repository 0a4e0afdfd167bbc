#include <array>

#include "agent/vendor/dialect.hpp"

namespace metalwright::vendor {
namespace {

/// "*" stands for one segment that is not empty; "*:word" for one that ends in ":word".
bool holds(std::string_view wanted, const std::string& segment, std::vector<std::string>& caught) {
    if (!wanted.starts_with('*')) return wanted == segment;
    const std::string_view end = wanted.substr(1);
    if (!segment.ends_with(end) || segment.size() == end.size()) return false;
    std::string caught_here = segment.substr(0, segment.size() - end.size());
    if (caught_here.find(':') != std::string::npos) return false;
    caught.push_back(std::move(caught_here));
    return true;
}

}  // namespace

bool matches(std::string_view pattern, const std::vector<std::string>& segments,
             std::vector<std::string>& caught) {
    caught.clear();
    std::size_t at = 0;
    for (const std::string& segment : segments) {
        if (at >= pattern.size()) return false;
        const std::size_t end = std::min(pattern.find('/', at + 1), pattern.size());
        if (!holds(pattern.substr(at + 1, end - at - 1), segment, caught)) return false;
        at = end;
    }
    return at == pattern.size();
}

std::span<const Dialect> dialects() {
    static const std::array table{jdcloud(), baidu(), zenlayer()};
    return table;
}

Found find(const agent::VendorRequest& request) {
    Found found;
    for (const Dialect& dialect : dialects())
        for (const Route& route : dialect.routes) {
            std::vector<std::string> caught;
            if (!matches(route.pattern, request.path, caught)) continue;
            found.dialect = &dialect;
            if (route.method != request.method) {
                if (found.allow.find(route.method) == std::string::npos)
                    found.allow += (found.allow.empty() ? "" : ", ") + std::string(route.method);
                continue;
            }
            if (!route.action.empty() && route.action != request.action) continue;
            return {&dialect, &route, std::move(caught), {}};
        }
    return found;
}

Refusal unauthorized(const Dialect& dialect, signature::Fault fault, const std::string& message) {
    const auto& [status, code] = dialect.unauthorized.at(static_cast<std::size_t>(fault));
    return {status, std::string(code), message};
}

Refusal no_route(const Found& found, const agent::VendorRequest& request) {
    Error error{Errc::not_found, "this host does not speak this operation"};
    if (!request.action.empty()) error.message += ": " + request.action.substr(0, 64);
    if (!found.allow.empty()) error.message = "this path takes " + found.allow;
    Refusal refusal = found.dialect->refusal({std::move(error)});
    if (!found.allow.empty()) refusal.status = 405;
    return refusal;
}

}  // namespace metalwright::vendor
