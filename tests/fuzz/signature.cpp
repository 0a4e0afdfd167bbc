// signature::verify() and read_keys(): whatever a request holds, it is believed only with the key's
// own signature.
#include <cstdlib>
#include <string>

#include "agent/signature/signature.hpp"
#include "tests/fuzz/target.hpp"

namespace metalwright::fuzz {
namespace {

using namespace signature;

constexpr std::int64_t at_ms = 1'795'809'527'000;

void check(bool promise) {
    if (!promise) std::abort();
}

std::string line_of(std::string& text) {
    const std::size_t end = text.find('\n');
    std::string line = text.substr(0, end);
    text.erase(0, end == std::string::npos ? text.size() : end + 1);
    return line;
}

}  // namespace

void run(std::span<const std::uint8_t> input) {
    std::string text(input.begin(), input.end());
    (void)read_keys(text);
    Message message{.method = line_of(text), .target = line_of(text)};
    for (std::string line = line_of(text); !line.empty(); line = line_of(text))
        if (const std::size_t colon = line.find(':'); colon != std::string::npos)
            message.headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
    message.body = text;
    // The seeds are signed with another secret: whatever becomes of them is signed by nobody.
    static const std::vector<Key> keys{{"jdcloud", "a", "not the secret of the seeds"},
                                       {"baidu", "a", "not the secret of the seeds"},
                                       {"zenlayer", "a", "not the secret of the seeds"}};
    for (const char* vendor : {"jdcloud", "baidu", "zenlayer"}) {
        const auto who = verify(vendor, message, keys, {at_ms});
        check(!who && !who.error().message.empty());
    }
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> all;
    for (const std::string_view one :
         {R"(PUT
/v1/regions/r/aliasIps?b=2+3&a=x%2Fy
content-type:application/json
host:h:7443
x-jdcloud-date:20261127T195847Z
x-jdcloud-nonce:n-1
authorization:JDCLOUD2-HMAC-SHA256 Credential=a/20261127/r/edcps/jdcloud2_request, SignedHeaders=content-type;host;x-jdcloud-date;x-jdcloud-nonce, Signature=3487a3404472f122232cf40d6590cf203dc4e6e0e6f0fce18e21365d33d5af07

{"a":1})",
          R"(PUT
/v1/regions//r?a=&b=%zz
host:h
x-jdcloud-date:20261127T195847Z
authorization:JDCLOUD3-HMAC-SHA256 Credential=a/20261127/r/edcps/jdcloud3_request, SignedHeaders=host, Signature=6cf6

)",
          R"(PUT
/v2/instance/batchAddIp?clientToken=a%2Db
host:h
x-bce-date:2026-11-27T19:58:47Z
content-md5:x
authorization:bce-auth-v1/a/2026-11-27T19:58:47Z/1800/host;content-md5;x-bce-date/9f50

)",
          R"(POST
/api/v2/bmc
content-type:application/json
host:h
x-zc-timestamp:1795809527
authorization:ZC2-HMAC-SHA256 Credential=a, SignedHeaders=content-type;host, Signature=69a0

{})",
          R"({"keys":[{"vendor":"baidu","id":"a","secret":"0123456789abcdef"}]})"})
        all.emplace_back(one.begin(), one.end());
    return all;
}

}  // namespace metalwright::fuzz
