#include "agent/engine/digest.hpp"

#include <sha2.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "core/hex.hpp"

namespace metalwright::engine {
namespace {

using Sha256 = std::array<std::uint8_t, SHA256_DIGEST_LENGTH>;
using Block = std::array<std::uint8_t, SHA256_BLOCK_LENGTH>;

Sha256 sha256(std::span<const std::uint8_t> first, std::span<const std::uint8_t> second) {
    SHA2_CTX context;
    ::SHA256Init(&context);
    ::SHA256Update(&context, first.data(), first.size());
    ::SHA256Update(&context, second.data(), second.size());
    Sha256 digest{};
    ::SHA256Final(digest.data(), &context);
    return digest;
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

std::string keyed_digest(std::string_view key, std::string_view content) {
    Block block{};
    if (key.size() > block.size())
        std::ranges::copy(sha256(bytes_of(key), {}), block.begin());
    else
        std::ranges::copy(bytes_of(key), block.begin());
    const auto padded = [&](std::uint8_t with) {
        Block out = block;
        for (std::uint8_t& byte : out) byte ^= with;
        return out;
    };
    const Sha256 inner = sha256(padded(0x36), bytes_of(content));
    return hex_of(sha256(padded(0x5c), inner));
}

}  // namespace metalwright::engine
