#include "agent/link/submit.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>

namespace metalwright::agent::link {

Submitted submit(LinkDesk& desk, const Submission& submission) {
    try {
        return desk.submit(submission);
    } catch (const std::exception& broken) {
        spdlog::error("{}: the document broke metalwrightd: {}", submission.source, broken.what());
        return std::unexpected(Errors{
            {Errc::internal, "metalwrightd failed on this document: see its log, report the bug"}});
    }
}

bool told_for_good(const Errors& errors) {
    return std::any_of(errors.begin(), errors.end(), [](const Error& error) {
        switch (error.code) {
            case Errc::invalid_spec:
            case Errc::conflict:
            case Errc::refused:
            case Errc::not_found:
            case Errc::unsupported: return true;
            default: return false;
        }
    });
}

}  // namespace metalwright::agent::link
