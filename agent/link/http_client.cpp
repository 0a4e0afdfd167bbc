#include "agent/link/http_client.hpp"

#include <openssl/ssl.h>
#include <strings.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstring>
#include <exception>
#include <functional>
#include <numeric>
#include <optional>

#include "agent/link/resolve.hpp"

namespace metalwright::agent::link {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Addresses = Lookup::Addresses;
using Parser = http::response_parser<http::string_body>;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t header_limit = 16 << 10;
constexpr const char* signature_header = "Metalwright-Signature";

/// One connection to one server, through TLS or bare.
struct Connection {
    explicit Connection(asio::io_context& io) : tcp(io) {}
    std::string to{};  ///< authority and scheme: whether it can be used again
    beast::tcp_stream tcp;
    Verdict verdict{};
    std::optional<asio::ssl::context> context{};
    std::optional<asio::ssl::stream<beast::tcp_stream&>> tls{};
    bool used = false;  ///< has carried an answer: the server may have closed it since
};

/// How an attempt on a connection ended without an answer.
struct Cut {
    error_code ec{};
    bool began = false;  ///< some of the answer had come
};

/// Also of a token nothing is left behind in memory.
void wipe(std::string& text) {
    ::explicit_bzero(text.data(), text.size());
}

/// Whatever becomes of a call, its token is gone with it.
class WipedAfter {
 public:
    explicit WipedAfter(Call& call) : call_(call) {}
    WipedAfter(const WipedAfter&) = delete;
    WipedAfter& operator=(const WipedAfter&) = delete;
    ~WipedAfter() {
        for (auto& [name, value] : call_.headers) wipe(value);
    }

 private:
    Call& call_;
};

std::string request_text(const Call& call) {
    std::string text;
    text.reserve(call.base.path.size() + call.path.size() + call.body.size() + 1024 +
                 std::transform_reduce(call.headers.begin(), call.headers.end(), std::size_t{0},
                                       std::plus<>(), [](const auto& header) {
                                           return header.first.size() + header.second.size() + 4;
                                       }));
    text += call.method + " " + call.base.path + call.path + " HTTP/1.1\r\n";
    text += "Host: " + authority(call.base, true) + "\r\n";
    text += "User-Agent: metalwright\r\nAccept: " + call.accept + "\r\n";
    for (const auto& [name, value] : call.headers) (((text += name) += ": ") += value) += "\r\n";
    if (!call.body.empty() || call.method == "POST") {
        text += "Content-Type: " + call.content_type +
                "\r\nContent-Length: " + std::to_string(call.body.size()) + "\r\n";
    }
    return text + "\r\n" + call.body;
}

std::string target_of(const Url& url) {
    return (url.tls ? "https://" : "http://") + authority(url, false);
}

bool timed_out(error_code ec) {
    return ec == beast::error::timeout || ec == asio::error::timed_out;
}

Error connect_error(error_code ec, const std::string& where) {
    if (timed_out(ec)) {
        return {
            Errc::timed_out,
            "no answer to the connection: check the address, the route and the firewalls between",
            where};
    }
    if (ec == asio::error::connection_refused) {
        return {Errc::unavailable,
                "the connection is refused: nothing listens there; is the control plane up, is the "
                "port right",
                where, ec.value()};
    }
    if (ec == asio::error::network_unreachable || ec == asio::error::host_unreachable) {
        return {Errc::unavailable, "there is no route to it: check the network (ip route)", where,
                ec.value()};
    }
    return {Errc::unavailable, "cannot connect: " + ec.message(), where, ec.value()};
}

Error closed_error() {
    return {Errc::unavailable, "the link is closed"};
}

/// What comes may hold a secret, and a coroutine's frame is not freed but kept for the next one.
struct Piece {
    Piece() = default;
    Piece(const Piece&) = delete;
    Piece& operator=(const Piece&) = delete;
    ~Piece() { ::explicit_bzero(bytes.data(), bytes.size()); }
    std::array<char, 16384> bytes{};
};

Reply reply_of(Parser& parser) {
    auto message = parser.release();
    Reply reply{.status = message.result_int(), .body = std::move(message.body())};
    reply.etag = std::string(message[http::field::etag]);
    reply.retry_after = std::string(message[http::field::retry_after]);
    reply.date = std::string(message[http::field::date]);
    const auto signatures = message.equal_range(signature_header);
    for (auto each = signatures.first; each != signatures.second; ++each)
        (reply.signature += reply.signature.empty() ? "" : ", ") += std::string(each->value());
    return reply;
}

}  // namespace

