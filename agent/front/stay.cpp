#include "agent/front/stay.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <utility>

#include "agent/api/status.hpp"
#include "agent/api/tls_server.hpp"
#include "agent/front/credentials.hpp"
#include "agent/front/held_file.hpp"
#include "agent/link/enrolment_file.hpp"
#include "agent/link/identity.hpp"
#include "agent/link/on_pool.hpp"

namespace metalwright::agent::front {
namespace {

using std::chrono::milliseconds;

/// Fewer than the gate takes at once: documents and reports have room beside them.
constexpr std::size_t most_requests = 48;

constexpr std::chrono::seconds before_the_next_try{5};
constexpr const char* enrolment_file = "link.https.enrolment_file";

Result<std::string> enrolment(gate::FarDesk& desk) {
    return desk.content(gate::File::enrolment);
}

/// Of a host whose configuration names none.
std::vector<std::string> enrolled_urls(const link::IdentityFiles& files, gate::FarDesk& desk) {
    auto content = enrolment(desk);
    if (!content) return link::enrolled_urls(files, std::unexpected(content.error()));
    return link::enrolled_urls(files, link::enrolment_in(std::move(*content), enrolment_file));
}

/// On the pool.
Result<link::HttpsOptions> https_options(const gate::Hello& hello, gate::FarDesk& desk,
                                         const std::filesystem::path& state) {
    const gate::HttpsTerms& terms = *hello.https;
    link::HttpsOptions options{
        .host_id = hello.host_id,
        .token_file = hello.names(gate::File::token) ? "link.https.token_file" : "",
        .credentials =
            [hello, &desk] {
                return fetch_credentials(hello,
                                         [&desk](gate::File file) { return desk.content(file); });
            },
        .reports = terms.reports,
        .batch = terms.batch,
        .wait = std::chrono::seconds(terms.wait_s),
        .backoff = {milliseconds(terms.backoff_least_ms), milliseconds(terms.backoff_most_ms)}};
    std::vector<std::string> urls = terms.urls;
    if (terms.enrols) {
        const std::filesystem::path identity = state / "identity";
        options.enrolment = {.directory = identity, .file = enrolment_file, .content = [&desk] {
                                 return enrolment(desk);
                             }};
        if (urls.empty()) urls = enrolled_urls({identity, hello.host_id}, desk);
    }
    for (const std::string& text : urls) {
        auto url = link::parse_base_url(text);
        if (!url) return std::unexpected(url.error());
        options.bases.push_back(std::move(*url));
    }
    if (options.bases.empty())
        return fail(Errc::unavailable,
                    "no URL of the control plane is known: name [link.https] urls, or put a "
                    "bootstrap file with \"urls\" there",
                    enrolment_file);
    if (terms.proxy.empty()) return options;
    auto proxy = link::parse_proxy_url(terms.proxy);
    if (!proxy) return std::unexpected(proxy.error());
    options.proxy = std::move(*proxy);
    return options;
}

/// A server's context out of root's files. On the pool.
Result<ssl_ctx_st*> server_tls(gate::FarDesk& desk) {
    const auto cert = desk.content(gate::File::tcp_cert);
    if (!cert) return std::unexpected(cert.error());
    const auto key = desk.content(gate::File::tcp_key);
    if (!key) return std::unexpected(key.error());
    const auto cert_file = HeldFile::of(*cert), key_file = HeldFile::of(*key);
    if (!cert_file) return std::unexpected(cert_file.error());
    if (!key_file) return std::unexpected(key_file.error());
    return api::make_server_tls(cert_file->path(), key_file->path());
}

}  // namespace

struct Stay::Timer {
    explicit Timer(boost::asio::io_context& io) : until(io) {}
    boost::asio::steady_timer until;
};

Stay::Stay(boost::asio::io_context& io, boost::asio::thread_pool& pool, gate::FarDesk& desk,
           std::filesystem::path state)
    : io_(io),
      pool_(pool),
      desk_(desk),
      state_(std::move(state)),
      timer_(std::make_unique<Timer>(io)) {}

Stay::~Stay() = default;

void Stay::begin(sys::Fd socket, std::function<void(const Error&)> lost) {
    lost_ = std::move(lost);
    const std::weak_ptr<Stay> weak = weak_from_this();
    const auto then = [weak](auto act) {
        return [weak, act](auto&&... what) {
            const auto self = weak.lock();
            if (self && !self->ended_) act(*self, std::forward<decltype(what)>(what)...);
        };
    };
    channel_ = std::make_shared<gate::Channel>(
        io_, std::move(socket),
        gate::ChannelEars{
            .hello = then([](Stay& self, gate::Hello hello) { self.hear(std::move(hello)); }),
            .listener = then([](Stay& self, sys::Fd fd) { self.listen(std::move(fd)); }),
            .changed = then([](Stay& self) { self.desk_.changed(); }),
            .lost = then([](Stay& self, const Error& why) { self.lost_(why); })});
    channel_->start();
}

void Stay::hear(gate::Hello hello) {
    if (desk_.channel()) return lost_({Errc::invalid_spec, "metalwrightd greets twice"});
    hello_ = std::move(hello);
    desk_.attach(channel_);
    spdlog::info("metalwrightd is there: serving host {}", hello_.host_id);
    if (hello_.https) begin_link();
}

/// What it is to know may be in root's files.
void Stay::begin_link() {
    link::on_pool(
        pool_, io_,
        [hello = hello_, &desk = desk_, state = state_] {
            return https_options(hello, desk, state);
        },
        [weak = weak_from_this()](Result<link::HttpsOptions> options) {
            const auto self = weak.lock();
            if (!self || self->ended_) return;
            if (!options) return self->try_link_again(options.error());
            self->https_.emplace(self->io_, self->pool_, self->desk_, std::move(*options));
            self->https_->start();
        });
}

void Stay::try_link_again(const Error& why) {
    if (std::exchange(told_, why.message) != why.message)
        spdlog::error("{}; it is tried again and again", describe(why));
    timer_->until.expires_after(before_the_next_try);
    timer_->until.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
        const auto self = weak.lock();
        if (!cancelled && self && !self->ended_) self->begin_link();
    });
}

