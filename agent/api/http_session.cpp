// One connection: the same over a Unix socket, TCP and TLS.

#include "agent/api/http_session.hpp"

#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/compose.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "agent/api/peer.hpp"
#include "agent/api/status.hpp"

namespace metalwright::agent::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

using Socket = asio::generic::stream_protocol::socket;

/// The socket of a connection; on a Unix one it notes of each byte who sent it.
class PlainStream {
 public:
    using executor_type = Socket::executor_type;  // NOLINT(readability-identifier-naming): Asio's
    using next_layer_type = Socket;               // NOLINT(readability-identifier-naming)

    explicit PlainStream(Socket socket) : socket_(std::move(socket)) {}
    executor_type get_executor() { return socket_.get_executor(); }
    Socket& next_layer() { return socket_; }
    const Socket& next_layer() const { return socket_; }

    Senders senders{};

    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return socket_.async_write_some(buffers, std::forward<Token>(token));
    }

    /// Waits first: a request that has been answered is not followed by another at once.
    template <class Buffers, class Token>
    // NOLINTNEXTLINE(cppcoreguidelines-missing-std-forward): async_compose takes it as it is
    auto async_read_some(const Buffers& buffers, Token&& token) {
        const asio::mutable_buffer room = *asio::buffer_sequence_begin(buffers);
        return asio::async_compose<Token, void(error_code, std::size_t)>(
            [this, room, waits = true](auto& operation, error_code ec = {}) mutable {
                if (std::exchange(waits, false)) return wait(operation);
                std::size_t count = 0;
                if (!ec) count = take(room, ec);
                if (ec == asio::error::try_again) return wait(operation);
                operation.complete(ec, count);
            },
            token, socket_);
    }

 private:
    template <class Operation>
    void wait(Operation& operation) {
        socket_.async_wait(asio::socket_base::wait_read, std::move(operation));
    }

    std::size_t take(asio::mutable_buffer room, error_code& ec) {
        std::optional<Credentials> sender;
        const ssize_t count = receive(socket_.native_handle(),
                                      {static_cast<char*>(room.data()), room.size()}, sender);
        if (count > 0) {
            senders.add(sender);
            return static_cast<std::size_t>(count);
        }
        ec = count == 0
                 ? error_code(asio::error::eof)
                 : error_code(errno == EINTR ? EAGAIN : errno, boost::system::system_category());
        return 0;
    }

    Socket socket_;
};

using TlsStream = asio::ssl::stream<Socket>;

constexpr std::string_view last_chunk = "0\r\n\r\n";

/// A piece of a body of unknown length. An empty one would be the last.
std::string chunk(const std::string& piece) {
    if (piece.empty()) return {};
    std::array<char, 16> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr;
    return std::string(size.data(), end) + "\r\n" + piece + "\r\n";
}

/// The status line, the headers and the body of an answer.
std::string serialize(const Response& answer, bool head, bool keep, unsigned version) {
    std::string out = "HTTP/1.1 " + std::to_string(answer.status) + ' ';
    out += std::string_view(http::obsolete_reason(static_cast<http::status>(answer.status)));
    out += "\r\nContent-Type: " + answer.type + "\r\n";
    if (!answer.allow.empty()) out += "Allow: " + answer.allow + "\r\n";
    for (const auto& [name, value] : answer.headers) out += name + ": " + value + "\r\n";
    if (answer.status == 304 || (answer.feed && (head || version == 10))) {
        // There is no length to tell.
    } else if (answer.feed) {
        out += "Transfer-Encoding: chunked\r\n";
    } else {
        out += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
    }
    if (!keep) {
        out += "Connection: close\r\n";
    } else if (version == 10) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
    if (!head) out += answer.feed && version == 11 ? chunk(answer.body) : answer.body;
    return out;
}

Response too_large(const ServerLimits& limits) {
    return error_response(
        413, {Errc::invalid_spec,
              "the body is larger than " + std::to_string(limits.body) + " bytes: send less"});
}

