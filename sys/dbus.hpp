#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "core/error.hpp"
#include "sys/fd.hpp"

namespace metalwright::sys {

// As much of D-Bus as asking PID 1 takes: calls and answers over a Unix socket, without a broker.
// Source: D-Bus Specification 0.41, "Message Protocol" and "Authentication Protocol".

/// Puts values down in their marshalled form, little endian, each aligned as its type asks.
class DbusWriter {
 public:
    void byte(char value) { bytes_ += value; }
    void uint32(std::uint32_t value);
    void uint64(std::uint64_t value);
    void boolean(bool value) { uint32(value ? 1 : 0); }
    void string(std::string_view text);
    /// Also what a variant begins with.
    void signature(std::string_view text);
    /// A structure's beginning; it has no end.
    void structure() { align(8); }
    /// The elements are put down between these two; `alignment` is that of an element's type.
    struct Array {
        std::size_t length_at, first;
    };
    Array begin_array(std::size_t alignment);
    void end_array(Array array);

    void align(std::size_t to);
    const std::string& bytes() const noexcept { return bytes_; }

 private:
    std::string bytes_;
};

/// Takes values out again, in order. After something that is not as asked for, all are empty or 0.
class DbusReader {
 public:
    explicit DbusReader(std::string_view bytes) : bytes_(bytes) {}

    char byte();
    std::uint32_t uint32();
    std::string string();
    std::string signature();
    void align(std::size_t to);

    bool good() const noexcept { return good_; }
    std::size_t at() const noexcept { return at_; }

 private:
    std::string_view take(std::size_t count);

    std::string_view bytes_;
    std::size_t at_ = 0;
    bool good_ = true;
};

/// A method of an object, and its arguments.
struct DbusCall {
    std::string path;       ///< "/org/freedesktop/systemd1"
    std::string interface;  ///< "org.freedesktop.systemd1.Manager"
    std::string member;     ///< "StartTransientUnit"
    std::string signature;  ///< of the arguments: "ss"
    DbusWriter arguments{};
};

/// What a message says that came: an answer, an error, or something that nobody asked for.
struct DbusMessage {
    char type = 0;  ///< 2 an answer, 3 an error
    std::uint32_t reply_to = 0;
    std::string error_name{};
    std::string signature{};
    std::string arguments{};  ///< for a DbusReader
};

/// The size of a message by its first 16 bytes. Errors: io (no D-Bus message, or above 1 MiB).
Result<std::size_t> dbus_message_size(std::string_view first);

/// Reads a whole message. Errors: io (it is damaged).
Result<DbusMessage> read_dbus_message(std::string_view bytes);

/// A connection to one process, as the user who runs us; for a few calls, within one time limit.
class DbusConnection {
 public:
    /// Connects and says who we are. Errors: unavailable (nobody is there, or we are not let in).
    static Result<DbusConnection> open(const std::filesystem::path& socket,
                                       std::chrono::milliseconds timeout);

    /// The answer. Errors: command_failed (the other side answered with an error: its message, its
    /// name as `where`); timed_out and io (the connection is gone, or what came is damaged): the
    /// call may have been carried out.
    Result<DbusMessage> call(const DbusCall& call);

 private:
    DbusConnection(Fd socket, std::chrono::steady_clock::time_point until)
        : socket_(std::move(socket)), until_(until) {}
    Result<void> await(short events) const;
    Result<void> send(std::string_view bytes);
    /// Until so many bytes are held.
    Result<void> receive(std::size_t count);

    Fd socket_;
    std::chrono::steady_clock::time_point until_;
    std::string held_;  // has come, and was not read yet
    std::uint32_t serial_ = 0;
};

}  // namespace metalwright::sys
