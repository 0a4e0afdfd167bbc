#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "agent/api/message.hpp"
#include "agent/desk/link_desk.hpp"
#include "agent/gate/messages.hpp"
#include "agent/link/submit.hpp"
#include "core/error.hpp"
#include "sys/fd.hpp"

namespace boost::asio {
class io_context;
class thread_pool;
}  // namespace boost::asio

namespace metalwright::agent::gate {

struct GateOptions {
    Hello hello{};
    /// Where the files of `hello.named` are.
    std::map<File, std::filesystem::path> paths{};
    /// The socket that goes with hello.tcp, and what stands behind it.
    int listener = -1;
    api::Handler requests{};
    /// Who may come, beside root and whoever we are ourselves.
    std::optional<unsigned> user{};
    link::Told told{};
    std::size_t most_under_way = 64;                  ///< requests that are not answered yet
    std::size_t most_held = std::size_t{16} << 20;    ///< bytes of those that wait for their turn
    std::chrono::milliseconds patience{30'000};       ///< with one that takes no answer
    std::chrono::milliseconds after_nonsense{1'000};  ///< until the next may come
    std::chrono::milliseconds between{100};           ///< two that come, at least
};

/// The end of the part that is root: what the part that faces the network may have of the Desk, and
/// nothing else. Believes nothing of what comes: a frame that is not as it should be, an id that is
/// under way, a descriptor that nobody asked for or reports acknowledged that were never handed out
/// end the connection, with a line in the log. One connection at a time. Documents are submitted as
/// of the source "link", whatever the peer is.
class Gate {
 public:
    /// Takes over a listening SOCK_SEQPACKET Unix socket (is_gate()). `desk` must live until the
    /// pool is joined, `io` until after that.
    Gate(boost::asio::io_context& io, boost::asio::thread_pool& pool, LinkDesk& desk,
         sys::Fd socket, GateOptions options);
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;
    ~Gate();  ///< stop()

    /// Both on the io thread, or while it does not run.
    void start();
    void stop();

 private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

/// Whether this descriptor is one to serve a Gate on. Errors: invalid_spec, with what it has to be.
Result<void> is_gate(int fd);

}  // namespace metalwright::agent::gate
