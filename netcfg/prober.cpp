#include "netcfg/prober.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <span>
#include <system_error>

#include "sys/fd.hpp"

namespace metalwright::netcfg {
namespace {

using Clock = std::chrono::steady_clock;
using Mac = std::array<std::uint8_t, 6>;

/// A question that was lost is asked again so often within the bound.
constexpr std::chrono::milliseconds ask_again{500};

std::unexpected<Error> io(const std::string& what, const std::string& nic) {
    return fail(Errc::io, what + ": " + std::generic_category().message(errno), nic, errno);
}

Mac mac_of(const Link& nic) {
    Mac mac{};
    const std::string& text = nic.mac;
    for (std::size_t i = 0; i < mac.size() && i * 3 + 2 <= text.size(); ++i)
        std::from_chars(text.data() + i * 3, text.data() + i * 3 + 2, mac[i], 16);
    return mac;
}

/// Sends with `send`, then reads datagrams until `is_answer` takes one.
template <class Send, class IsAnswer>
Result<void> converse(const sys::Fd& fd, std::chrono::milliseconds within, const Send& send,
                      const IsAnswer& is_answer, const Error& silence) {
    const auto end = Clock::now() + within;
    auto next = Clock::now();
    for (auto now = next; now < end; now = Clock::now()) {
        if (now >= next) {
            if (Result<void> sent = send(); !sent) return sent;
            next = now + ask_again;
        }
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(std::min(next, end) - now);
        pollfd ready{fd.get(), POLLIN, 0};
        if (::poll(&ready, 1, static_cast<int>(left.count()) + 1) <= 0) continue;
        std::array<std::byte, 512> datagram{};
        const ssize_t size = ::recv(fd.get(), datagram.data(), datagram.size(), MSG_DONTWAIT);
        if (size > 0 && is_answer(std::span(datagram).first(static_cast<std::size_t>(size))))
            return {};
    }
    return std::unexpected(silence);
}

Error silent(const Probe& probe, const Link& nic) {
    return {Errc::timed_out,
            "the gateway " + probe.gateway.text() + " did not answer within " +
                std::to_string(probe.guard.within.count()) + " ms",
            nic.name};
}

/// RFC 826 over Ethernet, without its link-layer header.
struct ArpPacket {
    std::uint16_t hardware = htons(ARPHRD_ETHER);
    std::uint16_t protocol = htons(ETH_P_IP);
    std::uint8_t hardware_size = 6;
    std::uint8_t protocol_size = 4;
    std::uint16_t operation = htons(ARPOP_REQUEST);
    Mac sender_mac{};
    std::array<std::uint8_t, 4> sender{};
    Mac target_mac{};
    std::array<std::uint8_t, 4> target{};
};
static_assert(sizeof(ArpPacket) == 28);

std::array<std::uint8_t, 4> v4_bytes(const Address& address) {
    return {address.bytes[0], address.bytes[1], address.bytes[2], address.bytes[3]};
}

Result<void> ask_by_arp(const Probe& probe, const Link& nic) {
    const sys::Fd fd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ARP)));
    if (!fd) return io("cannot open a packet socket", nic.name);
    sockaddr_ll wire{};
    wire.sll_family = AF_PACKET;
    wire.sll_protocol = htons(ETH_P_ARP);
    wire.sll_ifindex = probe.ifindex;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&wire), sizeof wire) < 0)
        return io("cannot listen for ARP", nic.name);
    wire.sll_halen = 6;
    std::memset(wire.sll_addr, 0xff, 6);

    ArpPacket question;
    question.sender_mac = mac_of(nic);
    question.sender = v4_bytes(probe.source);
    question.target = v4_bytes(probe.gateway);
    const auto send = [&]() -> Result<void> {
        if (::sendto(fd.get(), &question, sizeof question, 0,
                     reinterpret_cast<const sockaddr*>(&wire), sizeof wire) < 0)
            return io("cannot send an ARP request", nic.name);
        return {};
    };
    const auto is_answer = [&](std::span<const std::byte> datagram) {
        ArpPacket answer;
        if (datagram.size() < sizeof answer) return false;
        std::memcpy(&answer, datagram.data(), sizeof answer);
        return answer.operation == htons(ARPOP_REPLY) && answer.sender == question.target;
    };
    return converse(fd, probe.guard.within, send, is_answer, silent(probe, nic));
}

