// What the kernel itself takes for the work of netcfg: raw rtnetlink, nothing allocated or looked
// up that is not needed. One command a line on stdin, one line of numbers for each on stdout; bench
// net drives it.
#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/clocks.hpp"

namespace {

using metalwright::bench::Clocks;

constexpr std::size_t batch_bytes = 65536;
constexpr std::uint8_t protocol = 77;

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

/// An address as the kernel has it: 4 or 16 bytes, in network order.
using Bytes = std::array<std::uint8_t, 16>;

/// The `index`-th address of a bench: 10.201.0.1 on, or fd00:201::1 on. As in network.py.
Bytes nth(bool v6, std::uint32_t index) {
    const std::uint32_t number = index + 1;
    Bytes bytes{};
    if (v6) {
        bytes = {0xfd, 0x00, 0x02, 0x01};
        for (unsigned i = 0; i < 4; ++i)
            bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    } else {
        const std::uint32_t address = htonl((10U << 24 | 201U << 16) + number);
        std::memcpy(bytes.data(), &address, 4);
    }
    return bytes;
}

template <class Header>
struct Request {
    nlmsghdr head{};
    Header body{};
    std::array<std::byte, 96> attributes{};

    Request(std::uint16_t type, int flags) {
        head.nlmsg_type = type;
        head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
        head.nlmsg_len = NLMSG_LENGTH(sizeof body);
    }
    void put(std::uint16_t type, const void* data, std::size_t size) {
        rtattr attribute{static_cast<unsigned short>(RTA_LENGTH(size)), type};
        std::byte* at = attributes.data() + (head.nlmsg_len - NLMSG_LENGTH(sizeof body));
        std::memcpy(at, &attribute, sizeof attribute);
        std::memcpy(at + RTA_LENGTH(0), data, size);
        head.nlmsg_len += static_cast<std::uint32_t>(RTA_SPACE(size));
    }
    void append_to(std::vector<std::byte>& out) const {
        const auto* bytes = reinterpret_cast<const std::byte*>(this);
        out.insert(out.end(), bytes, bytes + head.nlmsg_len);
    }
};

class Kernel {
 public:
    explicit Kernel(const char* nic)
        : nic_(static_cast<int>(::if_nametoindex(nic))),
          fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
        const int on = 1;
        const int bytes = 16 << 20;
        if (fd_ < 0 || nic_ == 0) die("net_floor");
        ::setsockopt(fd_, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
        ::setsockopt(fd_, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
        if (::setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
            die("net_floor: SO_RCVBUFFORCE");
    }

    /// Adds or removes `count` addresses (/32, /128), or local routes, one ack each.
    void change(bool add, bool route, bool v6, std::uint32_t count) {
        out_.clear();
        std::uint32_t in_batch = 0;
        for (std::uint32_t i = 0; i < count; ++i) {
            const std::size_t before = out_.size();
            route ? put_route(add, v6, nth(v6, i)) : put_address(add, v6, nth(v6, i));
            ++in_batch;
            if (out_.size() + (out_.size() - before) > batch_bytes || i + 1 == count) {
                send();
                take_acks(in_batch);
                in_batch = 0;
            }
        }
    }

    /// How many of the `count` addresses of a bench the NIC lacks: one dump, sorted, merged.
    std::size_t missing(bool v6, std::uint32_t count) {
        seen_.clear();
        dump(v6, [&](const Bytes& address) { seen_.push_back(address); });
        std::sort(seen_.begin(), seen_.end());
        std::size_t lacking = 0;
        for (std::uint32_t i = 0; i < count; ++i)
            if (!std::binary_search(seen_.begin(), seen_.end(), nth(v6, i))) ++lacking;
        return lacking;
    }

    /// How many addresses with our length the NIC has.
    std::size_t present(bool v6) {
        std::size_t found = 0;
        dump(v6, [&](const Bytes&) { ++found; });
        return found;
    }

 private:
    void put_address(bool add, bool v6, const Bytes& address) {
        Request<ifaddrmsg> request(add ? RTM_NEWADDR : RTM_DELADDR,
                                   NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_EXCL : 0));
        request.body.ifa_family = v6 ? AF_INET6 : AF_INET;
        request.body.ifa_prefixlen = v6 ? 128 : 32;
        request.body.ifa_flags = v6 && add ? IFA_F_NODAD : 0;
        request.body.ifa_index = static_cast<std::uint32_t>(nic_);
        request.put(IFA_LOCAL, address.data(), v6 ? 16 : 4);
        request.append_to(out_);
    }

    void put_route(bool add, bool v6, const Bytes& address) {
        Request<rtmsg> request(add ? RTM_NEWROUTE : RTM_DELROUTE,
                               NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_EXCL : 0));
        request.body.rtm_family = v6 ? AF_INET6 : AF_INET;
        request.body.rtm_dst_len = v6 ? 128 : 32;
        request.body.rtm_table = RT_TABLE_LOCAL;
        request.body.rtm_protocol = protocol;
        request.body.rtm_scope = add ? RT_SCOPE_HOST : RT_SCOPE_NOWHERE;
        request.body.rtm_type = RTN_LOCAL;
        request.put(RTA_DST, address.data(), v6 ? 16 : 4);
        request.put(RTA_OIF, &nic_, sizeof nic_);
        request.append_to(out_);
    }

    void send() {
        if (::send(fd_, out_.data(), out_.size(), 0) < 0) die("net_floor: send");
        out_.clear();
    }

    template <class Take>
    void receive(Take take) {
        const ssize_t size = ::recv(fd_, in_.data(), in_.size(), 0);
        if (size < 0) die("net_floor: recv");
        for (std::size_t at = 0; at + NLMSG_HDRLEN <= static_cast<std::size_t>(size);) {
            const auto* message = reinterpret_cast<const nlmsghdr*>(in_.data() + at);
            take(*message);
            at += NLMSG_ALIGN(message->nlmsg_len);
        }
    }