void Stay::listen(sys::Fd socket) {
    auto listening = api::adopt_tcp(socket.release());
    if (!listening) return lost_(listening.error());
    if (!hello_.names(gate::File::tcp_cert)) return serve(std::move(*listening), nullptr);
    const auto kept = std::make_shared<api::ListenSocket>(std::move(*listening));
    link::on_pool(
        pool_, io_, [&desk = desk_] { return server_tls(desk); },
        [weak = weak_from_this(), kept](Result<ssl_ctx_st*> tls) {
            const auto self = weak.lock();
            if (!self || self->ended_) return;
            if (!tls) return spdlog::error("nobody is served over TCP: {}", describe(tls.error()));
            self->serve(std::move(*kept), *tls);
        });
}

void Stay::serve(api::ListenSocket socket, ssl_ctx_st* tls) {
    // Whoever has not signed yet gets little: sixteen megabytes, all of them together.
    tcp_ = std::make_shared<api::HttpServer>(
        io_, std::move(socket),
        [weak = weak_from_this()](const api::Request& request, const api::Respond& respond) {
            if (const auto self = weak.lock()) self->hand_on(request, respond);
        },
        api::ServerLimits{.body = 256 << 10, .connections = 64, .idle = std::chrono::seconds(15)},
        tls);
    tcp_->start();
}

void Stay::hand_on(const api::Request& request, const api::Respond& respond) {
    if (ended_ || under_way_ >= most_requests)
        return respond(
            api::error_response({Errc::busy, "too many requests at once: try again in a moment"}));
    gate::Frame frame = gate::to_frame(1, request);
    // What metalwrightd would take for an attack of ours is not sent.
    if (!gate::request_in(gate::decode(gate::encode(frame)).value_or(gate::Frame{})))
        return respond(api::error_response(
            400,
            {Errc::invalid_spec, "this is no request for a host: see its target and headers"}));
    ++under_way_;
    channel_->ask(std::move(frame), [weak = weak_from_this(), respond](Result<gate::Frame> answer) {
        if (const auto self = weak.lock()) --self->under_way_;
        if (!answer) return respond(api::error_response(answer.error()));
        if (auto errors = gate::errors_in(*answer))
            return respond(api::error_response(errors->front()));
        auto response = gate::response_in(*answer);
        respond(response ? std::move(*response) : api::error_response(response.error()));
    });
}

void Stay::end() {
    if (std::exchange(ended_, true)) return;
    timer_->until.cancel();
    desk_.detach();
    if (https_) https_->stop();
    if (channel_) channel_->close();
    if (const auto server = std::exchange(tcp_, nullptr))
        server->stop(milliseconds(500), [server] {});
}

}  // namespace metalwright::agent::front
