// The wiring: what waits is on one io thread, what blocks on a small pool, what changes the machine
// on the engine's worker.
//
//   admin socket -> api::routes --\                        /-> store
//   https link, file link ---------+-> Desk (the engine) --+-> machine: raid, netcfg, cloudinit
//   outbox <- link::HttpsLink <----/
//
// Where metalwright-link faces the network, the https link and the listener over TCP are in that
// process, and a gate::Gate stands in their place.

#include "agent/daemon/daemon.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <csignal>
#include <memory>

#include "agent/api/http_server.hpp"
#include "agent/api/routes.hpp"
#include "agent/api/signed_door.hpp"
#include "agent/api/tls_server.hpp"
#include "agent/audit/trail.hpp"
#include "agent/daemon/links.hpp"
#include "agent/daemon/outside.hpp"
#include "agent/engine/engine.hpp"
#include "agent/engine/host_machine.hpp"
#include "agent/engine/keeper.hpp"
#include "agent/engine/log.hpp"
#include "agent/engine/trust.hpp"
#include "agent/engine/watch.hpp"
#include "agent/gate/gate.hpp"
#include "sys/fd.hpp"
#include "sys/heap.hpp"
#include "sys/notify.hpp"

namespace metalwright::daemon {
namespace {

namespace asio = boost::asio;
using engine::Level;
using engine::log;

/// The host is served whatever is wrong with it, but no document of a link is believed.
void check_trusted_keys(const Config& config) {
    if (config.trusted_keys_file.empty()) return;
    const auto keys = engine::load_trusted_keys(config.trusted_keys_file);
    if (keys) return;
    for (const Error& error : keys.error())
        log(Level::error, "no signature can be verified: " + describe(error));
}

/// What systemd allows us to stop is longer; what the operator was promised is this.
constexpr std::chrono::milliseconds stop_bound{4'000};

std::int64_t wall_clock_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

struct Sockets {
    agent::api::ListenSocket admin{};
    sys::Fd gate{};  ///< where metalwright-link is met; none: the network is faced in here
};

Result<Sockets> handed_sockets(const Config& config) {
    const auto handed = sys::listen_fds();
    if (!handed) return std::unexpected(handed.error());
    Sockets sockets;
    std::optional<int> admin;
    for (const sys::HandedOver& one : *handed) {
        if (one.name == gate_name) {
            if (auto fits = agent::gate::is_gate(one.fd); !fits)
                return std::unexpected(fits.error());
            sockets.gate = sys::Fd(one.fd);
        } else if (!admin) {
            admin = one.fd;
        }
    }
    auto socket =
        admin ? agent::api::adopt_socket(*admin) : agent::api::bind_socket(config.admin_socket);
    if (!socket) return std::unexpected(socket.error());
    sockets.admin = std::move(*socket);
    return sockets;
}

std::optional<netcfg::Persister> persister(const Config& config) {
    if (config.persist == "auto") return std::nullopt;
    if (config.persist == "systemd-networkd") return netcfg::Persister::networkd;
    return config.persist == "ifupdown" ? netcfg::Persister::ifupdown : netcfg::Persister::none;
}

/// Tells systemd that we live, and only when it is so: the io thread has a turn, the pool has a
/// free thread, and the store answers.
class Watchdog {
 public:
    Watchdog(asio::io_context& io, asio::thread_pool& pool, engine::Engine& engine)
        : timer_(io), pool_(pool), engine_(engine) {}

    void start() {
        const auto interval = sys::watchdog_interval();
        if (!interval) return;
        period_ = *interval / 3;
        arm();
    }
    void stop() { timer_.cancel(); }

 private:
    void arm() {
        timer_.expires_after(period_);
        timer_.async_wait([this](boost::system::error_code stopped) {
            if (stopped) return;
            asio::post(pool_, [&engine = engine_] {
                if (engine.ping()) sys::notify_watchdog();
            });
            arm();
        });
    }

    asio::steady_timer timer_;
    asio::thread_pool& pool_;
    engine::Engine& engine_;
    std::chrono::microseconds period_{};
};

/// For the vendors' APIs, where the configuration says so; else one that is not open.
Result<agent::api::ListenSocket> tcp_socket(const Config& config) {
    if (config.tcp_address.empty()) return agent::api::ListenSocket();
    auto socket = agent::api::bind_tcp(config.tcp_address, config.tcp_port);
    if (!socket) return std::unexpected(socket.error());
    log(Level::info, "signed requests are taken over TCP",
        {{"address", config.tcp_address}, {"port", std::to_string(socket->port())}});
    return socket;
}

/// What stands behind it: the keys and what was seen are looked at by us, whoever reads HTTP.
agent::api::Handler tcp_door(const Config& config, asio::io_context& io, asio::thread_pool& pool,
                             const agent::api::Handler& handler, agent::audit::Trail& trail) {
    const std::chrono::milliseconds skew = config.tcp_skew;
    return agent::api::signed_door(handler, io, pool,
                                   {.keys_file = config.tcp_keys_file,
                                    .skew_ms = skew.count(),
                                    .nonces_file = config.admin_socket.parent_path() / "nonces",
                                    .clock = wall_clock_ms,
                                    .trail = &trail});
}

Result<std::unique_ptr<agent::api::HttpServer>> tcp_server(const Config& config,
                                                           asio::io_context& io,
                                                           agent::api::ListenSocket socket,
                                                           agent::api::Handler door) {
    ssl_ctx_st* tls = nullptr;
    if (!config.tcp_cert_file.empty()) {
        auto made = agent::api::make_server_tls(config.tcp_cert_file, config.tcp_key_file);
        if (!made) return std::unexpected(made.error());
        tls = *made;
    }
    return std::make_unique<agent::api::HttpServer>(
        io, std::move(socket), std::move(door),
        // Whoever has not signed yet gets little: sixteen megabytes, all of them together.
        agent::api::ServerLimits{
            .body = 256 << 10, .connections = 64, .idle = std::chrono::seconds(15)},
        tls);
}

/// The documents of the links are written down beside the requests to the API.
agent::link::Told told_to(agent::audit::Trail& trail) {
    return [&trail](const agent::Submission& submission, const agent::link::Submitted& result) {
        agent::audit::Deed deed{.who = {.door = submission.source}, .did = "document"};
        if (result) {
            deed.operation = result->operation;
            deed.generation = result->generation;
            deed.instance = result->instance;
        } else {
            deed.code = to_string(result.error().front().code);
            deed.generation = submission.generation;
            deed.cheap = !agent::link::told_for_good(result.error());  // it is tried again
        }
        trail.write(deed);
    };
}

/// A connection each, and those of the links: systemd's soft limit is 1024, for the sake of
/// select(2).
void allow_many_connections() {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    constexpr rlim_t enough = 4096;
    files.rlim_cur = std::max(files.rlim_cur, std::min(enough, files.rlim_max));
    (void)::setrlimit(RLIMIT_NOFILE, &files);
}

int cannot_start(const Error& error) {
    log(Level::error, "cannot start: " + describe(error));
    return 1;
}

}  // namespace

int run(const Config& config) {
    allow_many_connections();
    std::string host_id = config.host_id;
    if (host_id.empty()) {
        auto id = default_host_id();
        if (!id) return cannot_start(id.error());
        host_id = *id;
    }
    // First the store, which one daemon has at a time: a second one must not touch the first one's
    // socket, which is not yet listened on while that one starts.
    auto store = store::Store::open(config.state_dir, config.outbox_max_bytes);
    if (!store) return cannot_start(store.error());
    auto sockets = handed_sockets(config);
    if (!sockets) return cannot_start(sockets.error());
    const bool outside = bool(sockets->gate);

    cloudinit::RunPlace place;
    place.state_dir = config.state_dir;
    place.systemd = sys::booted_by_systemd();
    place.limits = config.run_limits;
    if (!config.runner.empty()) place.runner = config.runner;
    engine::HostMachine machine(place, persister(config), config.raid_tools);
    engine::Engine engine({.host_id = host_id,
                           .catalogue = config.catalogue,
                           .nic = config.nic,
                           .limits = config.limits,
                           .guard = config.guard,
                           .wan = config.wan,
                           .pools = config.pools,
                           .shape_ingress = config.shape_ingress,
                           .neighbours = config.neighbours,
                           .script_timeout = config.script_timeout,
                           .user_data = config.user_data,
                           .trusted_keys = config.trusted_keys_file,
                           .require_signature = config.require_signature},
                          **store, machine, wall_clock_ms);

    agent::audit::Trail trail({.directory = config.state_dir, .clock = wall_clock_ms});
    asio::io_context io(1);
    asio::thread_pool pool(3);
    const agent::api::Handler handler = agent::api::routes(engine, io, pool, &trail);
    agent::api::HttpServer server(io, std::move(sockets->admin), handler);
    auto tcp_listens = tcp_socket(config);
    if (!tcp_listens) return cannot_start(tcp_listens.error());
    std::unique_ptr<agent::api::HttpServer> tcp;
    std::optional<agent::gate::Gate> gate;
    const bool has_tcp = !config.tcp_address.empty();
    if (outside) {
        auto options = gate_options(config, host_id);
        if (!options) return cannot_start(options.error());
        options->told = told_to(trail);
        options->hello.tcp = has_tcp;
        options->listener = tcp_listens->fd();
        if (has_tcp) options->requests = tcp_door(config, io, pool, handler, trail);
        gate.emplace(io, pool, engine, std::move(sockets->gate), std::move(*options));
    } else if (has_tcp) {
        auto made = tcp_server(config, io, std::move(*tcp_listens),
                               tcp_door(config, io, pool, handler, trail));
        if (!made) return cannot_start(made.error());
        tcp = std::move(*made);
    }
    log(Level::info, outside ? "metalwright-link faces the network"
                             : "the network is faced in this process, which is root");
    auto links =
        make_links(outside ? inside_of(config) : config, host_id, io, pool, engine, told_to(trail));
    if (!links) return cannot_start(links.error());
    Watchdog watchdog(io, pool, engine);
    engine::Keeper keeper(engine);
    engine::Watch controller_watch([&] { engine.watch_controllers(); }, config.watch_controllers);
    engine::Watch array_watch(
        [&] {
            engine.watch_arrays();
            // Most hosts have none, and need no thread for it.
            if (machine.may_have_controllers()) controller_watch.start();
        },
        std::chrono::seconds(5));

    bool clean = true;
    bool stopping = false;
    const auto stop = [&] {
        if (std::exchange(stopping, true)) return;
        sys::notify_stopping("parking the step in hand");
        log(Level::info, "stopping");
        watchdog.stop();
        (*links)->stop();
        if (gate) gate->stop();
        if (tcp) tcp->stop(std::chrono::milliseconds(500), [] {});
        server.stop(std::chrono::milliseconds(500), [&] {
            // Nobody may be waited for: its tool may take half a minute to answer.
            array_watch.stop(std::chrono::seconds(1));
            const bool looked = controller_watch.stop(std::chrono::milliseconds(200));
            clean = engine.stop(stop_bound) && looked;
            if (clean) keeper.stop();  // else it may wait for the program that we do not wait for
            io.stop();
        });
    };
    asio::signal_set signals(io, SIGTERM, SIGINT);
    signals.async_wait([&](boost::system::error_code, int) { stop(); });
    bool damaged = false;
    (*store)->on_damage([&] {
        asio::post(io, [&] {
            log(Level::error, "the store is damaged: the next start sets it aside");
            damaged = true;
            stop();
        });
    });
    std::signal(SIGPIPE, SIG_IGN);

    engine.start();
    server.start();
    if (tcp) tcp->start();
    // Behind the first answer; without it orders are carried out all the same.
    asio::steady_timer soon(io, std::chrono::milliseconds(2));
    soon.async_wait([&](boost::system::error_code) {
        asio::post(pool, [&keeper] {
            if (auto kept = keeper.start(); !kept)
                log(Level::error, "nothing is put back by itself: " + describe(kept.error()));
        });
    });
    // What looks at all disks waits until an order that comes at once has begun.
    asio::steady_timer then(io, std::chrono::milliseconds(50));
    then.async_wait([&](boost::system::error_code) { array_watch.start(); });
    (*links)->start();
    if (gate) gate->start();
    watchdog.start();
    asio::steady_timer started(io, std::chrono::milliseconds(300));
    started.async_wait([](boost::system::error_code) { sys::give_back_code(); });
    check_trusted_keys(config);
    sys::notify_ready("serving host " + host_id);
    log(Level::info, "ready", {{"host", host_id}, {"version", METALWRIGHT_VERSION}});
    io.run();

    if (!clean) {
        // A program is in the kernel, or a RAID tool at its leisure, and cannot be waited for.
        // Everything durable is durable, and an operation is taken up again at the next start.
        log(Level::warn,
            "a program is still running; what it was for is taken up at the next start");
        ::_exit(damaged ? 1 : 0);
    }
    pool.stop();
    pool.join();
    log(Level::info, "stopped");
    return damaged ? 1 : 0;  // after which systemd starts us again
}

}  // namespace metalwright::daemon
