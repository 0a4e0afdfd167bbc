// The least that Beast needs to answer 200 on a Unix socket: what metalwrightd is measured against.

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <memory>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Socket = asio::local::stream_protocol::socket;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
    explicit Connection(Socket socket) : socket_(std::move(socket)) {}

    void read() {
        request_ = {};
        http::async_read(socket_, buffer_, request_,
                         [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                             if (!error) self->answer();
                         });
    }

 private:
    void answer() {
        answer_ = {http::status::ok, request_.version()};
        answer_.set(http::field::content_type, "application/json");
        answer_.body() = "{}";
        answer_.keep_alive(request_.keep_alive());
        answer_.prepare_payload();
        http::async_write(
            socket_, answer_,
            [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                if (!error && self->answer_.keep_alive()) self->read();
            });
    }

    Socket socket_;
    boost::beast::flat_buffer buffer_;
    http::request<http::string_body> request_;
    http::response<http::string_body> answer_;
};

void accept(asio::local::stream_protocol::acceptor& acceptor) {
    acceptor.async_accept([&acceptor](boost::system::error_code error, Socket socket) {
        if (error) return;
        std::make_shared<Connection>(std::move(socket))->read();
        accept(acceptor);
    });
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: bare_beast SOCKET\n", stderr);
        return 2;
    }
    asio::io_context io(1);
    asio::signal_set signals(io, SIGTERM, SIGINT);
    signals.async_wait([&io](boost::system::error_code, int) { io.stop(); });
    asio::local::stream_protocol::acceptor acceptor(
        io, asio::local::stream_protocol::endpoint(argv[1]));
    accept(acceptor);
    io.run();
    return 0;
}
