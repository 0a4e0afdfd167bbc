#include "sys/journal.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "sys/fd.hpp"

namespace metalwright::sys {
namespace {

TEST(Journal, AFieldIsALine) {
    const std::vector<JournalField> fields{{"MESSAGE", "ready"}, {"OPERATION", "7"}};
    EXPECT_EQ(journal_entry(fields), "MESSAGE=ready\nOPERATION=7\n");
}

TEST(Journal, AValueOfSeveralLinesCannotBecomeAnotherField) {
    const std::vector<JournalField> fields{{"MESSAGE", "no\nPRIORITY=0"}, {"HOST", ""}};
    EXPECT_EQ(journal_entry(fields),
              "MESSAGE\n" + std::string("\x0d\0\0\0\0\0\0\0", 8) + "no\nPRIORITY=0\nHOST=\n");
}

/// Stands where the journal does, in the abstract namespace.
struct Socket {
    Socket() {
        sockaddr_un any{};
        any.sun_family = AF_UNIX;
        socklen_t size = sizeof(sa_family_t);  // the kernel picks a free abstract name
        EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), size), 0);
        size = sizeof any;
        EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&any), &size), 0);
        address = "@" + std::string(any.sun_path + 1, size - offsetof(sockaddr_un, sun_path) - 1);
    }
    std::string heard() const {
        std::array<char, 1024> message;
        const ssize_t n = ::recv(fd.get(), message.data(), message.size(), 0);
        return n < 0 ? "nothing" : std::string(message.data(), static_cast<std::size_t>(n));
    }

    Fd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    std::string address;
};

TEST(Journal, AnEntryIsOneDatagram) {
    const Socket journal;
    const std::vector<JournalField> fields{{"MESSAGE", "ready"}, {"PRIORITY", "6"}};
    EXPECT_TRUE(send_to_journal(fields, journal.address));
    EXPECT_EQ(journal.heard(), "MESSAGE=ready\nPRIORITY=6\n");
}

TEST(Journal, WhatItDoesNotTakeIsTold) {
    const Socket journal;
    const std::vector<JournalField> large{{"MESSAGE", std::string(16U << 20, 'x')}};
    EXPECT_FALSE(send_to_journal(large, journal.address));
    const std::vector<JournalField> fields{{"MESSAGE", "ready"}};
    EXPECT_FALSE(send_to_journal(fields, "/nowhere/socket"));
    EXPECT_FALSE(send_to_journal(fields, "relative"));
    EXPECT_EQ(journal.heard(), "nothing");
}

}  // namespace
}  // namespace metalwright::sys
