#include "netcfg/op.hpp"

namespace metalwright::netcfg {
namespace {

std::string name_of(const KernelRoute& route) {
    return (route.type == 2 ? "local route " : "route ") + route.to.text() +
           (route.via ? " via " + route.via->text() : "");
}

struct Describer {
    std::string operator()(const SetLink& op) const {
        if (op.mtu != 0) return "set the MTU to " + std::to_string(op.mtu);
        return op.up.value_or(true) ? "bring the NIC up" : "take the NIC down";
    }
    std::string operator()(const AddAddress& op) const {
        if (op.count == 1) return "add " + op.first.text();
        return "add " + std::to_string(op.count) + " addresses from " + op.first.text() + " on";
    }
    std::string operator()(const RemoveAddress& op) const { return "remove " + op.prefix.text(); }
    std::string operator()(const AddRoute& op) const {
        return (op.replace ? "exchange " : "add ") + name_of(op.route);
    }
    std::string operator()(const RemoveRoute& op) const { return "remove " + name_of(op.route); }
    std::string operator()(const ShapingOp& op) const { return describe(op); }
};

}  // namespace

std::string describe(const KernelOp& op) {
    return std::visit(Describer{}, op);
}

}  // namespace metalwright::netcfg