Result<void> ask_by_solicitation(const Probe& probe, const Link& nic) {
    const sys::Fd fd(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6));
    if (!fd) return io("cannot open an ICMPv6 socket", nic.name);
    const int hops = 255;  // anything less is dropped: RFC 4861, 7.1
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops);
    icmp6_filter only{};
    ICMP6_FILTER_SETBLOCKALL(&only);
    ICMP6_FILTER_SETPASS(ND_NEIGHBOR_ADVERT, &only);
    ::setsockopt(fd.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &only, sizeof only);
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, nic.name.data(),
                     static_cast<socklen_t>(nic.name.size())) < 0)
        return io("cannot speak on the NIC", nic.name);

    struct Question {
        nd_neighbor_solicit head;
        nd_opt_hdr option;
        Mac mac;
    } question{};
    static_assert(sizeof(Question) == 32);
    question.head.nd_ns_type = ND_NEIGHBOR_SOLICIT;
    std::memcpy(&question.head.nd_ns_target, probe.gateway.bytes.data(), 16);
    question.option = {ND_OPT_SOURCE_LINKADDR, 1};
    question.mac = mac_of(nic);

    sockaddr_in6 group{};  // solicited-node multicast: RFC 4291, 2.7.1
    group.sin6_family = AF_INET6;
    group.sin6_scope_id = static_cast<std::uint32_t>(probe.ifindex);
    group.sin6_addr.s6_addr[0] = 0xff;
    group.sin6_addr.s6_addr[1] = 0x02;
    group.sin6_addr.s6_addr[11] = 0x01;
    group.sin6_addr.s6_addr[12] = 0xff;
    for (std::size_t i = 13; i < 16; ++i) group.sin6_addr.s6_addr[i] = probe.gateway.bytes[i];

    const auto send = [&]() -> Result<void> {
        if (::sendto(fd.get(), &question, sizeof question, 0,
                     reinterpret_cast<const sockaddr*>(&group), sizeof group) < 0)
            return io("cannot send a neighbour solicitation", nic.name);
        return {};
    };
    const auto is_answer = [&](std::span<const std::byte> datagram) {
        nd_neighbor_advert answer;
        if (datagram.size() < sizeof answer) return false;
        std::memcpy(&answer, datagram.data(), sizeof answer);
        return std::memcmp(&answer.nd_na_target, probe.gateway.bytes.data(), 16) == 0;
    };
    return converse(fd, probe.guard.within, send, is_answer, silent(probe, nic));
}

socklen_t to_sockaddr(const Address& address, std::uint16_t port, sockaddr_storage& out) {
    out = {};
    if (!address.v6) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(out);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(&v4.sin_addr, address.bytes.data(), 4);
        return sizeof v4;
    }
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, address.bytes.data(), 16);
    return sizeof v6;
}

Result<void> reach(const Endpoint& endpoint, const Probe& probe, const Link& nic) {
    const std::string name = endpoint.address.text() + " port " + std::to_string(endpoint.port);
    const sys::Fd fd(::socket(endpoint.address.v6 ? AF_INET6 : AF_INET,
                              SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return io("cannot open a socket", nic.name);
    sockaddr_storage address;
    if (endpoint.address.v6 == probe.source.v6) {
        const socklen_t size = to_sockaddr(probe.source, 0, address);
        if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) < 0)
            return io("cannot speak from " + probe.source.text(), nic.name);
    }
    const socklen_t size = to_sockaddr(endpoint.address, endpoint.port, address);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) < 0 &&
        errno != EINPROGRESS)
        return io("cannot reach " + name, nic.name);
    pollfd ready{fd.get(), POLLOUT, 0};
    if (::poll(&ready, 1, static_cast<int>(probe.guard.within.count())) <= 0)
        return fail(
            Errc::timed_out,
            name + " did not answer within " + std::to_string(probe.guard.within.count()) + " ms",
            nic.name);
    int error = 0;
    socklen_t error_size = sizeof error;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &error_size);
    if (error != 0)
        return fail(Errc::unavailable,
                    "cannot reach " + name + ": " + std::generic_category().message(error),
                    nic.name, error);
    return {};
}

}  // namespace

Result<void> SocketProber::ask(const Probe& probe, const Link& nic) {
    const Result<void> gateway =
        probe.gateway.v6 ? ask_by_solicitation(probe, nic) : ask_by_arp(probe, nic);
    if (!gateway) return gateway;
    for (const Endpoint& endpoint : probe.guard.reach)
        if (Result<void> reached = reach(endpoint, probe, nic); !reached) return reached;
    return {};
}

}  // namespace metalwright::netcfg
