#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iterator>
#include <system_error>

#include "netcfg/rtnl.hpp"
#include "netcfg/rtnl_decode.hpp"
#include "netcfg/rtnl_encode.hpp"

namespace metalwright::netcfg {
namespace {

constexpr std::size_t batch_bytes = 65536;
constexpr int receive_bytes = 4 * 1024 * 1024;  // the kernel doubles it
constexpr std::size_t ack_bytes = 2048;  // an ack's cost in that buffer: 832, more with a text
// What changes while it is read has to be read again. Thousands of new IPv6 addresses keep the
// kernel changing them for a second and more after it has taken them all (a work item for each).
constexpr auto longest_reading = std::chrono::seconds(10);
constexpr int longest_pause = 64;  // ms, between two readings; 1 at first

std::string errno_text(int error) {
    return std::generic_category().message(error);
}

std::unexpected<Error> io(std::string what, int error) {
    return fail(Errc::io, std::move(what) + ": " + errno_text(error), "netlink", error);
}

bool already_so(const KernelOp& op, int error) {
    if (std::holds_alternative<AddAddress>(op) || std::holds_alternative<AddRoute>(op) ||
        std::holds_alternative<AddRule>(op))
        return error == EEXIST;
    if (std::holds_alternative<RemoveAddress>(op)) return error == EADDRNOTAVAIL;
    if (std::holds_alternative<RemoveRoute>(op)) return error == ESRCH;
    if (std::holds_alternative<RemoveRule>(op)) return error == ENOENT;
    if (std::holds_alternative<RemoveLink>(op)) return error == ENODEV;
    if (const auto* shaping = std::get_if<ShapingOp>(&op)) {
        if (std::holds_alternative<RemoveShaper>(*shaping)) return error == ENOENT;
        if (std::holds_alternative<RemoveIfb>(*shaping)) return error == ENODEV;
    }
    return false;
}

Result<void> result_of(const KernelOp& op, const Ack& ack) {
    if (ack.error == 0 || already_so(op, ack.error)) return {};
    return fail(Errc::kernel_refused,
                "the kernel refused to " + describe(op) + ": " +
                    (ack.text.empty() ? errno_text(ack.error) : ack.text),
                {}, ack.error);
}

/// What is asked for a complete picture; without IPv6 in the kernel its dumps are just empty.
constexpr std::array<Dump, 7> everything{{
    {.what = Dump::What::links},
    {.what = Dump::What::addresses},
    {.what = Dump::What::routes, .v6 = false, .table = RT_TABLE_MAIN},
    {.what = Dump::What::routes, .v6 = false, .table = RT_TABLE_LOCAL},
    {.what = Dump::What::routes, .v6 = true, .table = RT_TABLE_MAIN},
    {.what = Dump::What::routes, .v6 = true, .table = RT_TABLE_LOCAL},
    {.what = Dump::What::rules},
}};

bool means_empty(const Dump& dump, int error) {
    // A kernel without traffic control: what is asked of it will say so, and nothing else suffers.
    if (dump.what == Dump::What::qdiscs || dump.what == Dump::What::ingress_filters)
        return error == EOPNOTSUPP;
    return dump.what >= Dump::What::routes &&
           (error == ENOENT || error == EAFNOSUPPORT || error == EOPNOTSUPP);
}

/// What a question is about, for whoever reads that it could not be answered.
std::string named(const Dump& dump) {
    switch (dump.what) {
        case Dump::What::links: return "links";
        case Dump::What::addresses: return "addresses";
        case Dump::What::routes:
            return (dump.v6 ? "IPv6" : "IPv4") + std::string(" routes of table ") +
                   std::to_string(dump.table);
        case Dump::What::rules: return "rules";
        case Dump::What::settings_of_all: return "settings";
        case Dump::What::qdiscs: return "qdiscs";
        case Dump::What::ingress_filters: return "filters";
    }
    return "links";
}

/// One message of a request: which op it belongs to and where it ends.
struct Message {
    std::size_t op;
    std::size_t end;
    std::uint32_t seq;
};

std::size_t end_of_message(std::span<const std::byte> request, std::size_t begin) {
    std::uint32_t length = 0;  // the first field of nlmsghdr
    std::memcpy(&length, request.data() + begin, sizeof length);
    return begin + NLMSG_ALIGN(length);
}

/// The kernel tells of what it refuses unasked, and does a request's messages in order: once the
/// last one is answered, silence about another means that it was done. An answer for each would
/// take a tenth of the time of adding an address.
void ask_for_the_last_answer(std::span<std::byte> request, std::size_t begin,
                             std::span<const Message> batch) {
    for (const Message& message : batch.first(batch.size() - 1)) {
        nlmsghdr header;
        std::memcpy(&header, request.data() + begin, sizeof header);
        header.nlmsg_flags &= static_cast<std::uint16_t>(~NLM_F_ACK);
        std::memcpy(request.data() + begin, &header, sizeof header);
        begin = message.end;
    }
}

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
    if (to.empty()) return to.swap(from);
    std::ranges::move(from, std::back_inserter(to));
}

}  // namespace

