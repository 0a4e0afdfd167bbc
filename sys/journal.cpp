#include "sys/journal.hpp"

#include <cstdint>

#include "sys/datagram.hpp"

namespace metalwright::sys {

std::string journal_entry(std::span<const JournalField> fields) {
    std::string entry;
    for (const auto& [name, value] : fields) {
        entry += name;
        if (!value.contains('\n')) {
            entry.append("=").append(value).append("\n");
            continue;
        }
        // A value of several lines says its length instead, little endian.
        entry += '\n';
        for (std::uint64_t rest = value.size(), i = 0; i < 8; ++i, rest >>= 8)
            entry += static_cast<char>(rest & 0xff);
        entry.append(value).append("\n");
    }
    return entry;
}

bool send_to_journal(std::span<const JournalField> fields, std::string_view socket) {
    return send_datagram(socket, journal_entry(fields));
}

}  // namespace metalwright::sys
