#include "agent/link/resolve.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace metalwright::agent::link {

struct Lookup::State {
    std::mutex mutex{};
    boost::asio::io_context* io = nullptr;          ///< null once cancelled
    std::function<void(Result<Addresses>)> done{};  ///< touched on the io thread only
};

namespace {

Result<Lookup::Addresses> resolve(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
        return fail(Errc::unavailable,
                    "the name cannot be resolved (" + std::string(::gai_strerror(error)) +
                        "): check /etc/resolv.conf and the network, or name an address",
                    host);
    }
    Lookup::Addresses addresses;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0,
                          NI_NUMERICHOST) == 0) {
            addresses.emplace_back(text.data());
        }
    }
    ::freeaddrinfo(found);
    return addresses;
}

}  // namespace

std::shared_ptr<Lookup> Lookup::start(boost::asio::io_context& io, const std::string& host,
                                      std::function<void(Result<Addresses>)> done) {
    auto state = std::make_shared<State>();
    state->io = &io;
    state->done = std::move(done);
    const auto answer = [state](Result<Addresses> found) {
        const std::lock_guard lock(state->mutex);
        if (state->io == nullptr) return;
        boost::asio::post(*state->io, [state, found = std::move(found)] {
            if (auto tell = std::exchange(state->done, {})) tell(found);
        });
    };
    try {
        std::thread([answer, host] { answer(resolve(host)); }).detach();
    } catch (const std::system_error& error) {
        answer(fail(Errc::unavailable, "no thread to resolve the name: " + error.code().message(),
                    host));
    }
    return std::shared_ptr<Lookup>(new Lookup(std::move(state)));
}

void Lookup::cancel() {
    const std::lock_guard lock(state_->mutex);
    state_->io = nullptr;
    state_->done = {};
}

}  // namespace metalwright::agent::link
