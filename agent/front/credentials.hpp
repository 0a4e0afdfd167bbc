#pragma once

#include <functional>
#include <string>

#include "agent/gate/messages.hpp"
#include "agent/link/https_link.hpp"
#include "core/error.hpp"

namespace metalwright::agent::front {

/// The content of one of root's files.
using ContentOf = std::function<Result<std::string>(gate::File)>;

/// What the https link shows, each time as root's files hold it. Errors: of `content`, of
/// link::token_in(), no_space.
Result<link::Credentials> fetch_credentials(const gate::Hello& hello, const ContentOf& content);

}  // namespace metalwright::agent::front
