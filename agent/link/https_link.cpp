#include "agent/link/https_link.hpp"

#include <charconv>
#include <random>

#include "agent/link/enrolment.hpp"
#include "agent/link/outbox.hpp"
#include "agent/link/spec_poll.hpp"

namespace metalwright::agent::link {

HttpsLink::HttpsLink(boost::asio::io_context& io, boost::asio::thread_pool& pool, LinkDesk& desk,
                     HttpsOptions options)
    : board_(std::make_shared<LinkBoard>(
          "link", [&desk](const LinkStatus& status) { desk.link_changed(status); })) {
    if (!options.seed) options.seed = std::random_device{}();
    if (options.enrolment) options.admission = std::make_shared<Admission>();
    const auto shared = std::make_shared<const HttpsOptions>(std::move(options));
    if (shared->enrolment) enrolment_ = std::make_shared<Enrolment>(io, pool, shared, board_);
    poll_ = std::make_shared<SpecPoll>(io, pool, desk, shared, board_);
    if (shared->reports) outbox_ = std::make_shared<Outbox>(io, pool, desk, shared, board_);
}

HttpsLink::~HttpsLink() {
    stop();
}

void HttpsLink::start() {
    if (enrolment_) enrolment_->start();
    poll_->start();
    if (outbox_) outbox_->start();
}

void HttpsLink::stop() {
    if (enrolment_) enrolment_->stop();
    poll_->stop();
    if (outbox_) outbox_->stop();
}

LinkStatus HttpsLink::status() const {
    return board_->read();
}

std::optional<std::uint64_t> generation_of(std::string_view etag) {
    if (etag.starts_with("W/")) etag.remove_prefix(2);
    if (etag.size() < 3 || etag.front() != '"' || etag.back() != '"') return std::nullopt;
    etag = etag.substr(1, etag.size() - 2);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(etag.data(), etag.data() + etag.size(), value);
    if (error != std::errc{} || end != etag.data() + etag.size()) return std::nullopt;
    return value;
}

}  // namespace metalwright::agent::link
