#include "agent/link/secret_file.hpp"

#include <algorithm>

#include "sys/secret_file.hpp"

namespace metalwright::agent::link {

Result<std::string> read_token(const std::filesystem::path& path) {
    constexpr std::size_t longest = 4096;
    Result<std::string> token = sys::read_secret_file(path, longest + 2);
    if (!token) return token;
    while (!token->empty() && (token->back() == '\n' || token->back() == '\r')) token->pop_back();
    const bool fits = !token->empty() && token->size() <= longest &&
                      std::ranges::all_of(*token, [](char c) { return c > ' ' && c < 0x7f; });
    if (fits) return token;
    return fail(Errc::invalid_spec,
                "does not hold a token: one line of 1 to 4096 printable characters, no spaces",
                path.native());
}

}  // namespace metalwright::agent::link