    void take_acks(std::uint32_t count) {
        while (count > 0)
            receive([&](const nlmsghdr& message) {
                nlmsgerr body;
                std::memcpy(&body, NLMSG_DATA(&message), sizeof body);
                if (message.nlmsg_type != NLMSG_ERROR || body.error != 0) {
                    std::cerr << "net_floor: the kernel answered " << body.error << '\n';
                    std::exit(1);
                }
                --count;
            });
    }

    template <class Take>
    void dump(bool v6, Take take) {
        Request<ifaddrmsg> request(RTM_GETADDR, NLM_F_DUMP);
        request.body.ifa_family = v6 ? AF_INET6 : AF_INET;
        request.body.ifa_index = static_cast<std::uint32_t>(nic_);
        request.append_to(out_);
        send();
        bool done = false;
        while (!done)
            receive([&](const nlmsghdr& message) {
                done = message.nlmsg_type == NLMSG_DONE;
                if (message.nlmsg_type != RTM_NEWADDR) return;
                const auto* body = static_cast<const ifaddrmsg*>(NLMSG_DATA(&message));
                if (body->ifa_prefixlen != (v6 ? 128 : 32)) return;
                const auto* bytes = reinterpret_cast<const std::byte*>(&message);
                for (std::size_t at = NLMSG_LENGTH(sizeof *body); at < message.nlmsg_len;) {
                    const auto* attribute = reinterpret_cast<const rtattr*>(bytes + at);
                    if (attribute->rta_type == (v6 ? IFA_ADDRESS : IFA_LOCAL)) {
                        Bytes address{};
                        std::memcpy(address.data(), RTA_DATA(attribute), v6 ? 16 : 4);
                        take(address);
                        break;
                    }
                    at += RTA_ALIGN(std::size_t{attribute->rta_len});
                }
            });
    }

    int nic_;
    int fd_;
    std::vector<std::byte> out_;
    std::vector<std::byte> in_ = std::vector<std::byte>(1 << 16);
    std::vector<Bytes> seen_;
};

/// When the kernel last told of an IPv4 address that went, and of one that came.
class Watch {
 public:
    using Clock = std::chrono::steady_clock;

    Watch() : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
        sockaddr_nl self{};
        self.nl_family = AF_NETLINK;
        self.nl_groups = RTMGRP_IPV4_IFADDR;
        const int bytes = 16 << 20;
        const timeval patience{.tv_sec = 0, .tv_usec = 20'000};
        if (fd_ < 0 || ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0 ||
            ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
            ::bind(fd_, reinterpret_cast<const sockaddr*>(&self), sizeof self) < 0)
            die("net_floor: monitor");
        reader_ = std::jthread([this](const std::stop_token& stop) { read(stop); });
    }
    ~Watch() {
        end();
        ::close(fd_);
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    /// Milliseconds from the last deletion to the last addition, once nothing more is told.
    double back_after() {
        end();
        return std::chrono::duration<double, std::milli>(came_ - went_).count();
    }

 private:
    void end() {
        reader_.request_stop();
        if (reader_.joinable()) reader_.join();
    }

    /// Each notification is a datagram of its own.
    void read(const std::stop_token& stop) {
        std::array<std::byte, 8192> message;
        for (;;) {
            const ssize_t size = ::recv(fd_, message.data(), message.size(), 0);
            if (size < 0 && errno != EAGAIN && errno != EINTR) die("net_floor: monitor");
            if (size < 0 && stop.stop_requested()) return;
            if (size < static_cast<ssize_t>(NLMSG_HDRLEN)) continue;
            const auto type = reinterpret_cast<const nlmsghdr*>(message.data())->nlmsg_type;
            if (type == RTM_DELADDR) went_ = Clock::now();
            if (type == RTM_NEWADDR) came_ = Clock::now();
        }
    }

    int fd_;
    Clock::time_point went_{};
    Clock::time_point came_{};
    std::jthread reader_;
};

/// Somebody flushes the NIC while its keeper runs; microseconds until the last address is back.
std::size_t flushed(Kernel& kernel, const std::string& nic, std::uint32_t count) {
    Watch watch;
    if (std::system(("ip addr flush dev " + nic).c_str()) != 0) die("net_floor: ip addr flush");
    while (kernel.present(false) != count)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return static_cast<std::size_t>(std::max(0.0, watch.back_after() * 1000));
}

}  // namespace

/// usage: net_floor NIC; then "add|del address|route 4|6 COUNT", "missing 4|6 COUNT", "until 4|6
/// COUNT" (waits until so many are there), "flushed 4 COUNT" (see flushed()). Each answers "WALL_MS
/// CPU_MS RESULT".
int main(int argc, char** argv) {
    if (argc != 2) return 2;
    Kernel kernel(argv[1]);
    std::string line;
    while (std::getline(std::cin, line)) {
        std::istringstream words(line);
        std::string verb, what;
        int family = 0;
        std::uint32_t count = 0;
        words >> verb;
        const bool change = verb == "add" || verb == "del";
        if (change) words >> what;
        if (!(words >> family >> count)) return 2;
        const bool v6 = family == 6;
        const Clocks begin = Clocks::now();
        std::size_t result = 0;
        if (change)
            kernel.change(verb == "add", what == "route", v6, count);
        else if (verb == "flushed")
            result = flushed(kernel, argv[1], count);
        else if (verb == "missing")
            result = kernel.missing(v6, count);
        else
            while ((result = kernel.present(v6)) != count)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
        std::cout << Clocks::now() - begin << ' ' << result << std::endl;
    }
}
