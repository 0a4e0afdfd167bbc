#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>

#include "agent/desk/link_desk.hpp"
#include "agent/link/status.hpp"
#include "agent/link/submit.hpp"
#include "sys/files.hpp"

namespace boost::asio {
class io_context;
class thread_pool;
}  // namespace boost::asio

namespace metalwright::agent::link {

struct FileOptions {
    std::filesystem::path directory{};  ///< absolute; root's (or ours), writable by nobody else
    bool reports = false;     ///< this is the reporting link; exactly one link of a daemon is
    std::size_t batch = 100;  ///< reports written between two acknowledgements
    std::size_t document_limit = 1 << 20;    ///< bytes
    std::chrono::milliseconds again{5'000};  ///< after a failure that may pass
    Told told{};
};

/// A directory as control plane: docs/control-plane.md.
///
/// A file `NAME.json` that is renamed into it, or closed after writing, is handed to
/// LinkDesk::submit() with source "file" and the signature in `NAME.json.jws`, if there is one; the
/// answer is written to `NAME.json.result`. Files that are there at the start are read once, oldest
/// first. When this is the reporting link, each report becomes `reports/<seq, ten digits>.json`,
/// durable before it is acknowledged.
class FileLink {
 public:
    FileLink(boost::asio::io_context& io, boost::asio::thread_pool& pool, LinkDesk& desk,
             sys::Files& files, FileOptions options);
    FileLink(const FileLink&) = delete;
    FileLink& operator=(const FileLink&) = delete;
    ~FileLink();  ///< stop()

    void start();
    /// Like start(), on the io thread or while it does not run. `desk` and `files` must live until
    /// the pool is joined, `io` until after that.
    void stop();

    /// Thread-safe.
    LinkStatus status() const;

 private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace metalwright::agent::link
