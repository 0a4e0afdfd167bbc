#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan.hpp"
#include "netcfg/nic.hpp"
#include "netcfg/op.hpp"
#include "netcfg/site.hpp"

namespace metalwright::netcfg {

/// Bonds and VLANs are made before anything is put on them: what that takes, and the host as it is
/// then, for the rest of the plan to look at. Where nothing has to be made that is the observed one
/// itself. Borrows all that it is given.
class MadeLinks {
 public:
    /// Of one NIC of the order.
    struct Work {
        std::vector<Step<Op>> steps{};     ///< items "bond" and "vlan"; each says what undoes it
        std::vector<Step<Op>> removals{};  ///< VLANs that nobody wants, once all else is done
        std::vector<ItemResult> settled{};
        std::vector<RemoveAddress> stale{};  ///< see ReloadPersister
        bool cuts_way = false;  ///< takes addresses or routes of ours off the NICs it needs
    };

    MadeLinks(const Wanted& wanted, const Observed& observed, const Owned& owned);

    const Observed& observed() const noexcept { return changed_ ? *changed_ : before_; }
    /// The first NIC of the order, then Wanted::others.
    Work& work(std::size_t nic) { return works_[nic]; }
    std::size_t size() const noexcept { return works_.size(); }
    /// Addresses that are there and are not in observed() any more, with the link they are on.
    const std::vector<KernelAddress>& dropped() const noexcept { return dropped_; }

 private:
    Observed& change();
    Link& changed_link(int ifindex);
    Link new_bond(const Wanted& one, const std::vector<Link>& ports) const;
    void make_bond(const Wanted& one, const std::string& item, Work& work);
    Result<void> keep_bond(const Bond& wanted, const Link& bond, const std::vector<Link>& ports,
                           const std::string& item, Work& work);
    Result<void> join(const Link& port, const Link& bond, const std::string& item, Work& work);
    void make_vlan(const Wanted& one, const std::string& item, Work& work);
    /// A bond or VLAN of ours, and what of ours stands on it.
    Result<void> take_apart(const Link& link, const std::string& item, Work& work);
    void sweep_vlans(std::size_t at, const std::string& item);

    const Wanted& nic(std::size_t at) const { return at == 0 ? wanted_ : wanted_.others[at - 1]; }
    Result<void> nothing_foreign(const Link& link, std::string_view otherwise) const;
    std::vector<Op> put_back(const Link& link, bool all) const;
    void drop_from(int ifindex);

    const Wanted& wanted_;
    const Observed& before_;
    const Owned& owned_;
    std::optional<Observed> changed_;
    std::optional<Site> site_;  // of before_, for whose is what
    std::vector<KernelAddress> dropped_;
    std::vector<Work> works_;
};

}  // namespace metalwright::netcfg
