#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace metalwright::agent::link {

/// How a link is doing, for `GET /v1/status` and for people.
struct LinkStatus {
    std::string name{};                                                   ///< "link", "file"
    std::optional<std::chrono::system_clock::time_point> last_contact{};  ///< last good answer
    std::optional<Error> document_error{};  ///< why no document comes in; empty when all is well
    std::optional<Error> report_error{};    ///< why no report goes out
    Errors refused{};                       ///< what was wrong with the last document, if refused
    std::optional<std::uint64_t> generation{};  ///< of the last document taken

    bool operator==(const LinkStatus&) const = default;
};

/// The two conversations a link has.
enum class Talk { documents, reports };

/// A LinkStatus that is written on the io thread and read anywhere. Logs each different error once
/// until all is well again, and that too; never each repetition.
class LinkBoard {
 public:
    explicit LinkBoard(std::string name);

    LinkStatus read() const;
    void contact(Talk talk);
    void absent();  ///< well connected, but there is no document for this host
    void trouble(Talk talk, const Error& error);
    void taken(std::optional<std::uint64_t> generation);
    void refused(std::optional<std::uint64_t> generation, const Errors& errors);

 private:
    mutable std::mutex mutex_{};
    LinkStatus status_{};
    std::array<std::vector<Error>, 2> told_{};  // by Talk, since the last good answer
    bool absent_ = false;
};

}  // namespace metalwright::agent::link
