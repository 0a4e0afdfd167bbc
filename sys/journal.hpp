#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace metalwright::sys {

/// A field of a journal entry: its name in upper case (systemd.journal-fields(7)), its value.
using JournalField = std::pair<std::string, std::string>;

inline constexpr std::string_view journal_socket = "/run/systemd/journal/socket";

/// The fields as the journal takes them. Source: systemd's "Native Journal Protocol".
std::string journal_entry(std::span<const JournalField> fields);

/// False when the journal did not take the entry: it is not there, or the entry is too large.
bool send_to_journal(std::span<const JournalField> fields,
                     std::string_view socket = journal_socket);

}  // namespace metalwright::sys
