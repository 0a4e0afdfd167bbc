#include "lab.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>

namespace metalwright::netcfg {
namespace {

socklen_t fill(const Address& address, std::uint16_t port, sockaddr_storage& storage) {
    if (address.v6) {
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(port);
        std::memcpy(&six.sin6_addr, address.bytes.data(), 16);
        std::memcpy(&storage, &six, sizeof six);
        return sizeof six;
    }
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    std::memcpy(&four.sin_addr, address.bytes.data(), 4);
    std::memcpy(&storage, &four, sizeof four);
    return sizeof four;
}

}  // namespace

Udp::Udp(bool v6) : fd_(::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}

bool Udp::bind(const Address& address, std::uint16_t port) {
    sockaddr_storage storage{};
    const socklen_t size = fill(address, port, storage);
    return ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&storage), size) == 0;
}

std::optional<Address> Udp::source_towards(const Address& address, std::uint16_t port) {
    sockaddr_storage storage{};
    socklen_t size = fill(address, port, storage);
    if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&storage), size) != 0)
        return std::nullopt;
    size = sizeof storage;
    if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0)
        return std::nullopt;
    Address source{.v6 = storage.ss_family == AF_INET6};
    if (source.v6)
        std::memcpy(source.bytes.data(), &reinterpret_cast<sockaddr_in6*>(&storage)->sin6_addr, 16);
    else
        std::memcpy(source.bytes.data(), &reinterpret_cast<sockaddr_in*>(&storage)->sin_addr, 4);
    return source;
}

bool Udp::send(const Address& address, std::uint16_t port) {
    sockaddr_storage storage{};
    const socklen_t size = fill(address, port, storage);
    return ::sendto(fd_.get(), "hello", 5, 0, reinterpret_cast<const sockaddr*>(&storage), size) ==
           5;
}

bool Udp::receive() {
    pollfd ready{fd_.get(), POLLIN, 0};
    if (::poll(&ready, 1, 2000) != 1) return false;
    char text[16];
    return ::recv(fd_.get(), text, sizeof text, 0) == 5;
}

Listener::Listener(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage storage{};
    const socklen_t size = fill(Address{}, port, storage);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&storage), size), 0);
    EXPECT_EQ(::listen(fd_.get(), 8), 0);
}

}  // namespace metalwright::netcfg
