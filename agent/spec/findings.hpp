#pragma once

#include <string>
#include <vector>

#include "agent/spec/json_text.hpp"
#include "agent/spec/model.hpp"
#include "cloudinit/user_data.hpp"

namespace metalwright::spec {

/// What the reading of one document brings to light, while it goes on.
class Findings {
 public:
    /// The bounds that this host sets.
    explicit Findings(cloudinit::UserDataLimits user_data = {}) : user_data_(user_data) {}
    const cloudinit::UserDataLimits& user_data() const noexcept { return user_data_; }

    void error(std::string where, std::string message, Errc code = Errc::invalid_spec);
    void note(std::string where, std::string message);

    std::size_t error_count() const noexcept { return errors_.size() + unsaid_; }
    bool clean() const noexcept { return errors_.empty(); }
    /// Further errors are only counted: no need to word them well.
    bool full() const noexcept { return unsaid_ != 0; }

    /// In the order in which `document` holds the places they name; what is missing comes where the
    /// object that should hold it ends. The first 100, then one line with the number of the others.
    Errors take_errors(const Json& document);
    std::vector<Note> take_notes() { return std::move(notes_); }

 private:
    Errors errors_;
    std::vector<Note> notes_;
    std::size_t unsaid_ = 0;
    cloudinit::UserDataLimits user_data_;
};

}  // namespace metalwright::spec