/// What a failed read deserves; nothing when the caller simply went away.
std::optional<Response> answer_to(error_code ec, const ServerLimits& limits) {
    if (ec == http::error::body_limit) return too_large(limits);
    if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
        return error_response(
            431, {Errc::invalid_spec, "the request's header is larger than " +
                                          std::to_string(limits.header) + " bytes: send less"});
    }
    if (ec == http::error::end_of_stream || ec == http::error::partial_message) return std::nullopt;
    if (ec.category() == http::make_error_code(http::error::bad_method).category()) {
        return error_response(
            400, {Errc::invalid_spec, "this is not an HTTP/1.1 request: " + ec.message()});
    }
    return std::nullopt;
}

/// Read, hand over, answer, again. Everything happens on the io thread.
template <class Stream>
class Session final : public SessionBase {
 public:
    template <class... Args>
    Session(std::shared_ptr<SessionHome> home, Args&&... args)
        : stream_(std::forward<Args>(args)...),
          home_(std::move(home)),
          timer_(home_->io),
          peer_(peer_of(socket().native_handle())) {}

    std::optional<unsigned> user() const override {
        return peer_.remote ? std::nullopt : std::optional(peer_.process.uid);
    }

    void start() override {
        if constexpr (is_tls) {
            end_after(home_->limits.idle);
            stream_.async_handshake(asio::ssl::stream_base::server, [self = self()](error_code ec) {
                if (self->state_ == State::closed) return;
                ec ? self->close() : self->read();
            });
        } else {
            read();
        }
    }

    void refuse(const Response& answer) override {
        head_ = false;
        write(serialize(answer, false, false, 11), false);
    }

    void stop() override {
        if (feed_ && state_ == State::in_hand) return end_stream();
        if (state_ == State::reading && !began_ && !(parser_ && parser_->got_some())) close();
    }

    void give_up() override {
        if (state_ == State::in_hand && !feed_)
            return answer(error_response(
                {Errc::unavailable, "metalwrightd is stopping: ask again when it is back"}));
        close();
    }

    void close() override {
        if (state_ == State::closed) return;
        state_ = State::closed;
        timer_.cancel();
        error_code ignored;
        (void)socket().close(ignored);
        home_->left(shared_from_this());
    }

 private:
    static constexpr bool is_tls = std::is_same_v<Stream, TlsStream>;
    using Clock = std::chrono::steady_clock;
    static constexpr Clock::time_point never = Clock::time_point::max();
    static constexpr std::chrono::seconds farewell{2};  // to read what a refused caller still sends
    static constexpr std::size_t farewell_bytes = 8 << 20;
    enum class State { reading, in_hand, writing, closed };

    std::shared_ptr<Session> self() {
        return std::static_pointer_cast<Session>(shared_from_this());
    }
    Socket& socket() { return beast::get_lowest_layer(stream_); }

    /// Closes it, unless that is put off until then. A request puts it off twice, so the timer is
    /// left to go off when it was to, and is set to what is left only then.
    void end_after(Clock::duration bound) {
        due_ = Clock::now() + bound;
        if (!timer_is_set_ || due_ < timer_.expiry()) set_timer();
    }

    void set_timer() {
        timer_is_set_ = true;
        timer_.expires_at(due_);
        timer_.async_wait([weak = std::weak_ptr<Session>(self())](error_code ec) {
            const auto self = weak.lock();
            if (ec || !self || self->state_ == State::closed) return;
            self->timer_is_set_ = false;
            if (self->due_ <= Clock::now()) return self->close();
            if (self->due_ != never) self->set_timer();
        });
    }

    void read() {
        state_ = State::reading;
        began_ = buffer_.size() > 0;
        if constexpr (!is_tls) stream_.senders.next(began_);
        keep_ = false;
        parser_.emplace();
        parser_->header_limit(static_cast<std::uint32_t>(home_->limits.header));
        parser_->body_limit(home_->limits.body);
        end_after(home_->limits.idle);
        http::async_read_header(
            stream_, buffer_, *parser_,
            [self = self()](error_code ec, std::size_t) { self->on_header(ec); });
    }

