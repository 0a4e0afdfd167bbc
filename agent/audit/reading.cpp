#include "agent/audit/reading.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <ranges>
#include <string_view>
#include <utility>

#include "agent/audit/line.hpp"
#include "agent/audit/trail.hpp"
#include "sys/fd.hpp"

namespace metalwright::agent::audit {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_bytes = std::size_t{16} << 20;  // twice what a file is let grow to

struct File {
    std::string name;
    bool is_there = false;
    std::string text{};
};

Result<File> read_file(const fs::path& directory, const char* name) {
    File file{name};
    const fs::path path = directory / name;
    const sys::Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (!fd && errno == ENOENT) return file;
    if (!fd && errno == EACCES)
        return fail(Errc::refused, "only root may read who asked for what: use sudo", path.native(),
                    EACCES);
    if (!fd) return fail(Errc::io, std::strerror(errno), path.native(), errno);
    file.is_there = true;
    std::array<char, 64 << 10> buffer{};
    while (file.text.size() < most_bytes) {
        const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(Errc::io, std::strerror(errno), path.native(), errno);
        if (got == 0) break;
        file.text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return file;
}

/// The older one first. A file may become the former one between the two reads; then it is read
/// once more.
Result<std::array<File, 2>> read_files(const fs::path& directory) {
    for (int time = 0;; ++time) {
        auto former = read_file(directory, former_name);
        if (!former) return std::unexpected(former.error());
        auto current = read_file(directory, file_name);
        if (!current) return std::unexpected(current.error());
        const auto again = read_file(directory, former_name);
        const bool same = again && again->text == former->text;
        if (same || time > 3) return std::array{std::move(*former), std::move(*current)};
    }
}

/// Goes along the lines, and stops at the first that does not fit.
class Walk {
 public:
    void file(const File& file);
    Checked take() { return std::move(checked_); }

 private:
    void line(const File& file, std::int64_t number, std::string_view text);
    void misfit(const File& file, std::int64_t line, std::string what) {
        checked_.misfit = Misfit{file.name, line, std::move(what)};
    }

    Checked checked_{};
    std::optional<Link> last_{};
    bool former_is_there_ = false;
    std::optional<std::int64_t> unread_{};  ///< the line before, or the first of some, if none
};

void Walk::line(const File& file, std::int64_t number, std::string_view text) {
    const auto read = read_line(text);
    if (!read) {
        if (!unread_) unread_ = number;
        return;
    }
    if (unread_ && !read->gaps.torn) return misfit(file, *unread_, "it is no line of ours");
    if (std::exchange(unread_, std::nullopt)) ++checked_.torn;
    const std::int64_t n = read->link.n;
    if (!last_) {
        if (read->after.empty())
            return misfit(file, number, "lines before it are gone: it is not the first of a file");
        if (n != 1 && !former_is_there_)
            return misfit(file, number,
                          "lines before it are gone: it is number " + std::to_string(n));
        last_ = Link{n - 1, read->after};
        checked_.from = n;
    }
    if (n != last_->n + 1)
        return misfit(file, number,
                      "it is number " + std::to_string(n) + ", and " +
                          std::to_string(last_->n + 1) +
                          " was due: lines were taken out or put in");
    if (chain_over(last_->chain, read->covered) != read->link.chain)
        return misfit(file, number,
                      "its chain does not fit: it, or what was before it, was changed");
    last_ = read->link;
    checked_.to = n;
    checked_.chain = last_->chain;
    checked_.missing += read->gaps.missing;
    checked_.left_out += read->gaps.left_out;
    ++checked_.lines;
}

void Walk::file(const File& file) {
    if (checked_.misfit) return;
    former_is_there_ = former_is_there_ || (file.is_there && file.name == former_name);
    std::string_view rest = file.text;
    for (std::int64_t number = 1; !rest.empty() && !checked_.misfit; ++number) {
        const std::size_t feed = rest.find('\n');
        if (feed == std::string_view::npos) break;  // cut off: what comes next will say so
        line(file, number, rest.substr(0, feed));
        rest.remove_prefix(feed + 1);
    }
    if (!checked_.misfit && unread_) misfit(file, *unread_, "it is no line of ours");
}

}  // namespace

Result<std::vector<std::string>> newest(const fs::path& directory, std::size_t limit,
                                        const std::string& since) {
    const auto files = read_files(directory);
    if (!files) return std::unexpected(files.error());
    std::vector<std::string> lines;
    for (const File& file : std::views::reverse(*files)) {
        std::string_view rest = file.text;
        while (!rest.empty() && lines.size() < limit) {
            if (rest.back() == '\n') rest.remove_suffix(1);
            const std::size_t feed = rest.rfind('\n');
            const std::string_view text =
                feed == std::string_view::npos ? rest : rest.substr(feed + 1);
            const auto read = read_line(text);
            if (read && (since.empty() || read->at >= since)) lines.emplace_back(text);
            rest = feed == std::string_view::npos ? std::string_view() : rest.substr(0, feed + 1);
        }
    }
    std::ranges::reverse(lines);
    return lines;
}

Result<Checked> check(const fs::path& directory) {
    const auto files = read_files(directory);
    if (!files) return std::unexpected(files.error());
    Walk walk;
    for (const File& file : *files) walk.file(file);
    return walk.take();
}

std::string newest_json(const std::vector<std::string>& lines) {
    std::string json = R"({"lines":[)";
    for (const std::string& line : lines) json += (json.back() == '[' ? "" : ",") + line;
    return json + "]}";
}

std::string check_json(const Checked& checked) {
    nlohmann::ordered_json json{{"whole", !checked.misfit.has_value()},
                                {"lines", checked.lines},
                                {"from", checked.from},
                                {"to", checked.to},
                                {"chain", checked.chain},
                                {"missing", checked.missing},
                                {"leftOut", checked.left_out},
                                {"torn", checked.torn},
                                {"misfit", nullptr}};
    if (checked.misfit)
        json["misfit"] = {{"file", checked.misfit->file},
                          {"line", checked.misfit->line},
                          {"what", checked.misfit->what}};
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace metalwright::agent::audit
