#include "agent/link/file_link.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "agent/link/on_pool.hpp"
#include "agent/link/submit.hpp"

namespace metalwright::agent::link {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using boost::system::error_code;

constexpr std::uint32_t watched =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr sys::FileMode ours{.mode = 0600};

bool is_document(const std::string& name) {
    return !name.starts_with('.') && name.ends_with(".json");
}

std::unexpected<Error> no_watch(const fs::path& directory, int error) {
    return fail(Errc::io,
                std::string("the link's directory cannot be watched: ") + std::strerror(error) +
                    ": make it, mode 0700, owned by root",
                directory.native(), error);
}

/// A watch on the directory. Errors: io, refused (others may write there).
Result<int> watch(const fs::path& directory) {
    struct stat found{};
    if (::stat(directory.c_str(), &found) != 0) return no_watch(directory, errno);
    const bool safe = found.st_uid == 0 || found.st_uid == ::geteuid();
    if (!safe || (found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return fail(Errc::refused,
                    "others may write into the link's directory, and so order this host about: "
                    "make it root's, mode 0700",
                    directory.native());
    }
    const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) return no_watch(directory, errno);
    if (::inotify_add_watch(fd, directory.c_str(), watched) < 0) {
        const int error = errno;
        ::close(fd);
        return no_watch(directory, error);
    }
    return fd;
}

/// The documents in the directory, oldest first.
std::vector<std::string> documents_in(const fs::path& directory) {
    std::vector<std::pair<fs::file_time_type, std::string>> found;
    std::error_code ignored;
    for (fs::directory_iterator at(directory, ignored), end; !ignored && at != end;
         at.increment(ignored)) {
        std::error_code gone;
        const auto written = at->last_write_time(gone);
        const std::string name = at->path().filename();
        if (!gone && is_document(name)) found.emplace_back(written, name);
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> names;
    for (auto& [written, name] : found) names.push_back(std::move(name));
    return names;
}

std::string result_text(const Submitted& result) {
    nlohmann::ordered_json json;
    if (result) {
        json["operation"] = result->operation;
        json["generation"] = result->generation;
        json["instance"] = result->instance;
        json["repeated"] = result->repeated;
        json["finished"] = result->finished;
    } else {
        json["errors"] = nlohmann::ordered_json::array();
        for (const Error& error : result.error()) {
            nlohmann::ordered_json line;
            line["code"] = to_string(error.code);
            line["message"] = error.message;
            line["where"] = error.where;
            json["errors"].push_back(std::move(line));
        }
    }
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string report_name(std::int64_t seq) {
    std::array<char, 32> name{};
    std::snprintf(name.data(), name.size(), "%010lld.json", static_cast<long long>(seq));
    return name.data();
}

/// What lies beside a document to say whose it is, without the newline that ends a text file.
Result<std::optional<std::string>> signature_of(sys::Files& files, const fs::path& document) {
    auto text = files.read(document.native() + ".jws");
    if (!text && text.error().code == Errc::not_found) return std::nullopt;
    if (!text) return std::unexpected(text.error());
    if (text->ends_with('\n')) text->pop_back();
    return std::move(*text);
}

/// What became of one document, for the io thread.
struct Taken {
    std::optional<Submitted> result{};  ///< nothing when the file is gone again
    bool again = false;                 ///< refused for a reason that may pass
    std::optional<Error> unwritten{};   ///< the result file could not be written
};

Taken take(LinkDesk& desk, sys::Files& files, const fs::path& path, const FileOptions& options) {
    const std::size_t limit = options.document_limit;
    const auto document = files.read(path);
    if (!document && document.error().code == Errc::not_found) return {};
    Taken taken;
    if (!document) {
        taken.result = std::unexpected(Errors{document.error()});
    } else if (document->size() > limit) {
        taken.result = std::unexpected(
            Errors{{Errc::invalid_spec, "is larger than " + std::to_string(limit) + " bytes",
                    path.native()}});
    } else {
        auto signature = signature_of(files, path);
        taken.result = signature ? submit(desk, {.source = "file",
                                                 .document = *document,
                                                 .signature = std::move(*signature)})
                                 : std::unexpected(Errors{signature.error()});
        taken.again = !*taken.result && !told_for_good(taken.result->error());
    }
    if (options.told) options.told({.source = "file", .document = {}}, *taken.result);
    const auto written = files.put(path.native() + ".result", result_text(*taken.result), ours);
    if (!written) taken.unwritten = written.error();
    return taken;
}

/// Writes the oldest reports, then forgets them. How many; 0: there are none.
Result<std::size_t> hand_out(LinkDesk& desk, sys::Files& files, const FileOptions& options) {
    const auto rows = desk.unsent(options.batch);
    std::int64_t safe = 0;
    Result<void> failed;
    for (const OutboxRow& row : rows) {
        const auto written =
            files.put(options.directory / "reports" / report_name(row.seq), row.body + "\n", ours);
        if (!written) {
            failed = std::unexpected(written.error());
            break;
        }
        safe = row.seq;
    }
    if (safe > 0) {
        if (auto forgotten = desk.acknowledge(safe); !forgotten) {
            return std::unexpected(forgotten.error());
        }
    }
    if (!failed) return std::unexpected(failed.error());
    return rows.size();
}

}  // namespace

class FileLink::Impl : public std::enable_shared_from_this<Impl> {
 public:
    Impl(asio::io_context& io, asio::thread_pool& pool, LinkDesk& desk, sys::Files& files,
         FileOptions options)
        : io_(io),
          pool_(pool),
          desk_(desk),
          files_(files),
          options_(std::move(options)),
          inotify_(io),
          watch_timer_(io),
          take_timer_(io),
          report_timer_(io) {}

    void start();
    void stop();
    LinkStatus status() const { return board_.read(); }

 private:
    void open();
    void scan();
    void read();
    void events(std::size_t size);
    void lost(const Error& error);
    void queue(const std::string& name);
    void next();
    void taken(const std::string& name, const Taken& taken);
    void look();
    void handed_out(const Result<std::size_t>& count);

    asio::io_context& io_;
    asio::thread_pool& pool_;
    LinkDesk& desk_;
    sys::Files& files_;
    const FileOptions options_;
    LinkBoard board_{"file", [this](const LinkStatus& status) { desk_.link_changed(status); }};
    asio::posix::stream_descriptor inotify_;
    asio::steady_timer watch_timer_;
    asio::steady_timer take_timer_;
    asio::steady_timer report_timer_;
    alignas(inotify_event) std::array<char, 16384> buffer_{};
    std::deque<std::string> queue_{};
    bool taking_ = false;
    std::uint64_t subscription_ = 0;
    bool handing_ = false;
    bool more_ = false;
    bool started_ = false;
    bool stopped_ = false;
};

void FileLink::Impl::start() {
    started_ = true;
    open();
    if (!options_.reports) return;
    auto told = std::make_shared<std::atomic<bool>>(false);
    subscription_ = desk_.on_change([&io = io_, weak = weak_from_this(), told] {
        if (told->exchange(true)) return;
        asio::post(io, [weak, told] {
            *told = false;
            if (const auto self = weak.lock()) self->look();
        });
    });
    look();
}

void FileLink::Impl::stop() {
    if (started_ && !stopped_ && options_.reports) desk_.forget(subscription_);
    stopped_ = true;
    error_code ignored;
    (void)inotify_.close(ignored);  // whatever it says, it is closed
    watch_timer_.cancel();
    take_timer_.cancel();
    report_timer_.cancel();
}

void FileLink::Impl::open() {
    const auto fd = watch(options_.directory);
    if (!fd) return lost(fd.error());
    inotify_.assign(*fd);
    board_.contact(Talk::documents);
    read();
    scan();  // after the watch, so that nothing falls between
}

void FileLink::Impl::lost(const Error& error) {
    board_.trouble(Talk::documents, error);
    error_code ignored;
    (void)inotify_.close(ignored);  // whatever it says, it is closed
    watch_timer_.expires_after(options_.again);
    watch_timer_.async_wait([weak = weak_from_this()](error_code cancelled) {
        const auto self = weak.lock();
        if (!cancelled && self && !self->stopped_) self->open();
    });
}

void FileLink::Impl::scan() {
    on_pool(
        pool_, io_, [directory = options_.directory] { return documents_in(directory); },
        [weak = weak_from_this()](const std::vector<std::string>& names) {
            const auto self = weak.lock();
            if (!self || self->stopped_) return;
            for (const std::string& name : names) self->queue(name);
        });
}

void FileLink::Impl::read() {
    inotify_.async_read_some(
        asio::buffer(buffer_), [weak = weak_from_this()](error_code ec, std::size_t size) {
            const auto self = weak.lock();
            if (!self || self->stopped_) return;
            if (ec) {
                return self->lost({Errc::io, "the watch ended: " + ec.message(),
                                   self->options_.directory.native(), ec.value()});
            }
            self->events(size);
        });
}

void FileLink::Impl::events(std::size_t size) {
    for (std::size_t at = 0; at + sizeof(inotify_event) <= size;) {
        inotify_event event{};
        std::memcpy(&event, buffer_.data() + at, sizeof event);
        const char* name = buffer_.data() + at + sizeof event;
        at += sizeof event + event.len;
        if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0) {
            return lost({Errc::io, "the link's directory is gone: put it back",
                         options_.directory.native()});
        }
        if ((event.mask & IN_Q_OVERFLOW) != 0) scan();
        if (event.len > 0) queue(name);
    }
    read();
}

void FileLink::Impl::queue(const std::string& name) {
    if (!is_document(name)) return;
    if (std::find(queue_.begin(), queue_.end(), name) == queue_.end()) queue_.push_back(name);
    next();
}

void FileLink::Impl::next() {
    if (taking_ || queue_.empty()) return;
    taking_ = true;
    std::string name = std::move(queue_.front());
    queue_.pop_front();
    on_pool(
        pool_, io_,
        [&desk = desk_, &files = files_, path = options_.directory / name, options = options_] {
            return take(desk, files, path, options);
        },
        [weak = weak_from_this(), name](const Taken& taken) {
            const auto self = weak.lock();
            if (self && !self->stopped_) self->taken(name, taken);
        });
}

void FileLink::Impl::taken(const std::string& name, const Taken& taken) {
    taking_ = false;
    if (!taken.result) return next();
    const bool accepted = taken.result->has_value();
    if (accepted) {
        board_.taken((*taken.result)->generation);
    } else {
        board_.refused(std::nullopt, taken.result->error());
    }
    if (taken.unwritten) {
        board_.trouble(Talk::documents, *taken.unwritten);
    } else {
        board_.contact(Talk::documents);
    }
    if (!taken.again && !taken.unwritten) return next();
    // Not at once: whatever is in the way needs time, for the others too.
    queue_.push_back(name);
    taking_ = true;
    take_timer_.expires_after(options_.again);
    take_timer_.async_wait([weak = weak_from_this()](error_code cancelled) {
        const auto self = weak.lock();
        if (cancelled || !self || self->stopped_) return;
        self->taking_ = false;
        self->next();
    });
}

void FileLink::Impl::look() {
    if (stopped_) return;
    if (handing_) {
        more_ = true;
        return;
    }
    handing_ = true;
    more_ = false;
    on_pool(
        pool_, io_,
        [&desk = desk_, &files = files_, options = options_] {
            return hand_out(desk, files, options);
        },
        [weak = weak_from_this()](const Result<std::size_t>& count) {
            const auto self = weak.lock();
            if (self && !self->stopped_) self->handed_out(count);
        });
}

void FileLink::Impl::handed_out(const Result<std::size_t>& count) {
    if (!count) {
        board_.trouble(Talk::reports, count.error());
        report_timer_.expires_after(options_.again);  // handing_ stays: changes do not hurry it
        report_timer_.async_wait([weak = weak_from_this()](error_code cancelled) {
            const auto self = weak.lock();
            if (cancelled || !self || self->stopped_) return;
            self->handing_ = false;
            self->look();
        });
        return;
    }
    board_.contact(Talk::reports);
    handing_ = false;
    if (*count > 0 || more_) look();
}

FileLink::FileLink(asio::io_context& io, asio::thread_pool& pool, LinkDesk& desk, sys::Files& files,
                   FileOptions options)
    : impl_(std::make_shared<Impl>(io, pool, desk, files, std::move(options))) {}

FileLink::~FileLink() {
    stop();
}

void FileLink::start() {
    impl_->start();
}

void FileLink::stop() {
    impl_->stop();
}

LinkStatus FileLink::status() const {
    return impl_->status();
}

}  // namespace metalwright::agent::link