    void on_header(error_code ec) {
        if (state_ == State::closed) return;
        if (ec) return read_failed(ec);
        version_ = parser_->get().version();
        if (const auto length = parser_->content_length(); length && *length > home_->limits.body)
            return refuse(too_large(home_->limits));
        if (version_ == 11 && beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
            out_ = "HTTP/1.1 100 Continue\r\n\r\n";
            asio::async_write(stream_, asio::buffer(out_),
                              [self = self()](error_code failed, std::size_t) {
                                  failed ? self->close() : self->read_body();
                              });
            return;
        }
        read_body();
    }

    /// A request is whole within the time that one byte of it may take: who sends it byte by byte
    /// does not hold a connection for ever.
    void read_body() {
        if (state_ == State::closed) return;
        if (parser_->is_done()) return hand_over();
        http::async_read(stream_, buffer_, *parser_,
                         [self = self()](error_code ec, std::size_t) { self->on_body(ec); });
    }

    void on_body(error_code ec) {
        if (state_ == State::closed) return;
        if (ec) return read_failed(ec);
        hand_over();
    }

    void read_failed(error_code ec) {
        if (const auto answer = answer_to(ec, home_->limits)) return refuse(*answer);
        close();
    }

    Caller caller() const {
        if constexpr (!is_tls)
            if (!peer_.remote) return caller_of(peer_, stream_.senders, ::geteuid());
        return {};
    }

    void hand_over() {
        state_ = State::in_hand;
        keep_ = parser_->keep_alive();
        auto message = parser_->release();
        head_ = message.method() == http::verb::head;
        Caller who = caller();
        if (!who.unsound.empty()) keep_ = false;  // nor is it known whose the next bytes are
        Request request{.method = head_ ? "GET" : std::string(message.method_string()),
                        .target = std::string(message.target()),
                        .body = std::move(message.body()),
                        .head = head_,
                        .remote = peer_.remote,
                        .uid = who.process.uid,
                        .gid = who.process.gid,
                        .pid = who.process.pid,
                        .groups = std::move(who.groups),
                        .unsound = std::move(who.unsound),
                        .address = peer_.address,
                        .caller = weak_from_this()};
        for (const auto& field : message)
            request.headers.emplace_back(field.name_string(), field.value());
        if (!request.body.empty()) cleanse();
        due_ = never;
        // What is at hand is answered at once; a caller is watched only while it waits.
        Respond respond = [weak = std::weak_ptr<Session>(self()),
                           &io = home_->io](Response response) {
            asio::dispatch(io, [weak, response = std::move(response)] {
                if (const auto self = weak.lock()) self->answer(response);
            });
        };
        home_->handler(std::move(request), std::move(respond));
        if (state_ == State::in_hand) watch();
    }

    /// A body may have held a secret, and a connection may stay.
    void cleanse() {
        if (buffer_.size() != 0) return;  // the next request has begun in it
        const auto room = buffer_.prepare(buffer_.capacity());
        ::explicit_bzero(room.data(), room.size());
    }

