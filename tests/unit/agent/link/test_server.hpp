#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bn.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/agent/link/test_ca.hpp"

namespace metalwright::agent::link {

/// One request as the server got it; header names in lower case.
struct Seen {
    std::string method{};
    std::string target{};
    std::map<std::string, std::string> headers{};
    std::string body{};
    int connection = 0;  ///< counted from 1
    std::string peer{};  ///< serial number of the client's certificate; empty: it showed none

    std::string header(const std::string& name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? "" : found->second;
    }
};

/// What the server does with it.
struct Act {
    std::string bytes{};  ///< written as they are
    bool close = false;   ///< then the connection is closed
    bool hang = false;    ///< then nothing more until the server ends
    bool drip = false;    ///< a byte each few milliseconds
};

inline Act answer(unsigned status, const std::string& body = "", const std::string& headers = "") {
    return {.bytes =
                "HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers +
                (status == 304 ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") +
                "\r\n" + (status == 304 ? "" : body)};
}

/// An HTTP server on 127.0.0.1 whose every answer the test decides, byte for byte; with TLS when it
/// has an identity, asking for a client certificate when it has a client authority.
class TestServer {
 public:
    using Decide = std::function<Act(const Seen&)>;

    explicit TestServer(Decide decide, const Identity* identity = nullptr, X509* clients = nullptr,
                        int version = 0, bool clients_must = true, const std::string& revoked = "")
        : decide_(std::move(decide)) {
        std::signal(SIGPIPE, SIG_IGN);  // SSL_write has no MSG_NOSIGNAL
        if (identity != nullptr) {
            context_ = SSL_CTX_new(TLS_server_method());
            SSL_CTX_use_certificate(context_, identity->certificate);
            SSL_CTX_use_PrivateKey(context_, identity->key);
            if (version != 0) SSL_CTX_set_max_proto_version(context_, version);
            if (version != 0 && version < TLS1_2_VERSION) SSL_CTX_set_security_level(context_, 0);
            if (clients != nullptr) {
                X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), clients);
                SSL_CTX_set_verify(
                    context_,
                    SSL_VERIFY_PEER | (clients_must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                    nullptr);
            }
        }
        if (!revoked.empty()) {  // a CRL, PEM
            BIO* in = BIO_new_mem_buf(revoked.data(), static_cast<int>(revoked.size()));
            X509_CRL* list = PEM_read_bio_X509_CRL(in, nullptr, nullptr, nullptr);
            BIO_free(in);
            X509_STORE_add_crl(SSL_CTX_get_cert_store(context_), list);
            X509_STORE_set_flags(SSL_CTX_get_cert_store(context_), X509_V_FLAG_CRL_CHECK);
            X509_CRL_free(list);
        }
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        (void)::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
        ::listen(listener_, 64);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = std::to_string(ntohs(address.sin_port));
        thread_ = std::thread([this] { accept(); });
    }
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;
    ~TestServer() {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
            for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
        }
        changed_.notify_all();
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        for (std::thread& one : connections_) one.join();
        ::close(listener_);
        SSL_CTX_free(context_);
    }

    /// Who it is from the next connection on; those that are there end, as where it is restarted.
    void become(const Identity& identity) {
        SSL_CTX_use_certificate(context_, identity.certificate);
        SSL_CTX_use_PrivateKey(context_, identity.key);
        drop();
    }

    /// Ends all connections.
    void drop() {
        const std::lock_guard lock(mutex_);
        for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }

    const std::string& port() const { return port_; }
    std::string url() const {
        return (context_ != nullptr ? "https://127.0.0.1:" : "http://127.0.0.1:") + port_;
    }

    std::vector<Seen> seen() const {
        const std::lock_guard lock(mutex_);
        return seen_;
    }

