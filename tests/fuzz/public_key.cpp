// spec::not_a_public_key: whatever stands in a line, a verdict; and of a good one the key is a
// part.
#include <cstdlib>
#include <string>

#include "agent/spec/public_key.hpp"
#include "tests/fuzz/target.hpp"

namespace metalwright::fuzz {
namespace {

constexpr std::string_view plain =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB me@here";
constexpr std::string_view with_options =
    "from=\"10.0.0.0/8,*.example\",command=\"echo \\\"hi\\\"\",no-pty "
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB";
constexpr std::string_view pem = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr std::string_view other = "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==";

void check(bool promise) {
    if (!promise) std::abort();
}

}  // namespace

void run(std::span<const std::uint8_t> input) {
    const std::string line(input.begin(), input.end());
    const std::string_view key = spec::public_key_of(line);
    check(line.find(key) != std::string::npos);
    if (!spec::not_a_public_key(line).empty()) return;
    check(key.find(' ') != std::string_view::npos && key.size() > 40);
    check(spec::not_a_public_key(key).empty());
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> all;
    for (const std::string_view one : {plain, with_options, pem, other})
        all.emplace_back(one.begin(), one.end());
    return all;
}

}  // namespace metalwright::fuzz
