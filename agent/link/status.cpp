#include "agent/link/status.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace metalwright::agent::link {
namespace {

constexpr std::size_t most_told = 16;

const char* purpose(Talk talk) {
    return talk == Talk::documents ? "documents" : "reports";
}

std::string named(std::optional<std::uint64_t> generation) {
    return generation ? "generation " + std::to_string(*generation) : "a document";
}

/// The same trouble a second later: what it says the clock says is left out.
bool same(const Error& one, const Error& other) {
    const auto lasting = [](const std::string& message) {
        constexpr std::string_view clock = "clock says ";
        const std::size_t at = message.find(clock);
        return at == std::string::npos
                   ? message
                   : message.substr(0, at) +
                         message.substr(std::min(message.find(',', at), message.size()));
    };
    return one.code == other.code && one.where == other.where &&
           lasting(one.message) == lasting(other.message);
}

}  // namespace

LinkBoard::LinkBoard(std::string name, Tell tell) : tell_(std::move(tell)) {
    status_.name = std::move(name);
}

LinkStatus LinkBoard::read() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

void LinkBoard::change(const std::function<void()>& how) {
    LinkStatus now;
    {
        const std::lock_guard lock(mutex_);
        const LinkStatus before = status_;
        how();
        if (status_ == before) return;
        now = status_;
    }
    tell_(now);
}

void LinkBoard::contact(Talk talk) {
    change([&] {
        status_.last_contact =
            std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
        auto& error = talk == Talk::documents ? status_.document_error : status_.report_error;
        if (error) spdlog::info("{}: {} pass again", status_.name, purpose(talk));
        error.reset();
        told_[static_cast<std::size_t>(talk)].clear();
    });
}

void LinkBoard::absent() {
    const std::lock_guard lock(mutex_);
    if (!absent_) spdlog::info("{}: there is no document for this host yet", status_.name);
    absent_ = true;
}

void LinkBoard::trouble(Talk talk, const Error& error) {
    change([&] {
        (talk == Talk::documents ? status_.document_error : status_.report_error) = error;
        // Several base URLs fail in turn, each in its own way.
        auto& told = told_[static_cast<std::size_t>(talk)];
        const auto as_this = [&](const Error& former) { return same(former, error); };
        if (told.size() >= most_told || std::ranges::any_of(told, as_this)) return;
        told.push_back(error);
        spdlog::warn("{}: no {} pass for now: {}", status_.name, purpose(talk), describe(error));
    });
}

void LinkBoard::taken(std::optional<std::uint64_t> generation) {
    change([&] {
        spdlog::info("{}: {} is accepted", status_.name, named(generation));
        absent_ = false;
        status_.generation = generation;
        status_.refused.clear();
    });
}

void LinkBoard::refused(std::optional<std::uint64_t> generation, const Errors& errors) {
    change([&] {
        if (status_.refused == errors) return;
        for (const Error& error : errors) {
            spdlog::warn("{}: {} is refused: {}", status_.name, named(generation), describe(error));
        }
        status_.refused = errors;
    });
}

void LinkBoard::certificate(const std::optional<LinkCertificate>& shown,
                            const std::optional<Error>& trouble) {
    change([&] {
        status_.certificate = shown;
        status_.certificate_error = trouble;
    });
}

}  // namespace metalwright::agent::link