// Coroutines here are members with plain parameters, and no expression with co_await makes an
// aggregate: g++ 12 breaks both.
class HttpClient::Impl : public std::enable_shared_from_this<Impl> {
 public:
    Impl(asio::io_context& io, ClientOptions options)
        : io_(io), options_(std::move(options)), arrived_(io) {}

    void send(Call call, std::function<void(Result<Reply>)> done);
    void close();
    void renew(TlsFiles files) {
        options_.tls = std::move(files);
        stale_ = true;
    }
    bool revoked() const { return revoked_; }

 private:
    asio::awaitable<Result<Reply>> run([[maybe_unused]] std::shared_ptr<Impl> self, Call call);
    asio::awaitable<Result<void>> connect(const Url& base);
    asio::awaitable<Result<Addresses>> resolve(const std::string& host);
    asio::awaitable<Result<void>> open(const Url& peer, bool loopback_only);
    asio::awaitable<Result<void>> ask_proxy(const Url& base);
    asio::awaitable<Result<void>> shake_hands(const Url& base);
    asio::awaitable<std::optional<Cut>> exchange(const std::string& request,
                                                 std::chrono::milliseconds time, Parser& parser);
    asio::awaitable<std::optional<Cut>> read_answer(Parser& parser);
    asio::awaitable<error_code> write(const std::string& bytes);
    Error cut_error(const Cut& cut, const Call& call);
    Error failed_in_tls(error_code ec, const Url& base);

    asio::io_context& io_;
    ClientOptions options_;
    asio::steady_timer arrived_;  // rings when the name is resolved
    std::shared_ptr<Lookup> lookup_{};
    std::unique_ptr<Connection> connection_{};
    bool closed_ = false;
    bool stale_ = false;    // the connection was made with files that are not ours any more
    bool revoked_ = false;  // as HttpClient::revoked()
};

void HttpClient::Impl::send(Call call, std::function<void(Result<Reply>)> done) {
    asio::co_spawn(io_, run(shared_from_this(), std::move(call)),
                   [done = std::move(done)](const std::exception_ptr& broken, Result<Reply> reply) {
                       if (!broken) return done(std::move(reply));
                       done(fail(Errc::internal, "the HTTP client broke: report the bug"));
                   });
}

void HttpClient::Impl::close() {
    closed_ = true;
    if (lookup_) lookup_->cancel();
    arrived_.cancel();
    if (connection_) connection_->tcp.close();
}

asio::awaitable<Result<Reply>> HttpClient::Impl::run([[maybe_unused]] std::shared_ptr<Impl> self,
                                                     Call call) {
    // `self` keeps all of it alive; asio starts us later, when close() may have been called.
    const WipedAfter wiped(call);
    revoked_ = false;
    if (std::exchange(stale_, false)) connection_.reset();
    if (call.tls) options_.tls = *call.tls;
    for (bool first = true;; first = false) {
        if (closed_) co_return std::unexpected(closed_error());
        const bool again =
            first && connection_ && connection_->used && connection_->to == target_of(call.base);
        if (!again) {
            Result<void> connected = co_await connect(call.base);
            if (closed_) co_return std::unexpected(closed_error());
            if (!connected) {
                connection_.reset();
                co_return std::unexpected(connected.error());
            }
        }
        Parser parser;
        parser.header_limit(static_cast<std::uint32_t>(header_limit));
        parser.body_limit(options_.body_limit);
        parser.eager(true);
        std::string request = request_text(call);
        const std::optional<Cut> cut = co_await exchange(request, call.timeout, parser);
        wipe(request);
        if (closed_) co_return std::unexpected(closed_error());
        if (!cut) {
            connection_->used = true;
            if (!parser.keep_alive()) connection_.reset();
            co_return reply_of(parser);
        }
        const bool stale = again && !cut->began && !timed_out(cut->ec);
        Error error = cut_error(*cut, call);
        connection_.reset();
        if (!stale) co_return std::unexpected(std::move(error));
    }
}

// What these refer to belongs to run(), which waits for each of them.
// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters)

asio::awaitable<Result<void>> HttpClient::Impl::connect(const Url& base) {
    connection_ = std::make_unique<Connection>(io_);
    connection_->to = target_of(base);
    const bool through_proxy = base.tls && options_.proxy;
    const Url& peer = through_proxy ? *options_.proxy : base;
    Result<void> done = co_await open(peer, !base.tls);
    if (done && through_proxy) done = co_await ask_proxy(base);
    if (done && base.tls) done = co_await shake_hands(base);
    co_return done;
}