Result<RtnlSocket> RtnlSocket::open() {
    sys::Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!fd) return io("cannot open a netlink socket", errno);
    const int on = 1;
    // Each of these only makes answers better; an older kernel without them still answers.
    for (const int option : {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK})
        ::setsockopt(fd.get(), SOL_NETLINK, option, &on, sizeof on);
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_bytes, sizeof receive_bytes) <
        0)
        ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    int granted = 0;
    socklen_t size = sizeof granted;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &granted, &size) < 0)
        return io("cannot read the netlink buffer's size", errno);
    const std::size_t most_acks =
        std::max<std::size_t>(16, static_cast<std::size_t>(granted) / ack_bytes);
    return RtnlSocket(std::move(fd), most_acks);
}

Result<void> RtnlSocket::send(std::span<const std::byte> request) {
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    ssize_t sent = 0;
    do {
        sent = ::sendto(fd_.get(), request.data(), request.size(), 0,
                        reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) return io("cannot send to the kernel", errno);
    return {};
}

Result<Observed> RtnlSocket::dump() {
    return dump(std::uint8_t{0});
}

Result<Observed> RtnlSocket::dump_without_foreign_local() {
    return dump(our_protocol);
}

Result<Observed> RtnlSocket::dump(std::uint8_t local_protocol) {
    Observed all;
    for (Dump question : everything) {
        if (question.table == RT_TABLE_LOCAL) question.protocol = local_protocol;
        if (Result<void> heard = ask(question, all); !heard) return std::unexpected(heard.error());
    }
    return all;
}

Result<TrafficControl> RtnlSocket::dump_traffic_control() {
    Observed all;
    if (Result<void> heard = ask({.what = Dump::What::qdiscs}, all); !heard)
        return std::unexpected(heard.error());
    const std::vector<Qdisc> qdiscs = all.traffic.qdiscs;
    for (const Qdisc& qdisc : qdiscs) {
        if (qdisc.parent != TC_H_INGRESS || qdisc.kind != "ingress") continue;
        if (Result<void> heard =
                ask({.what = Dump::What::ingress_filters, .ifindex = qdisc.ifindex}, all);
            !heard)
            return std::unexpected(heard.error());
    }
    return std::move(all.traffic);
}

Result<void> RtnlSocket::dump_policy(std::span<const std::uint32_t> tables, Observed& into) {
    for (const std::uint32_t table : tables)
        for (const bool v6 : {false, true})
            if (Result<void> heard =
                    ask({.what = Dump::What::routes, .v6 = v6, .table = table}, into);
                !heard)
                return heard;
    return ask({.what = Dump::What::settings_of_all}, into);
}

Result<void> RtnlSocket::ask(const Dump& question, Observed& all) {
    const auto end = std::chrono::steady_clock::now() + longest_reading;
    for (int pause = 1; std::chrono::steady_clock::now() < end;
         pause = std::min(pause * 2, longest_pause)) {
        const std::uint32_t seq = seq_++;
        std::vector<std::byte> request;
        encode(question, seq, request);
        if (Result<void> sent = send(request); !sent) return sent;

        Observed part;
        part.rp_filter_of_all = all.rp_filter_of_all;
        bool done = false;
        bool interrupted = false;
        while (!done) {
            const auto datagrams = inbox_.receive(fd_.get(), 1);
            if (!datagrams) return std::unexpected(datagrams.error());
            Result<Answer> answer = decode(datagrams->front(), seq, part);
            if (!answer) return std::unexpected(answer.error());
            interrupted = interrupted || answer->interrupted;
            int error = answer->dump_error;
            for (const Ack& ack : answer->acks)
                if (ack.seq == seq) {
                    error = ack.error;
                    done = true;
                }
            done = done || answer->done;
            if (error != 0 && !means_empty(question, error))
                return fail(Errc::kernel_refused,
                            "the kernel refused to list the network: " + errno_text(error),
                            "netlink", error);
        }
        if (interrupted) {
            ::poll(nullptr, 0, pause);
            continue;
        }
        append(all.links, part.links);
        append(all.addresses, part.addresses);
        append(all.routes, part.routes);
        append(all.rules, part.rules);
        append(all.traffic.qdiscs, part.traffic.qdiscs);
        append(all.traffic.filters, part.traffic.filters);
        all.rp_filter_of_all = part.rp_filter_of_all;
        return {};
    }
    return fail(
        Errc::busy,
        "the network changes faster than it can be read (" + named(question) + "); try again",
        "netlink");
}

std::vector<Result<void>> RtnlSocket::apply(std::span<const KernelOp> ops) {
    std::vector<Result<void>> results(ops.size());
    std::vector<std::byte> request;
    std::vector<Message> messages;
    for (std::size_t i = 0; i < ops.size(); ++i) {
        std::size_t end = request.size();
        encode(ops[i], seq_, request);
        for (; end < request.size(); ++seq_) {
            end = end_of_message(request, end);
            messages.push_back({i, end, seq_});
        }
    }

    std::size_t begin = 0;  // in request
    for (std::span<const Message> rest(messages); !rest.empty();) {
        std::size_t count = 1;
        while (count < rest.size() && count < most_acks_ && rest[count].end - begin <= batch_bytes)
            ++count;
        const std::span<const Message> batch = rest.first(count);
        rest = rest.subspan(count);

        ask_for_the_last_answer(request, begin, batch);
        std::vector<bool> refused(batch.size(), false);
        mutations_ += batch.size();
        const Result<void> heard = converse(
            std::span(request).subspan(begin, batch.back().end - begin), [&](const Ack& ack) {
                const std::uint32_t at = ack.seq - batch.front().seq;
                if (at >= batch.size()) return false;  // of an earlier batch
                refused[at] = true;
                Result<void>& result = results[batch[at].op];
                if (result) result = result_of(ops[batch[at].op], ack);
                return at + 1 == batch.size();
            });
        begin = batch.back().end;
        if (heard) continue;
        for (std::size_t at = 0; at < batch.size(); ++at)
            if (!refused[at]) results[batch[at].op] = heard;
    }
    return results;
}

template <class OnAck>
Result<void> RtnlSocket::converse(std::span<const std::byte> request, OnAck is_last) {
    if (Result<void> sent = send(request); !sent) return sent;
    Observed nothing;
    for (bool done = false; !done;) {
        const auto datagrams = inbox_.receive(fd_.get(), RtnlInbox::most_acks);
        if (!datagrams) return std::unexpected(datagrams.error());
        for (const RtnlInbox::Datagram& datagram : *datagrams) {
            Result<Answer> answer = decode(datagram, 0, nothing);
            if (!answer) return std::unexpected(answer.error());
            for (const Ack& ack : answer->acks) done = is_last(ack) || done;
        }
    }
    return {};
}

}  // namespace metalwright::netcfg
