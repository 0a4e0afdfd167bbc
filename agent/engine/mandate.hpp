#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/spec/model.hpp"
#include "raid/model.hpp"

namespace metalwright::engine {

/// What one operation alone allows or asks for. It is kept with the operation, durably, until that
/// has finished: no other operation, no start and no drift ever sees it.
struct Mandate {
    std::vector<raid::WipeConsent> wipe{};
    std::vector<raid::Replacement> replace{};
    bool remove_arrays = false;   ///< a release takes down what metalwright made
    std::string password_hash{};  ///< root's password becomes this one, whatever was done before

    bool operator==(const Mandate&) const = default;
};

Mandate mandate_of(const spec::HostSpec& document);

/// JSON text for store::Operation::consent; empty when there is nothing in it.
std::string to_store(const Mandate& mandate);
/// Text that does not read allows nothing.
Mandate mandate_from_store(std::string_view text);

}  // namespace metalwright::engine