asio::awaitable<Result<Addresses>> HttpClient::Impl::resolve(const std::string& host) {
    error_code ec;
    asio::ip::make_address(host, ec);
    if (!ec) {
        Addresses itself;
        itself.push_back(host);
        co_return itself;
    }
    std::optional<Result<Addresses>> found;
    lookup_ = Lookup::start(io_, host, [this, &found](Result<Addresses> answer) {
        found = std::move(answer);
        arrived_.cancel();
    });
    arrived_.expires_after(options_.connect_timeout);
    co_await arrived_.async_wait(as_result);
    lookup_->cancel();
    lookup_.reset();
    if (found) co_return std::move(*found);
    co_return fail(Errc::timed_out,
                   "the name is not resolved in time: check /etc/resolv.conf and the network, or "
                   "name an address",
                   host);
}

asio::awaitable<Result<void>> HttpClient::Impl::open(const Url& peer, bool loopback_only) {
    Result<Addresses> addresses = co_await resolve(peer.host);
    if (!addresses) co_return std::unexpected(addresses.error());
    const std::string where = target_of(peer);
    Error last{Errc::unavailable, "the name has no address", where};
    for (const std::string& address : *addresses) {
        if (closed_) co_return std::unexpected(closed_error());
        error_code ec;
        const auto ip = asio::ip::make_address(address, ec);
        if (ec) continue;
        if (loopback_only && !ip.is_loopback()) {
            last = {Errc::refused,
                    "plain http goes to loopback addresses only, and this name is " + address +
                        ": use https",
                    where};
            continue;
        }
        const tcp::endpoint endpoint(ip, static_cast<std::uint16_t>(std::stoul(peer.port)));
        connection_->tcp.expires_after(options_.connect_timeout);
        const auto [failed] = co_await connection_->tcp.async_connect(endpoint, as_result);
        if (!failed) {
            error_code ignored;
            (void)connection_->tcp.socket().set_option(tcp::no_delay(true), ignored);
            co_return Result<void>();
        }
        last = connect_error(failed, where);
    }
    co_return std::unexpected(std::move(last));
}

asio::awaitable<Result<void>> HttpClient::Impl::ask_proxy(const Url& base) {
    const std::string where = target_of(*options_.proxy);
    const std::string host = authority(base, false);
    const std::string request = "CONNECT " + host + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    Parser parser;
    parser.skip(true);  // an answer to CONNECT has no body
    parser.header_limit(static_cast<std::uint32_t>(header_limit));
    const std::optional<Cut> cut = co_await exchange(request, options_.connect_timeout, parser);
    if (cut) {
        const bool late = timed_out(cut->ec);
        co_return fail(
            late ? Errc::timed_out : Errc::unavailable,
            "the proxy did not answer CONNECT: " + cut->ec.message() + ": is this an HTTP proxy",
            where);
    }
    const unsigned status = parser.get().result_int();
    if (status / 100 == 2) co_return Result<void>();
    co_return fail(Errc::unavailable,
                   "the proxy refuses to connect to " + host + " (" + std::to_string(status) +
                       "): allow it there, or leave the proxy out",
                   where);
}

asio::awaitable<Result<void>> HttpClient::Impl::shake_hands(const Url& base) {
    Result<ssl_ctx_st*> context = make_tls_context(options_.tls);
    if (!context) co_return std::unexpected(context.error());
    connection_->context.emplace(*context);
    connection_->tls.emplace(connection_->tcp, *connection_->context);
    const std::time_t now = std::chrono::system_clock::to_time_t(options_.now());
    Result<void> expected =
        expect_peer(connection_->tls->native_handle(), base.host, now, connection_->verdict);
    if (!expected) co_return expected;
    connection_->tcp.expires_after(options_.connect_timeout);
    const auto [ec] =
        co_await connection_->tls->async_handshake(asio::ssl::stream_base::client, as_result);
    if (!ec) co_return Result<void>();
    const std::string where = target_of(base);
    if (timed_out(ec)) {
        co_return fail(Errc::timed_out, "the server does not answer the TLS handshake: is it up",
                       where);
    }
    co_return std::unexpected(failed_in_tls(ec, base));
}