    /// Waits until `enough` of what was seen; false after a minute.
    bool wait_for(const std::function<bool(const std::vector<Seen>&)>& enough) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return enough(seen_); });
    }
    bool wait_for(std::size_t count) {
        return wait_for([count](const std::vector<Seen>& all) { return all.size() >= count; });
    }

 private:
    struct Wire {
        int fd;
        SSL* ssl;
        ssize_t read(char* to, std::size_t size) const {
            return ssl != nullptr ? SSL_read(ssl, to, static_cast<int>(size))
                                  : ::recv(fd, to, size, 0);
        }
        void write(std::string_view bytes) const {
            while (!bytes.empty()) {
                const ssize_t n = ssl != nullptr
                                      ? SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size()))
                                      : ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
                if (n <= 0) return;
                bytes.remove_prefix(static_cast<std::size_t>(n));
            }
        }
    };

    void accept() {
        for (int number = 1;; ++number) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            const std::lock_guard lock(mutex_);
            if (fd < 0 || ending_) {
                if (fd >= 0) ::close(fd);
                return;
            }
            open_.push_back(fd);
            connections_.emplace_back([this, fd, number] { serve(fd, number); });
        }
    }

    void serve(int fd, int number) {
        SSL* ssl = nullptr;
        bool ready = true;
        if (context_ != nullptr) {
            ssl = SSL_new(context_);
            SSL_set_fd(ssl, fd);
            ready = SSL_accept(ssl) == 1;
        }
        if (ready) talk({fd, ssl}, number);
        SSL_free(ssl);
        const std::lock_guard lock(mutex_);
        std::erase(open_, fd);
        ::shutdown(fd, SHUT_RDWR);
        ::close(fd);
    }

    void talk(const Wire& wire, int number) {
        std::string unread;
        while (auto request = next(wire, unread)) {
            request->connection = number;
            request->peer = serial_of_peer(wire.ssl);
            const Act act = decide_(*request);
            {
                const std::lock_guard lock(mutex_);
                seen_.push_back(*request);
            }
            changed_.notify_all();
            if (act.drip) {
                for (const char& byte : act.bytes) {
                    wire.write({&byte, 1});
                    std::unique_lock lock(mutex_);
                    const bool ends = changed_.wait_for(lock, std::chrono::milliseconds(5),
                                                        [this] { return ending_; });
                    if (ends) return;
                }
            } else {
                wire.write(act.bytes);
            }
            if (act.hang) {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [this] { return ending_; });
            }
            if (act.close || act.hang) return;
        }
    }

    static std::string serial_of_peer(SSL* ssl) {
        X509* shown = ssl != nullptr ? SSL_get1_peer_certificate(ssl) : nullptr;
        if (shown == nullptr) return {};
        BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(shown), nullptr);
        char* hex = BN_bn2hex(number);
        std::string serial = hex;
        OPENSSL_free(hex);
        BN_free(number);
        X509_free(shown);
        return serial;
    }

    static std::optional<Seen> next(const Wire& wire, std::string& unread) {
        std::size_t end = std::string::npos;
        while ((end = unread.find("\r\n\r\n")) == std::string::npos) {
            if (!more(wire, unread)) return std::nullopt;
        }
        Seen request;
        const std::string head = unread.substr(0, end + 2);
        unread.erase(0, end + 4);
        request.method = head.substr(0, head.find(' '));
        const std::size_t start = head.find(' ') + 1;
        request.target = head.substr(start, head.find(' ', start) - start);
        for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
            const std::size_t line = head.find("\r\n", at);
            const std::size_t colon = head.find(": ", at);
            std::string name = head.substr(at, colon - at);
            std::transform(name.begin(), name.end(), name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
            request.headers[name] = head.substr(colon + 2, line - colon - 2);
            at = line + 2;
        }
        const std::string length = request.header("content-length");
        const std::size_t size = length.empty() ? 0 : std::stoul(length);
        while (unread.size() < size) {
            if (!more(wire, unread)) return std::nullopt;
        }
        request.body = unread.substr(0, size);
        unread.erase(0, size);
        return request;
    }

    static bool more(const Wire& wire, std::string& unread) {
        char chunk[8192];
        const ssize_t n = wire.read(chunk, sizeof chunk);
        if (n <= 0) return false;
        unread.append(chunk, static_cast<std::size_t>(n));
        return true;
    }

    Decide decide_;
    SSL_CTX* context_ = nullptr;
    int listener_ = -1;
    std::string port_{};
    mutable std::mutex mutex_{};
    std::condition_variable changed_{};
    bool ending_ = false;
    std::vector<int> open_{};
    std::vector<Seen> seen_{};
    std::list<std::thread> connections_{};
    std::thread thread_{};
};

}  // namespace metalwright::agent::link