    // A caller that only closed its sending half still waits for the answer; POLLHUP means both.
    void watch() {
        watching_ = true;
        socket().async_wait(
            asio::generic::stream_protocol::socket::wait_read, [self = self()](error_code ec) {
                if (ec || self->state_ != State::in_hand) return;
                pollfd state{.fd = self->socket().native_handle(), .events = 0, .revents = 0};
                if (::poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLERR)) != 0)
                    self->close();
            });
    }

    void answer(const Response& answer) {
        if (state_ != State::in_hand) return;
        stop_watching();
        const bool streams = answer.feed && !head_;
        const bool keep = keep_ && !home_->stopping && !(streams && version_ == 10);
        if (streams) feed_ = answer.feed;
        write(serialize(answer, head_, keep, version_), keep);
    }

    void stop_watching() {
        if (!std::exchange(watching_, false)) return;
        error_code ignored;
        (void)socket().cancel(ignored);  // ends watch()
    }

    /// The next piece of an answer that has begun.
    void ask_feed(bool keep) {
        if (home_->stopping) return end_stream();
        state_ = State::in_hand;
        due_ = never;
        watch();
        feed_->next([weak = std::weak_ptr<Session>(self()), &io = home_->io, keep](Response piece) {
            asio::post(io, [weak, keep, piece = std::move(piece)] {
                if (const auto self = weak.lock()) self->answer_piece(piece, keep);
            });
        });
    }

    void answer_piece(const Response& piece, bool keep) {
        if (state_ != State::in_hand || !feed_) return;
        stop_watching();
        const bool good = piece.status == 200;
        feed_ = good ? piece.feed : nullptr;
        std::string bytes;
        if (good) bytes = version_ == 11 ? chunk(piece.body) : piece.body;
        if (!feed_ && version_ == 11) bytes += last_chunk;
        write(std::move(bytes), keep);
    }

    void end_stream() {
        stop_watching();
        feed_.reset();
        write(std::string(version_ == 11 ? last_chunk : ""), false);
    }

    void write(std::string bytes, bool keep) {
        state_ = State::writing;
        out_ = std::move(bytes);
        end_after(home_->limits.idle);
        asio::async_write(stream_, asio::buffer(out_),
                          [self = self(), keep](error_code ec, std::size_t) {
                              if (self->state_ == State::closed) return;
                              if (ec) return self->close();
                              if (self->feed_) return self->ask_feed(keep);
                              if (keep && !self->home_->stopping) return self->read();
                              self->say_farewell();
                          });
    }

    void say_farewell() {
        end_after(farewell);
        if constexpr (is_tls) {
            stream_.async_shutdown([self = self()](error_code) { self->close(); });
        } else {
            error_code ignored;
            (void)socket().shutdown(asio::socket_base::shutdown_send, ignored);
            drain();
        }
    }

    // Closing with unread bytes resets the connection, and a caller still sending would never see
    // why.
    void drain() {
        if (home_->stopping) return close();
        stream_.async_read_some(asio::buffer(scrap_),
                                [self = self()](error_code ec, std::size_t count) {
                                    if (self->state_ == State::closed) return;
                                    self->drained_ += count;
                                    if (ec || self->drained_ > farewell_bytes) return self->close();
                                    self->drain();
                                });
    }

    Stream stream_;
    std::shared_ptr<SessionHome> home_;
    asio::steady_timer timer_;
    Clock::time_point due_ = never;
    bool timer_is_set_ = false;
    Peer peer_;
    beast::flat_buffer buffer_{};
    std::optional<http::request_parser<http::string_body>> parser_{};
    std::string out_{};
    State state_ = State::reading;
    bool began_ = false;
    bool head_ = false;
    bool keep_ = false;
    bool watching_ = false;
    unsigned version_ = 11;
    std::shared_ptr<Feed> feed_{};  ///< what of the answer in hand is still to come
    std::size_t drained_ = 0;
    std::array<char, 1024> scrap_{};
};

}  // namespace

std::shared_ptr<SessionBase> make_session(std::shared_ptr<SessionHome> home, int fd, int family,
                                          asio::ssl::context* tls) {
    asio::generic::stream_protocol::socket socket(home->io,
                                                  asio::generic::stream_protocol(family, 0), fd);
    if (tls != nullptr)
        return std::make_shared<Session<TlsStream>>(std::move(home), std::move(socket), *tls);
    if (family == AF_UNIX) (void)wants_senders(fd);  // without, nobody is trusted
    return std::make_shared<Session<PlainStream>>(std::move(home), std::move(socket));
}

}  // namespace metalwright::agent::api
