#include "cloudinit/user_data.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "cloudinit/base64.hpp"
#include "cloudinit/gzip.hpp"
#include "cloudinit/mime.hpp"
#include "cloudinit/script.hpp"

namespace metalwright::cloudinit {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// How a document of cloud-init begins, and the type of a MIME part that is one.
/// Source: cloud-init's documentation, "User-data formats".
struct CloudInitFormat {
    std::string_view first_words;
    std::string_view type;
};
constexpr std::array<CloudInitFormat, 8> cloud_init_formats{{
    {"#cloud-config-archive", "text/cloud-config-archive"},
    {"#cloud-config-jsonp", "text/cloud-config-jsonp"},
    {"#cloud-config", "text/cloud-config"},
    {"#include-once", "text/x-include-once-url"},
    {"#include", "text/x-include-url"},
    {"#cloud-boothook", "text/cloud-boothook"},
    {"#part-handler", "text/part-handler"},
    {"## template:", "text/jinja2"},
}};

std::string_view cloud_init_format(std::string_view text) {
    for (const CloudInitFormat& format : cloud_init_formats)
        if (text.starts_with(format.first_words)) return format.first_words;
    return {};
}

bool is_cloud_init_type(std::string_view type) {
    return type == "text/x-shellscript-per-boot" ||
           std::ranges::find(cloud_init_formats, type, &CloudInitFormat::type) !=
               cloud_init_formats.end();
}

/// Types that say "look at it yourself", and those of a script.
bool is_script_type(std::string_view type) {
    constexpr std::array<std::string_view, 6> types{"text/x-shellscript",
                                                    "text/x-shellscript-per-instance",
                                                    "text/x-shellscript-per-once",
                                                    "text/plain",
                                                    "text/x-python",
                                                    "application/octet-stream"};
    return std::ranges::find(types, type) != types.end();
}

/// What a second decoding gives, where the text is Base64 of something that can be run.
std::optional<std::string> second_layer(std::string_view text) {
    std::string digits(text);
    std::erase_if(digits, [](char c) { return c == '\r' || c == '\n'; });
    Result<std::string> bytes = decode_base64(digits);
    if (!bytes || bytes->empty()) return std::nullopt;
    const std::string_view head = *bytes;
    const bool known = head.starts_with("#!") || head.starts_with(byte_order_mark) ||
                       is_gzip(head) || is_mime(head) || !cloud_init_format(head).empty();
    return known ? std::optional(std::move(*bytes)) : std::nullopt;
}

class Reader {
 public:
    explicit Reader(const UserDataLimits& limits) : left_(limits.unpacked) {}

    Result<UserData> read(std::string document) {
        if (auto inside = second_layer(document)) {
            note("it was Base64 twice; encode it once");
            document = std::move(*inside);
        }
        if (Result<void> plain = unpack(document); !plain) return std::unexpected(plain.error());
        drop_mark(document);
        if (const std::string_view format = cloud_init_format(document); !format.empty()) {
            for_cloud_init(format, std::move(document));
        } else if (is_mime(document)) {
            if (Result<void> done = read_parts(std::move(document)); !done)
                return std::unexpected(done.error());
        } else if (Result<void> done = add_script({}, std::move(document)); !done) {
            return std::unexpected(done.error());
        }
        return std::move(data_);
    }

 private:
    /// `where`: of which part, as a clause; empty for the whole document.
    void note(std::string_view what, const std::string& where = {}) {
        data_.notes.push_back(where.empty() ? std::string(what) : where + ": " + std::string(what));
    }

    Result<void> unpack(std::string& bytes) {
        if (!is_gzip(bytes)) return {};
        Result<std::string> plain = gunzip(bytes, left_);
        if (!plain) return std::unexpected(plain.error());
        left_ -= plain->size();
        bytes = std::move(*plain);
        return {};
    }

    void drop_mark(std::string& text, const std::string& where = {}) {
        if (!text.starts_with(byte_order_mark)) return;
        text.erase(0, byte_order_mark.size());
        note("its byte order mark was taken off", where);
    }

    void for_cloud_init(std::string_view format, std::string document) {
        data_.for_cloud_init = format;
        data_.document = std::move(document);
        data_.scripts.clear();
    }

    Result<void> read_parts(std::string document) {
        Result<std::vector<MimePart>> parts = split_mime(document);
        if (!parts) return std::unexpected(parts.error());
        for (const MimePart& part : *parts)
            if (is_cloud_init_type(part.type) || !cloud_init_format(part.body).empty()) {
                for_cloud_init(part.type, std::move(document));
                return {};
            }
        for (std::size_t i = 0; i < parts->size(); ++i)
            if (Result<void> done = add_part(i + 1, std::move((*parts)[i])); !done) return done;
        return {};
    }

    Result<void> add_part(std::size_t number, MimePart part) {
        const std::string where = "part " + std::to_string(number) + " of the MIME message";
        const auto refused = [&](const std::string& why) {
            return fail(Errc::invalid_spec,
                        where + ", at byte " + std::to_string(part.offset) + ": " + why);
        };
        if (!is_script_type(part.type))
            return refused("it is of the type " + part.type +
                           ", which is neither a script nor a format of cloud-init");
        if (Result<void> plain = unpack(part.body); !plain) return refused(plain.error().message);
        drop_mark(part.body, where);
        if (Result<void> added = add_script(where, std::move(part.body)); !added)
            return refused(added.error().message);
        data_.scripts.back().name = std::move(part.name);
        return {};
    }

    Result<void> add_script(const std::string& where, std::string script) {
        const std::string_view first_line = std::string_view(script).substr(0, script.find('\n'));
        if (first_line.starts_with("#!") && first_line.ends_with('\r')) {
            std::string unix_text;
            unix_text.reserve(script.size());
            for (std::size_t i = 0; i < script.size(); ++i)
                if (script[i] != '\r' || i + 1 == script.size() || script[i + 1] != '\n')
                    unix_text += script[i];
            script = std::move(unix_text);
            note("its CRLF line ends were made LF", where);
        }
        if (Result<Shebang> shebang = read_shebang(script); !shebang)
            return std::unexpected(shebang.error());
        if (const std::size_t nul = script.find('\0'); nul != std::string::npos)
            return fail(Errc::invalid_spec, "it has a NUL byte at offset " + std::to_string(nul) +
                                                ", which no script may hold");
        data_.scripts.push_back({.bytes = std::move(script)});
        return {};
    }

    std::size_t left_;  // of what may yet be unpacked
    UserData data_;
};

}  // namespace

Result<UserData> read_user_data(std::string_view decoded, const UserDataLimits& limits) {
    if (decoded.size() > limits.bytes)
        return fail(Errc::invalid_spec, "user data is " + std::to_string(decoded.size()) +
                                            " bytes, at most " + std::to_string(limits.bytes) +
                                            " are allowed before Base64");
    return Reader(limits).read(std::string(decoded));
}

}  // namespace metalwright::cloudinit
