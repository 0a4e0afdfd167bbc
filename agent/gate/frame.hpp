#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace metalwright::agent::gate {

/// What a frame is. The numbers are the protocol's: none is used again for something else.
enum class Kind : std::uint8_t {
    // From the part that is root.
    hello = 1,     ///< the first: what there is to do
    listener = 2,  ///< the socket for TCP goes with it
    changed = 3,   ///< an event or a report was committed; said once until the next `unsent`
    accepted = 4,  ///< these answer: they have the id of what they answer
    refused = 5,
    reports = 6,
    done = 7,
    content = 8,
    response = 9,
    // From the part that faces the network.
    submit = 32,
    unsent = 33,
    acknowledge = 34,
    file = 35,
    request = 36,
    standing = 37,  ///< how the link is doing
};

/// One message between the two parts. What its fields are, messages.hpp says.
struct Frame {
    Kind kind = Kind::changed;
    std::uint32_t id = 0;  ///< of a request, drawn by whoever asks; 0 where nothing is answered
    std::vector<std::string> fields{};

    bool operator==(const Frame&) const = default;
};

/// The protocol's version. Both parts come out of one package: another one ends the connection.
constexpr std::uint64_t version = 1;

constexpr std::size_t most_frame = std::size_t{16} << 20;  ///< bytes of a frame, encoded
constexpr std::size_t most_fields = 4096;

/// Kind (one byte), id (four, little-endian), number of fields (two), then each field: its length
/// (four) and its bytes, as they are.
std::string encode(const Frame& frame);

/// The reverse, of exactly one frame. Errors: invalid_spec (too long, cut, followed by something,
/// of no known kind).
Result<Frame> decode(std::string_view bytes);

}  // namespace metalwright::agent::gate
