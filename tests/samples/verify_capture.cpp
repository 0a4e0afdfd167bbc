// verify_capture VENDOR ID SECRET NOW_MS < request: whether a request as it came over the wire
// carries that key's signature.

#include <cstdlib>
#include <iostream>
#include <iterator>
#include <span>
#include <string>

#include "agent/signature/signature.hpp"

int main(int count, char** values) {
    using namespace metalwright::signature;
    const std::span words(values, static_cast<std::size_t>(count));
    if (words.size() != 5) return 2;
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string::npos) return 2;
    Message message{.body = text.substr(end + 4)};
    std::size_t at = text.find("\r\n");
    const std::string first = text.substr(0, at);
    message.method = first.substr(0, first.find(' '));
    message.target = first.substr(first.find(' ') + 1, first.rfind(' ') - first.find(' ') - 1);
    while (at < end) {
        const std::size_t from = at + 2;
        at = text.find("\r\n", from);
        const std::string line = text.substr(from, at - from);
        const std::size_t colon = line.find(": ");
        if (colon != std::string::npos)
            message.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
    const Key key{words[1], words[2], words[3]};
    const auto who = verify(words[1], message, std::span(&key, 1), {std::atoll(words[4])});
    std::cout << (who ? "signed" : who.error().message) << '\n';
    return who ? 0 : 1;
}
