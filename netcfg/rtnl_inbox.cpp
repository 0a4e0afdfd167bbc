#include "netcfg/rtnl_inbox.hpp"

#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace metalwright::netcfg {
namespace {

constexpr std::size_t buffer_bytes = 65536;  // of a dump the kernel sends up to 32 KiB at once
constexpr int answer_timeout_ms = 10'000;

std::unexpected<Error> io(std::string what, int error) {
    return fail(Errc::io, std::move(what) + ": " + std::generic_category().message(error),
                "netlink", error);
}

Result<void> wait_for_answer(int fd) {
    while (true) {
        pollfd ready{fd, POLLIN, 0};
        const int polled = ::poll(&ready, 1, answer_timeout_ms);
        if (polled > 0) return {};
        if (polled == 0) return fail(Errc::timed_out, "the kernel did not answer", "netlink");
        if (errno != EINTR) return io("cannot wait for the kernel", errno);
    }
}

}  // namespace

Result<std::span<const RtnlInbox::Datagram>> RtnlInbox::receive(int fd, std::size_t most) {
    if (buffer_.empty()) buffer_.resize(buffer_bytes);
    most = std::clamp<std::size_t>(most, 1, most_acks);
    const std::size_t room = buffer_bytes / most;
    std::array<sockaddr_nl, most_acks> from;
    std::array<iovec, most_acks> parts;
    std::array<mmsghdr, most_acks> headers;
    datagrams_.clear();
    while (datagrams_.empty()) {
        for (std::size_t i = 0; i < most; ++i) {
            parts[i] = {buffer_.data() + i * room, room};
            headers[i] = {};
            headers[i].msg_hdr.msg_name = &from[i];
            headers[i].msg_hdr.msg_namelen = sizeof from[i];
            headers[i].msg_hdr.msg_iov = &parts[i];
            headers[i].msg_hdr.msg_iovlen = 1;
        }
        // The kernel has answered by the time it took the request: waiting is the exception.
        const int count =
            ::recvmmsg(fd, headers.data(), static_cast<unsigned>(most), MSG_DONTWAIT, nullptr);
        if (count < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) return io("cannot read the kernel's answer", errno);
            if (Result<void> waited = wait_for_answer(fd); !waited)
                return std::unexpected(waited.error());
            continue;
        }
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            if (from[i].nl_pid != 0) continue;  // not the kernel
            if ((headers[i].msg_hdr.msg_flags & MSG_TRUNC) != 0)
                return io("the kernel's answer is too long", EMSGSIZE);
            datagrams_.push_back(Datagram(buffer_).subspan(i * room, headers[i].msg_len));
        }
    }
    return datagrams_;
}

}  // namespace metalwright::netcfg