asio::awaitable<error_code> HttpClient::Impl::write(const std::string& bytes) {
    error_code failed;
    if (connection_->tls) {
        const auto [ec, sent] =
            co_await asio::async_write(*connection_->tls, asio::buffer(bytes), as_result);
        failed = ec;
    } else {
        const auto [ec, sent] =
            co_await asio::async_write(connection_->tcp, asio::buffer(bytes), as_result);
        failed = ec;
    }
    co_return failed;
}

asio::awaitable<std::optional<Cut>> HttpClient::Impl::exchange(const std::string& request,
                                                               std::chrono::milliseconds time,
                                                               Parser& parser) {
    connection_->tcp.expires_after(time);
    const error_code unsent = co_await write(request);
    if (timed_out(unsent)) {
        Cut late;
        late.ec = unsent;
        co_return late;
    }
    // Also after a failed write: a server that refuses early answers, or tells why in an alert.
    std::optional<Cut> cut = co_await read_answer(parser);
    co_return cut;
}

asio::awaitable<std::optional<Cut>> HttpClient::Impl::read_answer(Parser& parser) {
    Piece chunk;
    std::string unread;
    Cut cut;
    while (!parser.is_done()) {
        std::size_t count = 0;
        error_code failed;
        if (connection_->tls) {
            const auto [ec, n] =
                co_await connection_->tls->async_read_some(asio::buffer(chunk.bytes), as_result);
            failed = ec;
            count = n;
        } else {
            const auto [ec, n] =
                co_await connection_->tcp.async_read_some(asio::buffer(chunk.bytes), as_result);
            failed = ec;
            count = n;
        }
        unread.append(chunk.bytes.data(), count);
        cut.began = cut.began || count > 0;
        while (!unread.empty() && !parser.is_done()) {
            error_code wrong;
            const std::size_t used = parser.put(asio::buffer(unread), wrong);
            unread.erase(0, used);
            if (wrong == http::error::need_more) break;
            if (wrong) {
                cut.ec = wrong;
                co_return cut;
            }
            if (used == 0) break;
        }
        if (!failed || parser.is_done()) continue;
        // Only a connection that ended properly may end a body without a length.
        if (failed == asio::error::eof && parser.is_header_done()) {
            error_code short_of;
            parser.put_eof(short_of);
            if (!short_of && parser.is_done()) continue;
        }
        cut.ec = failed;
        co_return cut;
    }
    co_return std::nullopt;
}

// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

Error HttpClient::Impl::failed_in_tls(error_code ec, const Url& base) {
    const auto code = static_cast<unsigned long>(ec.value());
    revoked_ = connection_->verdict.error == 0 && is_revocation(code);
    return tls_error(connection_->verdict, base.host, target_of(base), options_.tls, code,
                     ec.message());
}

Error HttpClient::Impl::cut_error(const Cut& cut, const Call& call) {
    const std::string where = target_of(call.base);
    if (timed_out(cut.ec)) {
        return {Errc::timed_out,
                "no whole answer within " + std::to_string(call.timeout.count()) +
                    " ms: is the control plane overloaded or hanging",
                where};
    }
    if (cut.ec == http::error::body_limit) {
        return {Errc::unavailable,
                "the answer is larger than " + std::to_string(options_.body_limit) +
                    " bytes: is this the control plane",
                where};
    }
    if (cut.ec.category() == http::make_error_code(http::error::bad_method).category()) {
        return {Errc::unavailable,
                "the answer is not HTTP (" + cut.ec.message() + "): is this the control plane",
                where};
    }
    if (cut.ec.category() == asio::error::get_ssl_category()) {
        return failed_in_tls(cut.ec, call.base);
    }
    return {Errc::unavailable,
            std::string("the connection was cut ") + (cut.began ? "in the middle of" : "before") +
                " the answer (" + cut.ec.message() + "): see the control plane's log",
            where};
}

HttpClient::HttpClient(asio::io_context& io, ClientOptions options)
    : impl_(std::make_shared<Impl>(io, std::move(options))) {}

HttpClient::~HttpClient() {
    impl_->close();
}

void HttpClient::send(Call call, std::function<void(Result<Reply>)> done) {
    impl_->send(std::move(call), std::move(done));
}

void HttpClient::renew(TlsFiles files) {
    impl_->renew(std::move(files));
}

bool HttpClient::revoked() const {
    return impl_->revoked();
}

void HttpClient::close() {
    impl_->close();
}

}  // namespace metalwright::agent::link
