#include "netcfg/monitor.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <variant>

namespace metalwright::netcfg {
namespace {

constexpr std::size_t datagram_bytes = 65536;
// What the smallest notification costs in the receive buffer, or less.
constexpr std::size_t notification_bytes = 256;

std::unexpected<Error> io(std::string what, int error) {
    return fail(Errc::io, std::move(what) + ": " + std::generic_category().message(error),
                "netlink monitor", error);
}

bool is_no_link_change(const Change& change) {
    return !std::holds_alternative<LinkChange>(change);
}

}  // namespace

Monitor::Monitor(sys::Fd fd, std::size_t receive_bytes)
    : fd_(std::move(fd)), receive_bytes_(receive_bytes), buffer_(datagram_bytes) {}

Result<Monitor> Monitor::open(int receive_bytes) {
    sys::Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!fd) return io("cannot open a netlink socket", errno);
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_bytes, sizeof receive_bytes) <
        0)
        ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    int granted = 0;
    socklen_t size = sizeof granted;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &granted, &size) < 0)
        return io("cannot read the netlink buffer's size", errno);

    sockaddr_nl self{};
    self.nl_family = AF_NETLINK;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&self), sizeof self) < 0)
        return io("cannot bind a netlink socket", errno);
    for (const int group :
         {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
          RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, RTNLGRP_TC})
        if (::setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
            return io("cannot listen to netlink group " + std::to_string(group), errno);
    return Monitor(std::move(fd), static_cast<std::size_t>(granted));
}

std::vector<Change> Monitor::know(std::span<const Link> links) {
    std::vector<Change> changes;
    note_links(links, known_, changes);
    return changes;
}

Result<Changes> Monitor::read() {
    Changes changes;
    std::size_t most = most_datagrams;
    const auto overflowed = [&] {
        changes.overflow = true;
        most = receive_bytes_ / notification_bytes + most_datagrams;
    };
    for (std::size_t datagrams = 0; datagrams < most; ++datagrams) {
        sockaddr_nl from{};
        iovec part{buffer_.data(), buffer_.size()};
        msghdr header{};
        header.msg_name = &from;
        header.msg_namelen = sizeof from;
        header.msg_iov = &part;
        header.msg_iovlen = 1;
        const ssize_t size = ::recvmsg(fd_.get(), &header, 0);
        if (size < 0) {
            if (errno == EAGAIN) break;
            if (errno == ENOBUFS)
                overflowed();
            else if (errno != EINTR)
                return io("cannot read the kernel's notifications", errno);
            continue;
        }
        if (from.nl_pid != 0) continue;  // not the kernel
        const std::span<const std::byte> datagram =
            std::span<const std::byte>(buffer_).first(static_cast<std::size_t>(size));
        if ((header.msg_flags & MSG_TRUNC) != 0 || !decode_changes(datagram, known_, changes.list))
            overflowed();
        if (changes.overflow) std::erase_if(changes.list, is_no_link_change);
    }
    return changes;
}

}  // namespace metalwright::netcfg
