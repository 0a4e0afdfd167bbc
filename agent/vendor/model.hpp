#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "agent/desk/desk.hpp"
#include "agent/spec/address_edit.hpp"
#include "agent/spec/catalogue.hpp"
#include "agent/spec/json_text.hpp"
#include "agent/spec/model.hpp"
#include "core/plan.hpp"
#include "netcfg/model.hpp"

namespace metalwright::vendor {

using spec::Json;

// ---- what the host has, as far as a vendor asks ----------------------------------------------

struct Instance {
    std::string id;
    std::string state;                     ///< idle applying running degraded failed
    const spec::HostSpec* spec = nullptr;  ///< what is in force, all sources together
    std::int64_t since_ms = 0;             ///< when it was ordered, milliseconds since 1970, UTC
};

/// An address other than the primary one.
struct Address {
    netcfg::Prefix cidr{};
    netcfg::Kind kind = netcfg::Kind::alias;
    std::string id{};         ///< what it was given from: a subnet, an EIP
    bool from_order = false;  ///< wanted by the order itself: no later call takes it away
};

/// Something that a vendor's calls have made here and that is no part of a document: an EIP, a
/// secondary CIDR. Durable.
struct Resource {
    std::string id;
    std::string kind;             ///< "eip", "secondaryCidr"
    std::string state;            ///< of an EIP, in the vendor's word
    Json body;                    ///< an object; its fields are the dialect's
    std::int64_t operation = 0;   ///< what it waits for; 0: nothing
    std::int64_t changed_ms = 0;  ///< when its state changed last

    bool operator==(const Resource&) const = default;
};

/// A look at all of it, consistent in itself.
struct Host {
    std::string id;
    const spec::Catalogue& catalogue;
    std::optional<Instance> instance{};
    std::vector<Address> addresses{};
    std::vector<Resource> resources{};
    netcfg::Limits limits{};
    std::int64_t now_ms = 0;
    /// A new id that no other object has: `prefix` and twelve characters.
    std::function<std::string(std::string_view prefix)> draw_id{};
    /// The same one for the same text on this host, as long as it is the same instance.
    std::function<std::string(std::string_view prefix, std::string_view text)> id_of{};
};

// ---- what a call comes to ---------------------------------------------------------------------

/// What goes back inside the vendor's own frame.
struct Reply {
    unsigned status = 200;
    Json body;
};

/// A refusal in the vendor's own words.
struct Refusal {
    unsigned status = 400;
    std::string code;
    std::string message;
};

/// A document to be accepted as if it had been handed over: answered once that is durable.
struct Order {
    std::string document;
};

/// What is done once for the instance in force is done once more, with these: host name, password,
/// keys, user data; answered once that is durable. Only for an order that came by the same API.
struct Reinstall {
    spec::HostSpec changes;  ///< what is absent stays, but for user data; `kept` is all of it
};

/// More and fewer addresses: answered once the kernel has them.
struct Edit {
    spec::AddressEdit edit;
    /// Where one cannot be set: the others stay, or none does.
    bool all_or_nothing = false;
};

/// Objects that are made, changed or dropped. An EIP in a state that ends in "ING" is carried on
/// afterwards, by settle() (agent/vendor/eip.hpp).
struct Ledger {
    std::vector<Resource> put{};
    std::vector<std::string> dropped{};  ///< ids
};

struct Work {
    std::variant<Order, Reinstall, Edit, Ledger> operation;
    /// What the reply needs of the call; kept with it, for whoever sends it again.
    Json memo = Json::object();
};

using Decision = std::variant<Reply, Refusal, Work>;

/// How a piece of work has gone.
struct Outcome {
    std::string instance{};
    std::vector<std::string> drawn{};  ///< addresses that were given by number, CIDRs
    std::vector<ItemResult> items{};   ///< of the addresses; empty while it is under way
    bool under_way = false;            ///< nobody can wait any longer
};

// ---- a vendor ----------------------------------------------------------------------------------

struct Route {
    std::string_view operation;  ///< the vendor's name of it
    std::string_view method;
    std::string_view pattern;      ///< "*" stands for one segment, "*:reset" for one that ends so
    std::string_view action = {};  ///< value of the header that names the operation; empty: none
    bool changes = true;           ///< else it only tells
    /// `caught` stands for the "*", in order. Pure.
    Decision (*decide)(const agent::VendorRequest& request, const std::vector<std::string>& caught,
                       const Host& host);
    /// Null where decide() never comes to Work. Pure.
    Reply (*reply)(const Json& memo, const Outcome& outcome) = nullptr;
};

/// What is done with a token that came before.
enum class Repeated {
    first_result,  ///< the first result, whatever this request holds
    same_request,  ///< the first result, if the request is the same; else a refusal
};

/// One vendor's API: data and pure functions. One file, and one line in dialects.cpp.
struct Dialect {
    std::string_view name;  ///< "jdcloud"
    std::vector<Route> routes;
    /// The client's token; empty where there is none. Refused by decide() where it is malformed.
    std::string (*token)(const agent::VendorRequest& request);
    Repeated repeated = Repeated::first_result;
    std::int64_t token_ms = 0;  ///< how long it is known after it came last; 0: for ever
    Refusal (*refusal)(const Errors& errors);
    /// Where fewer addresses are left than are asked for by number; null: as refusal().
    Refusal (*exhausted)(const Errors& errors) = nullptr;
    /// Of Repeated::same_request: the token came with another one before.
    std::optional<Refusal> mismatch{};
    /// What a signature that does not verify is refused with, in the order of signature::Fault.
    std::array<std::pair<unsigned, std::string_view>, 6> unauthorized{};
    /// Both make the whole body of an answer.
    std::string (*frame)(const Reply& reply, const std::string& request_id);
    std::string (*frame_refusal)(const Refusal& refusal, const std::string& request_id);
};

}  // namespace metalwright::vendor
