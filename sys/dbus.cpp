#include "sys/dbus.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>

namespace metalwright::sys {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are put down as they are");

enum Type : char { method_call = 1, answer = 2, error_answer = 3 };
enum Field : char {
    object_path = 1,
    interface = 2,
    member = 3,
    error_name = 4,
    reply_serial = 5,
    body_signature = 8,
};
constexpr char little_endian = 'l';
constexpr char protocol_version = 1;
constexpr std::size_t header_alignment = 8;
constexpr std::size_t fixed_part = 16;  // up to and with the length of the fields
constexpr std::size_t largest = std::size_t{1} << 20;

std::size_t aligned(std::size_t size, std::size_t to) {
    return (size + to - 1) / to * to;
}

std::unexpected<Error> damaged() {
    return fail(Errc::io, "what came is no D-Bus message");
}

std::unexpected<Error> gone(int error) {
    return fail(Errc::io, "the D-Bus connection is gone", {}, error);
}

void put_field(DbusWriter& to, Field field, const char* type, std::string_view text) {
    to.structure();
    to.byte(field);
    to.signature(type);
    if (*type == 'g')
        to.signature(text);
    else
        to.string(text);
}

std::string marshal(const DbusCall& call, std::uint32_t serial) {
    DbusWriter out;
    for (const char byte : {little_endian, char{method_call}, '\0', protocol_version})
        out.byte(byte);
    out.uint32(static_cast<std::uint32_t>(call.arguments.bytes().size()));
    out.uint32(serial);
    const DbusWriter::Array fields = out.begin_array(header_alignment);
    put_field(out, object_path, "o", call.path);
    put_field(out, interface, "s", call.interface);
    put_field(out, member, "s", call.member);
    if (!call.signature.empty()) put_field(out, body_signature, "g", call.signature);
    out.end_array(fields);
    out.align(header_alignment);
    return out.bytes() + call.arguments.bytes();
}

}  // namespace

void DbusWriter::align(std::size_t to) {
    bytes_.resize(aligned(bytes_.size(), to), '\0');
}

