#pragma once

#include <deque>
#include <string>
#include <vector>

#include "netcfg/nic.hpp"
#include "netcfg/site.hpp"

namespace metalwright::netcfg {

/// What one NIC is to get of a plan.
struct Portion {
    Result<NicChoice> nic;
    const Wanted* wanted = nullptr;  ///< of this NIC alone; elastic addresses only on the WAN NIC
    Standing standing{};             ///< but for `taken`
};

/// What is wanted of the host, NIC by NIC: the first is the one that carries the default route;
/// then the others in their order, and the WAN NIC where elastic addresses are for one that is none
/// of these. Borrows all three; no two portions have the same NIC.
class Spread {
 public:
    Spread(const Wanted& wanted, const Observed& observed, const Owned& owned);

    std::vector<Portion>& portions() noexcept { return portions_; }
    const std::vector<Portion>& portions() const noexcept { return portions_; }

 private:
    Wanted& own(const Wanted& one, const Wanted& host);  ///< a copy with what is the host's
    void add_others(const Wanted& wanted, const Observed& observed);
    void move_elastics(const Wanted& wanted, const Observed& observed);

    std::deque<Wanted> copies_;
    std::vector<Portion> portions_;
};

}  // namespace metalwright::netcfg
