#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "agent/gate/connection.hpp"
#include "agent/gate/gate.hpp"

namespace metalwright::agent::gate {

/// One connection of the part that faces the network, from its hello to its end. Internal to the
/// Gate; on the io thread.
class Visit : public std::enable_shared_from_this<Visit> {
 public:
    Visit(boost::asio::io_context& io, boost::asio::thread_pool& pool, LinkDesk& desk,
          std::shared_ptr<const GateOptions> options);

    /// `ended` hears why, once, unless end() comes first.
    void begin(sys::Fd socket, std::function<void(const Error&)> ended);
    void end();

 private:
    void hear(const Frame& frame, bool with_descriptor);
    Result<void> take(const Frame& frame);
    void ask_http(std::uint32_t id, api::Request request);
    void queue(const Frame& frame, std::function<Frame()> work);
    void work();
    void answer(std::uint32_t id, const Frame& frame);
    void tell_change();
    void look_at_room();

    struct Waiting {
        std::uint32_t id = 0;
        std::size_t bytes = 0;
        std::function<Frame()> work{};
    };

    boost::asio::io_context& io_;
    boost::asio::thread_pool& pool_;
    LinkDesk& desk_;
    std::shared_ptr<const GateOptions> options_;
    std::unique_ptr<Connection> connection_{};
    std::function<void(const Error&)> ended_{};
    /// Whatever is not answered yet, each with what its caller lives by.
    std::map<std::uint32_t, std::shared_ptr<const int>> under_way_{};
    std::deque<Waiting> waiting_{};
    std::size_t held_ = 0;     ///< bytes of those that wait or are worked at
    std::size_t at_work_ = 0;  ///< on the pool
    std::int64_t handed_out_ = 0;
    std::uint64_t subscription_ = 0;
    bool change_told_ = false;  ///< since the last `unsent`
};

/// The content of a file that root's configuration names: of a secret only where nobody else may
/// read it, of anything else only where nobody else may write it. Errors: as sys/secret_file.hpp
/// has them, with the file's key in the configuration as `where`.
Result<std::string> content_of(File file, const std::filesystem::path& path);

}  // namespace metalwright::agent::gate
