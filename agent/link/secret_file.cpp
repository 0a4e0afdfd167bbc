#include "agent/link/secret_file.hpp"

#include <algorithm>

#include "sys/secret_file.hpp"

namespace metalwright::agent::link {

namespace {

constexpr std::size_t longest = 4096;

}  // namespace

Result<std::string> token_in(std::string text, const std::string& where) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    const bool fits = !text.empty() && text.size() <= longest &&
                      std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
    if (fits) return text;
    return fail(Errc::invalid_spec,
                "does not hold a token: one line of 1 to 4096 printable characters, no spaces",
                where);
}

Result<std::string> read_token(const std::filesystem::path& path) {
    Result<std::string> text = sys::read_secret_file(path, longest + 2);
    if (!text) return text;
    return token_in(std::move(*text), path.native());
}

}  // namespace metalwright::agent::link
