#include "netcfg/op.hpp"

namespace metalwright::netcfg {
namespace {

std::string name_of(const KernelRoute& route) {
    return (route.type == 2 ? "local route " : "route ") + route.to.text() +
           (route.via ? " via " + route.via->text() : "");
}

std::string name_of(const KernelRule& rule) {
    return "rule " + std::to_string(rule.priority) + " from " +
           (rule.from ? rule.from->text()
            : rule.v6 ? "all IPv6"
                      : "all IPv4") +
           " to table " + std::to_string(rule.table);
}

struct Describer {
    std::string operator()(const SetLink& op) const {
        if (op.mtu != 0) return "set the MTU to " + std::to_string(op.mtu);
        return op.up.value_or(true) ? "bring the NIC up" : "take the NIC down";
    }
    std::string operator()(const MakeLink& op) const {
        return (op.bond ? "make the bond " : "make the VLAN ") + op.name;
    }
    std::string operator()(const MarkLink& op) const { return "mark " + op.name; }
    std::string operator()(const RemoveLink& op) const { return "remove " + op.name; }
    std::string operator()(const SetMaster& op) const {
        return (op.master != 0 ? "put " + op.name + " into the bond"
                               : "take " + op.name + " out of the bond");
    }
    std::string operator()(const AddAddress& op) const {
        if (op.take_over) return "take over " + op.first.text();
        if (op.count == 1) return "add " + op.first.text();
        return "add " + std::to_string(op.count) + " addresses from " + op.first.text() + " on";
    }
    std::string operator()(const RemoveAddress& op) const { return "remove " + op.prefix.text(); }
    std::string operator()(const AddRoute& op) const {
        return (op.replace ? "exchange " : "add ") + name_of(op.route);
    }
    std::string operator()(const RemoveRoute& op) const { return "remove " + name_of(op.route); }
    std::string operator()(const AddRule& op) const { return "add " + name_of(op.rule); }
    std::string operator()(const RemoveRule& op) const { return "remove " + name_of(op.rule); }
    std::string operator()(const SetNicSetting& op) const {
        return "set " + std::string(to_string(op.key)) + " to " + std::to_string(op.value);
    }
    std::string operator()(const ShapingOp& op) const { return describe(op); }
};

}  // namespace

std::string describe(const KernelOp& op) {
    return std::visit(Describer{}, op);
}

}  // namespace metalwright::netcfg