void DbusWriter::uint32(std::uint32_t value) {
    align(sizeof value);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void DbusWriter::uint64(std::uint64_t value) {
    align(sizeof value);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void DbusWriter::string(std::string_view text) {
    uint32(static_cast<std::uint32_t>(text.size()));
    bytes_ += text;
    bytes_ += '\0';
}

void DbusWriter::signature(std::string_view text) {
    bytes_ += static_cast<char>(text.size());
    bytes_ += text;
    bytes_ += '\0';
}

DbusWriter::Array DbusWriter::begin_array(std::size_t alignment) {
    uint32(0);
    const std::size_t length_at = bytes_.size() - sizeof(std::uint32_t);
    align(alignment);  // the length does not count it
    return {.length_at = length_at, .first = bytes_.size()};
}

void DbusWriter::end_array(Array array) {
    const auto length = static_cast<std::uint32_t>(bytes_.size() - array.first);
    std::memcpy(bytes_.data() + array.length_at, &length, sizeof length);
}

std::string_view DbusReader::take(std::size_t count) {
    good_ = good_ && count <= bytes_.size() - at_;
    if (!good_) return {};
    const std::string_view taken = bytes_.substr(at_, count);
    at_ += count;
    return taken;
}

void DbusReader::align(std::size_t to) {
    take(aligned(at_, to) - at_);
}

char DbusReader::byte() {
    const std::string_view taken = take(1);
    return taken.empty() ? '\0' : taken.front();
}

std::uint32_t DbusReader::uint32() {
    std::uint32_t value = 0;
    align(sizeof value);
    const std::string_view taken = take(sizeof value);
    if (taken.size() == sizeof value) std::memcpy(&value, taken.data(), sizeof value);
    return value;
}

std::string DbusReader::string() {
    const std::string text(take(uint32()));
    take(1);  // the NUL behind it
    return good_ ? text : std::string();
}

std::string DbusReader::signature() {
    const std::string text(take(static_cast<unsigned char>(byte())));
    take(1);
    return good_ ? text : std::string();
}

Result<std::size_t> dbus_message_size(std::string_view first) {
    if (first.size() < fixed_part || first[0] != little_endian || first[3] != protocol_version)
        return damaged();
    DbusReader reader(first.substr(0, fixed_part));
    reader.uint32();  // endianness, type, flags, version
    const std::size_t arguments = reader.uint32();
    reader.uint32();  // serial
    const std::size_t fields = reader.uint32();
    if (arguments > largest || fields > largest) return damaged();
    return aligned(fixed_part + fields, header_alignment) + arguments;
}

Result<DbusMessage> read_dbus_message(std::string_view bytes) {
    const Result<std::size_t> size = dbus_message_size(bytes);
    if (!size) return std::unexpected(size.error());
    if (*size != bytes.size()) return damaged();
    DbusReader reader(bytes);
    DbusMessage message;
    reader.byte();
    message.type = reader.byte();
    reader.uint32();  // on its boundary: past flags and version
    reader.uint32();
    const std::size_t fields_end = fixed_part + reader.uint32();
    while (reader.good() && reader.at() < fields_end) {
        reader.align(header_alignment);
        const char field = reader.byte();
        const std::string type = reader.signature();
        if (type == "u") {
            const std::uint32_t number = reader.uint32();
            if (field == reply_serial) message.reply_to = number;
        } else if (type == "g") {
            message.signature = reader.signature();
        } else if (type == "s" || type == "o") {
            std::string text = reader.string();
            if (field == error_name) message.error_name = std::move(text);
        } else {
            return damaged();  // all fields that there are have one of these types
        }
    }
    reader.align(header_alignment);
    if (!reader.good()) return damaged();
    message.arguments = bytes.substr(reader.at());
    return message;
}

Result<DbusConnection> DbusConnection::open(const std::filesystem::path& path,
                                            std::chrono::milliseconds timeout) {
    const auto away = [&](int error) {
        return fail(Errc::unavailable, "cannot be reached over D-Bus", path.string(), error);
    };
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof address.sun_path) return away(ENAMETOOLONG);
    std::ranges::copy(path.native(), address.sun_path);
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // A connect that does not wait fails where many others do the same, as while booting.
    const timeval patience{.tv_sec = timeout.count() / 1000,
                           .tv_usec = timeout.count() % 1000 * 1000};
    if (!socket ||
        ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::fcntl(socket.get(), F_SETFL, O_RDWR | O_NONBLOCK) != 0)
        return away(errno);
    DbusConnection connection(std::move(socket), std::chrono::steady_clock::now() + timeout);
    // "EXTERNAL": the kernel tells the other side who we are. The identity is in hexadecimal digits
    // of the decimal number's characters. BEGIN goes along, and a call only once there is an
    // answer, as systemd's own library has it: a call that systemd reads together with BEGIN lies
    // there until something else comes.
    std::string hello("\0AUTH EXTERNAL ", 15);
    for (const char digit : std::to_string(::getuid())) {
        hello += '3';
        hello += digit;
    }
    const auto agreed = [&]() -> Result<void> {
        if (auto sent = connection.send(hello + "\r\nBEGIN\r\n"); !sent) return sent;
        std::size_t end = 0;
        while ((end = connection.held_.find("\r\n")) == std::string::npos)
            if (auto came = connection.receive(connection.held_.size() + 1); !came) return came;
        if (!connection.held_.starts_with("OK ")) return away(EACCES);
        connection.held_.erase(0, end + 2);
        return {};
    }();
    // Nothing has been asked yet, so nothing can have been done.
    if (!agreed) return away(agreed.error().sys);
    return connection;
}

Result<void> DbusConnection::await(short events) const {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until_ - std::chrono::steady_clock::now());
    pollfd news{socket_.get(), events, 0};
    const int count = left.count() > 0 ? ::poll(&news, 1, static_cast<int>(left.count())) : 0;
    if (count == 0) return fail(Errc::timed_out, "there was no answer over D-Bus in time");
    if (count < 0 && errno != EINTR) return gone(errno);
    return {};
}

Result<void> DbusConnection::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
        if (sent < 0 && errno != EAGAIN && errno != EINTR) return gone(errno);
        if (!bytes.empty())
            if (auto ready = await(POLLOUT); !ready) return ready;
    }
    return {};
}

Result<void> DbusConnection::receive(std::size_t count) {
    while (held_.size() < count) {
        std::array<char, 4096> piece;
        const ssize_t got = ::recv(socket_.get(), piece.data(), piece.size(), 0);
        if (got > 0) {
            held_.append(piece.data(), static_cast<std::size_t>(got));
            continue;
        }
        if (got == 0) return gone(0);
        if (errno != EAGAIN && errno != EINTR) return gone(errno);
        if (auto ready = await(POLLIN); !ready) return ready;
    }
    return {};
}

Result<DbusMessage> DbusConnection::call(const DbusCall& call) {
    const std::uint32_t serial = ++serial_;
    if (auto sent = send(marshal(call, serial)); !sent) return std::unexpected(sent.error());
    while (true) {
        if (auto came = receive(fixed_part); !came) return std::unexpected(came.error());
        const Result<std::size_t> size = dbus_message_size(held_);
        if (!size) return std::unexpected(size.error());
        if (auto came = receive(*size); !came) return std::unexpected(came.error());
        Result<DbusMessage> message = read_dbus_message(std::string_view(held_).substr(0, *size));
        held_.erase(0, *size);
        if (!message || (message->reply_to == serial && message->type == answer)) return message;
        // Signals come to everybody who is connected.
        if (message->reply_to != serial || message->type != error_answer) continue;
        const bool says_why = message->signature.starts_with('s');
        return fail(Errc::command_failed,
                    says_why ? DbusReader(message->arguments).string() : message->error_name,
                    message->error_name);
    }
}

}  // namespace metalwright::sys
