#pragma once

#include <memory>
#include <string>

#include "agent/daemon/config.hpp"
#include "agent/desk/link_desk.hpp"
#include "agent/link/submit.hpp"
#include "core/error.hpp"

namespace boost::asio {
class io_context;
class thread_pool;
}  // namespace boost::asio

namespace metalwright::daemon {

/// Every way the configuration names to reach the control plane.
class Links {
 public:
    virtual ~Links() = default;
    virtual void start() = 0;
    virtual void stop() = 0;
};

/// Where the host's key and certificate are kept, with `enrolment_file`.
std::filesystem::path identity_directory(const Config& config);

/// Errors: invalid_spec, refused (a URL that may not be used; two links that would both report).
Result<std::unique_ptr<Links>> make_links(const Config& config, const std::string& host_id,
                                          boost::asio::io_context& io,
                                          boost::asio::thread_pool& pool, agent::LinkDesk& desk,
                                          agent::link::Told told);

}  // namespace metalwright::daemon
