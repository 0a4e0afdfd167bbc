#include "agent/gate/frame.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace metalwright::agent::gate {
namespace {

constexpr std::array kinds{Kind::hello,    Kind::listener, Kind::changed, Kind::accepted,
                           Kind::refused,  Kind::reports,  Kind::done,    Kind::content,
                           Kind::response, Kind::submit,   Kind::unsent,  Kind::acknowledge,
                           Kind::file,     Kind::request,  Kind::standing};

void put(std::string& out, std::uint64_t number, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

/// Takes numbers and bytes off the front.
class Rest {
 public:
    explicit Rest(std::string_view bytes) : bytes_(bytes) {}
    bool ended() const { return bytes_.empty(); }

    bool number(std::uint64_t& into, unsigned bytes) {
        if (bytes_.size() < bytes) return false;
        into = 0;
        for (unsigned i = 0; i < bytes; ++i)
            into |= std::uint64_t{static_cast<unsigned char>(bytes_[i])} << (8 * i);
        bytes_.remove_prefix(bytes);
        return true;
    }
    bool field(std::string& into) {
        std::uint64_t size = 0;
        if (!number(size, 4) || size > bytes_.size()) return false;
        into = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return true;
    }

 private:
    std::string_view bytes_;
};

std::unexpected<Error> broken(const char* how) {
    return fail(Errc::invalid_spec, std::string("a frame ") + how);
}

}  // namespace

std::string encode(const Frame& frame) {
    std::size_t size = 7;
    for (const std::string& field : frame.fields) size += 4 + field.size();
    std::string out;
    out.reserve(size);
    put(out, std::to_underlying(frame.kind), 1);
    put(out, frame.id, 4);
    put(out, frame.fields.size(), 2);
    for (const std::string& field : frame.fields) {
        put(out, field.size(), 4);
        out += field;
    }
    return out;
}

Result<Frame> decode(std::string_view bytes) {
    if (bytes.size() > most_frame) return broken("is too long");
    Rest rest(bytes);
    std::uint64_t kind = 0, id = 0, count = 0;
    if (!rest.number(kind, 1) || !rest.number(id, 4) || !rest.number(count, 2))
        return broken("is cut in its header");
    if (std::ranges::find(kinds, static_cast<Kind>(kind)) == kinds.end())
        return broken("is of no known kind");
    if (count > most_fields) return broken("has too many fields");
    Frame frame{static_cast<Kind>(kind), static_cast<std::uint32_t>(id), {}};
    for (std::uint64_t i = 0; i < count; ++i)
        if (!rest.field(frame.fields.emplace_back())) return broken("is cut in a field");
    if (!rest.ended()) return broken("goes on after its last field");
    return frame;
}

}  // namespace metalwright::agent::gate
