// Operations as lines of text, for the journal.

#include <charconv>
#include <map>

#include "netcfg/op.hpp"
#include "netcfg/persist/lines.hpp"

namespace metalwright::netcfg {
namespace {

std::string text_of(const KernelRoute& route) {
    std::string text = route.to.text() + " nic " + std::to_string(route.ifindex);
    if (route.via) text += " via " + route.via->text();
    return text + " table " + std::to_string(route.table) + " metric " +
           std::to_string(route.metric) + " protocol " + std::to_string(route.protocol) + " type " +
           std::to_string(route.type);
}

struct Writer {
    std::string operator()(const AddAddress& op) const {
        return "add address " + op.first.text() + " nic " + std::to_string(op.ifindex) + " count " +
               std::to_string(op.count) + " deprecated " + std::to_string(op.deprecated ? 1 : 0);
    }
    std::string operator()(const RemoveAddress& op) const {
        return "remove address " + op.prefix.text() + " nic " + std::to_string(op.ifindex) +
               " siblings " + std::to_string(op.keep_siblings ? 1 : 0);
    }
    std::string operator()(const AddRoute& op) const {
        return "add route " + text_of(op.route) +
               (op.prefsrc ? " source " + op.prefsrc->text() : "") + " replace " +
               std::to_string(op.replace ? 1 : 0);
    }
    std::string operator()(const RemoveRoute& op) const {
        return "remove route " + text_of(op.route);
    }
    std::string operator()(const MakeLink& op) const {
        std::string text = "make link " + op.name + on(op.ifindex) + " mtu " +
                           std::to_string(op.mtu) + " parent " + std::to_string(op.parent) +
                           " vlan " + std::to_string(op.vlan);
        if (!op.mac.empty()) text += " mac " + op.mac;
        if (op.bond)
            text += " mode " + std::to_string(op.bond->mode) + " hash " +
                    std::to_string(op.bond->hash) + " fast " +
                    std::to_string(op.bond->fast ? 1 : 0) + " miimon " +
                    std::to_string(op.bond->miimon_ms);
        return text;
    }
    std::string operator()(const RemoveLink& op) const {
        return "remove link " + op.name + on(op.ifindex);
    }
    std::string operator()(const SetMaster& op) const {
        return "set master " + op.name + on(op.ifindex) + " master " + std::to_string(op.master);
    }
    std::string operator()(const SetLink& op) const {
        return op.mtu == 0 ? std::string()
                           : "set link mtu" + on(op.ifindex) + " mtu " + std::to_string(op.mtu);
    }
    std::string operator()(const auto&) const { return {}; }

 private:
    static std::string on(int ifindex) { return " nic " + std::to_string(ifindex); }
};

std::unexpected<Error> not_ours(std::string_view text) {
    return fail(Errc::internal,
                "the journal holds an operation that cannot be read: " + std::string(text));
}

/// The words behind the prefix, by name.
class Values {
 public:
    explicit Values(const persist::Words& words) {
        for (std::size_t i = 3; i + 1 < words.size(); i += 2) values_[words[i]] = words[i + 1];
    }
    /// Nothing when the name is absent or no number; remembered as a fault.
    std::uint32_t number(std::string_view name) {
        const auto it = values_.find(name);
        std::uint32_t value = 0;
        if (it == values_.end()) {
            bad_ = true;
            return 0;
        }
        const std::string_view text = it->second;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        bad_ = bad_ || error != std::errc{} || end != text.data() + text.size();
        return value;
    }
    std::optional<Address> address(std::string_view name) {
        const auto it = values_.find(name);
        if (it == values_.end()) return std::nullopt;
        const Result<Address> address = Address::parse(it->second);
        bad_ = bad_ || !address;
        return address ? std::optional(*address) : std::nullopt;
    }
    bool has(std::string_view name) const { return values_.contains(name); }
    /// Empty when it is absent.
    std::string text(std::string_view name) const {
        const auto it = values_.find(name);
        return it == values_.end() ? std::string() : std::string(it->second);
    }
    bool bad() const noexcept { return bad_; }

 private:
    std::map<std::string_view, std::string_view> values_;
    bool bad_ = false;
};

KernelRoute route_from(const Prefix& to, Values& values) {
    return {.ifindex = static_cast<int>(values.number("nic")),
            .to = to,
            .via = values.address("via"),
            .table = values.number("table"),
            .metric = values.number("metric"),
            .protocol = static_cast<std::uint8_t>(values.number("protocol")),
            .type = static_cast<std::uint8_t>(values.number("type"))};
}

std::optional<KernelOp> link_op(std::string_view what, const std::string& name, Values& values) {
    const int nic = static_cast<int>(values.number("nic"));
    if (what == "set link") return SetLink{.ifindex = nic, .mtu = values.number("mtu")};
    if (what == "remove link") return RemoveLink{nic, name};
    if (what == "set master")
        return SetMaster{nic, name, static_cast<int>(values.number("master"))};
    if (what != "make link") return std::nullopt;
    MakeLink op{.ifindex = nic,
                .name = name,
                .mac = values.text("mac"),
                .mtu = values.number("mtu"),
                .parent = static_cast<int>(values.number("parent")),
                .vlan = static_cast<std::uint16_t>(values.number("vlan"))};
    if (values.has("mode"))
        op.bond = BondState{.mode = static_cast<std::uint8_t>(values.number("mode")),
                            .hash = static_cast<std::uint8_t>(values.number("hash")),
                            .fast = values.number("fast") != 0,
                            .miimon_ms = values.number("miimon")};
    return op;
}

}  // namespace

std::string journal_form(const Op& op) {
    const auto* kernel = std::get_if<KernelOp>(&op);
    return kernel == nullptr ? std::string() : std::visit(Writer{}, *kernel);
}

Result<KernelOp> op_from(std::string_view text) {
    const persist::Words words = persist::words(text);
    if (words.size() < 3) return not_ours(text);
    Values values(words);
    const std::string what = std::string(words[0]) + ' ' + std::string(words[1]);
    if (what.ends_with(" link") || what == "set master") {
        const std::optional<KernelOp> made = link_op(what, std::string(words[2]), values);
        return made && !values.bad() ? Result<KernelOp>(*made) : not_ours(text);
    }
    const Result<Prefix> prefix = Prefix::parse(words[2]);
    if (!prefix) return not_ours(text);
    std::optional<KernelOp> op;
    if (what == "add address")
        op = AddAddress{.ifindex = static_cast<int>(values.number("nic")),
                        .first = *prefix,
                        .count = values.number("count"),
                        .deprecated = values.number("deprecated") != 0};
    else if (what == "remove address")
        op = RemoveAddress{.ifindex = static_cast<int>(values.number("nic")),
                           .prefix = *prefix,
                           .keep_siblings = values.number("siblings") != 0};
    else if (what == "add route")
        op = AddRoute{.route = route_from(*prefix, values),
                      .prefsrc = values.address("source"),
                      .replace = values.number("replace") != 0};
    else if (what == "remove route")
        op = RemoveRoute{route_from(*prefix, values)};
    if (!op || values.bad()) return not_ours(text);
    return *op;
}

}  // namespace metalwright::netcfg
