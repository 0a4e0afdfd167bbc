#pragma once

#include <expected>
#include <functional>

#include "agent/desk/link_desk.hpp"

namespace metalwright::agent::link {

using Submitted = std::expected<Accepted, Errors>;

/// Hears what became of each document of a link; on the pool, from any of its threads. Empty:
/// nobody does.
using Told = std::function<void(const Submission& submission, const Submitted& result)>;

/// LinkDesk::submit(), with `internal` instead of an exception: a document that breaks the desk
/// must not end the daemon, or it would again after each restart. On the pool.
Submitted submit(LinkDesk& desk, const Submission& submission);

/// Whether the document itself, or what the host holds now, is the reason: then the same document
/// at once again changes nothing. A full disk is another matter.
bool told_for_good(const Errors& errors);

}  // namespace metalwright::agent::link
