#include "cloudinit/run_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "cloudinit/run_record.hpp"
#include "sys/fd.hpp"
#include "sys/files.hpp"

namespace metalwright::cloudinit {
namespace {

/// Where in the log this run begins: others may have written to the same file before it.
std::int64_t beginning(const std::filesystem::path& directory) {
    const Result<std::string> text = sys::PosixFiles().read(directory / run_files::log_begins);
    std::int64_t at = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), at);
    return at;
}

}  // namespace

std::string_view whole_characters(std::string_view text) noexcept {
    constexpr std::size_t longest = 4;
    for (std::size_t back = 1; back <= std::min(longest, text.size()); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if ((byte & 0xc0u) == 0x80u) continue;  // in the middle of one
        const std::size_t needs = byte >= 0xf0u ? 4 : byte >= 0xe0u ? 3 : byte >= 0xc0u ? 2 : 1;
        return needs > back ? text.substr(0, text.size() - back) : text;
    }
    return text;  // no UTF-8
}

Result<LogPiece> read_log(const std::filesystem::path& directory, std::int64_t from,
                          std::size_t most) {
    const std::filesystem::path path = directory / run_files::log;
    const sys::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0) {
        const int error = errno;
        if (error == ENOENT)
            return fail(Errc::not_found,
                        "this run has put out nothing yet, or its log has been removed; the "
                        "journal may have it: journalctl -t metalwright-userdata",
                        path.string(), error);
        return fail(Errc::io, "cannot open the log of user data", path.string(), error);
    }
    const std::int64_t begins = beginning(directory);
    const std::int64_t size = std::max<std::int64_t>(status.st_size - begins, 0);
    if (from < 0) from = std::max<std::int64_t>(size + from, 0);
    LogPiece piece{.from = std::min(from, size)};
    piece.text.resize(std::min(most, static_cast<std::size_t>(size - piece.from)));
    ssize_t got = 0;
    do {
        got = ::pread(file.get(), piece.text.data(), piece.text.size(), begins + piece.from);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return fail(Errc::io, "cannot read the log of user data", path.string(), errno);
    piece.text.resize(static_cast<std::size_t>(got));
    piece.text.resize(whole_characters(piece.text).size());
    piece.next = piece.from + static_cast<std::int64_t>(piece.text.size());
    return piece;
}

std::string last_output(const std::filesystem::path& directory) {
    if (Result<std::string> kept = sys::PosixFiles().read(directory / run_files::last_output); kept)
        return std::move(*kept);
    const Result<LogPiece> piece =
        read_log(directory, -static_cast<std::int64_t>(last_output_bytes), last_output_bytes);
    return piece ? piece->text : std::string();
}

}  // namespace metalwright::cloudinit
