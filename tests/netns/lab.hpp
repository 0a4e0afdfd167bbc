#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/run_plan.hpp"
#include "netcfg/room.hpp"
#include "sys/fd.hpp"
#include "tests/fakes/fake_exec.hpp"
#include "tests/fakes/fake_files.hpp"

namespace metalwright::netcfg {

/// A network namespace that lives as long as this object; made and entered by the constructor.
class Namespace {
 public:
    Namespace() {
        EXPECT_EQ(::unshare(CLONE_NEWNET), 0);
        fd_ = sys::Fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
        EXPECT_TRUE(fd_);
    }
    void enter() const { ASSERT_EQ(::setns(fd_.get(), CLONE_NEWNET), 0); }
    std::string path() const {
        return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_.get());
    }

 private:
    sys::Fd fd_;
};

/// Two hosts on a wire: we are `va`, the peer is `vb`. Each test starts in our namespace.
class Netns : public testing::Test {
 protected:
    void SetUp() override {
        if (::geteuid() != 0) FAIL() << "network namespaces need root: run ./check netns with sudo";
        // The namespace we came from must come back: gtest runs all tests in one process by hand.
        home_ = sys::Fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
        peer_.emplace();
        us_.emplace();
        shell("ip link add va address 02:00:00:00:00:0a type veth peer name vb netns " +
              peer_->path() + " address 02:00:00:00:00:0b");
        shell("ip link set lo up");
        shell("ip link set va up");
        in_peer([] {
            shell("ip link set lo up");
            shell("ip link set vb up");
            // The gateways of these tests, which a changed way to the network asks.
            for (const char* gateway : {"10.9.0.1", "10.9.0.2", "10.10.0.1"})
                shell("ip address add " + std::string(gateway) + "/24 dev vb");
        });
        auto opened = RtnlSocket::open();
        ASSERT_TRUE(opened) << describe(opened.error());
        rtnl_.emplace(std::move(*opened));
        doors_ = std::make_unique<Doors>(Doors{*rtnl_, exec_, files_, Persister::none});
    }
    void TearDown() override {
        if (home_) {
            EXPECT_EQ(::setns(home_.get(), CLONE_NEWNET), 0);
        }
    }

    static void shell(const std::string& command) {
        EXPECT_EQ(std::system(command.c_str()), 0) << command;
    }

    template <class Do>
    void in_peer(Do act) {
        peer_->enter();
        act();
        us_->enter();
    }

    /// A second wire: our NIC `wa`, the peer's `wb`.
    void add_second_wire() {
        shell("ip link add wa address 02:00:00:00:00:0c type veth peer name wb netns " +
              peer_->path() + " address 02:00:00:00:00:0d");
        shell("ip link set wa up");
        in_peer([] { shell("ip link set wb up"); });
    }

    static void set_promote_secondaries(bool on) {
        for (const char* who : {"all", "default", "va"}) {
            std::ofstream file(std::string("/proc/sys/net/ipv4/conf/") + who +
                               "/promote_secondaries");
            file << (on ? '1' : '0') << std::flush;
            EXPECT_TRUE(file.good()) << who;
        }
    }

    Observed seen() {
        Result<Observed> observed = observe(*doors_);
        EXPECT_TRUE(observed) << describe(observed.error());
        return observed.value_or(Observed{});
    }

    Observed seen(const Wanted& wanted) {
        Result<Observed> observed = observe(*doors_, wanted);
        EXPECT_TRUE(observed) << describe(observed.error());
        return observed.value_or(Observed{});
    }

    int va() {
        for (const Link& link : seen().links)
            if (link.name == "va") return link.index;
        return 0;
    }

    /// As the engine does it: remember, run, read back.
    std::vector<ItemResult> bring_to(const Wanted& wanted) {
        NoJournal journal;
        const Observed before = seen(wanted);
        owned_ = owned_after(wanted, before, owned_);
        const Plan<Op> made = plan(wanted, before, owned_);
        const auto act = [&](std::span<const Step<Op>> steps) {
            return apply(steps, before, *doors_, journal);
        };
        std::vector<ItemResult> results =
            run_plan(made, journal, act, std::chrono::steady_clock::now);
        const Plan<Op> again = plan(wanted, seen(wanted), owned_);
        for (ItemResult& result : results)
            for (const Step<Op>& step : again.steps)
                if (step.item == result.item && result.outcome == Outcome::changed) {
                    result.outcome = Outcome::failed;
                    result.error = Error{Errc::internal, "read back: " + step.why, step.item};
                }
        return results;
    }

    bool has_address(const std::string& text) {
        const Prefix prefix = Prefix::parse(text).value();
        for (const KernelAddress& address : seen().addresses)
            if (address.prefix == prefix) return true;
        return false;
    }

    sys::Fd home_;
    std::optional<Namespace> peer_;
    std::optional<Namespace> us_;
    std::optional<RtnlSocket> rtnl_;
    fakes::FakeExec exec_;
    fakes::FakeFiles files_;
    std::unique_ptr<Doors> doors_;
    Owned owned_;
};

/// What became of an item; its error in the failure message.
inline Outcome outcome(const std::vector<ItemResult>& results, const std::string& item) {
    for (const ItemResult& result : results)
        if (result.item == item) {
            if (result.outcome == Outcome::failed && result.error)
                std::cout << item << ": " << describe(*result.error) << '\n';
            return result.outcome;
        }
    ADD_FAILURE() << "no line for " << item;
    return Outcome::failed;
}

/// A UDP socket of the namespace it was made in.
class Udp {
 public:
    explicit Udp(bool v6);
    bool bind(const Address& address, std::uint16_t port);
    /// The address this socket would speak from.
    std::optional<Address> source_towards(const Address& address, std::uint16_t port);
    bool send(const Address& address, std::uint16_t port);
    /// Waits up to two seconds for one datagram.
    bool receive();

 private:
    sys::Fd fd_;
};

/// Takes TCP connections, on every IPv4 address of the namespace it was made in.
class Listener {
 public:
    explicit Listener(std::uint16_t port);

 private:
    sys::Fd fd_;
};

}  // namespace metalwright::netcfg
