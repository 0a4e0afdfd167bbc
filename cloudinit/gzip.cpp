#include "cloudinit/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace metalwright::cloudinit {
namespace {

class Inflater {
 public:
    Inflater() {
        constexpr int gzip_only = 15 + 16;  // the widest window; no zlib header is taken for one
        ready_ = ::inflateInit2(&stream_, gzip_only) == Z_OK;
    }
    ~Inflater() {
        if (ready_) ::inflateEnd(&stream_);
    }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    bool ready() const noexcept { return ready_; }
    z_stream& stream() noexcept { return stream_; }

 private:
    z_stream stream_{};
    bool ready_ = false;
};

}  // namespace

bool is_gzip(std::string_view bytes) noexcept {
    return bytes.starts_with("\x1f\x8b");
}

Result<std::string> gunzip(std::string_view packed, std::size_t most) {
    Inflater inflater;
    if (!inflater.ready()) return fail(Errc::internal, "zlib does not start: no memory?");
    z_stream& stream = inflater.stream();
    std::string text;
    std::array<char, 16384> chunk;
    // zlib takes its input as if it might write to it; it does not.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    const auto offset = [&] { return std::to_string(packed.size() - stream.avail_in); };
    for (;;) {
        stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
        stream.avail_out = static_cast<uInt>(chunk.size());
        const int answer = ::inflate(&stream, Z_NO_FLUSH);
        if (answer != Z_OK && answer != Z_STREAM_END && answer != Z_BUF_ERROR)
            return fail(Errc::invalid_spec,
                        "the gzip data are altered, found at their byte " + offset());
        const std::size_t got = chunk.size() - stream.avail_out;
        if (text.size() + got > most)
            return fail(Errc::invalid_spec, "the gzip data unpack to more than " +
                                                std::to_string(most) + " bytes (at their byte " +
                                                offset() + ")");
        text.append(chunk.data(), got);
        if (answer == Z_STREAM_END) {
            if (stream.avail_in == 0) return text;
            const char* rest = packed.data() + (packed.size() - stream.avail_in);
            if (!is_gzip({rest, stream.avail_in}) || ::inflateReset(&stream) != Z_OK)
                return fail(Errc::invalid_spec,
                            "the gzip data are followed by something else, from byte " + offset());
        } else if (stream.avail_in == 0 && got == 0) {
            return fail(Errc::invalid_spec, "the gzip data are cut short after their byte " +
                                                std::to_string(packed.size()));
        }
    }
}

}  // namespace metalwright::cloudinit
