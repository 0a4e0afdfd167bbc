#include "agent/spec/store_form.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "agent/spec/native.hpp"
#include "agent/spec/network_read.hpp"
#include "cloudinit/user_data.hpp"
#include "core/json_pointer.hpp"

namespace metalwright::spec {
namespace {

using nlohmann::json;

constexpr std::uint64_t form = 1;

std::string compact(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Calls `act(alias, pointer)` for each alias of each NIC, with where it stands in a native
/// document.
template <class Network, class Act>
void each_alias(Network& network, const std::string& place, const Act& act) {
    std::map<netcfg::Kind, std::size_t> next;
    if (network.aliases)
        for (auto& alias : *network.aliases) {
            const AddressList list = list_of(alias.kind);
            const std::string entry = pointer_to(pointer_to(place, list.name), next[alias.kind]++);
            act(alias, pointer_to(entry, list.field));
        }
    for (std::size_t i = 0; i < network.others.size(); ++i)
        each_alias(network.others[i], pointer_to(pointer_to(place, "otherNics"), i), act);
}

/// The pointers of the aliases, where they are not those of a native document.
json alias_pointers(const HostSpec& spec) {
    json pointers = json::array();
    bool native = true;
    if (spec.network)
        each_alias(*spec.network, "/network",
                   [&](const netcfg::Alias& alias, const std::string& pointer) {
                       native = native && alias.where == pointer;
                       pointers.push_back(alias.where);
                   });
    return native ? json::array() : pointers;
}

void read_pointers(Fields& stored, HostSpec& spec) {
    std::vector<netcfg::Alias*> aliases;
    if (spec.network)
        each_alias(*spec.network, "/network",
                   [&](netcfg::Alias& alias, const std::string& pointer) {
                       alias.where = pointer;
                       aliases.push_back(&alias);
                   });
    const auto at = stored.find("pointers");
    const auto items = at ? at->items(most_document_bytes) : std::nullopt;
    if (!items) return;
    if (aliases.size() != items->size()) return at->error("has not one pointer for each alias");
    for (std::size_t i = 0; i < aliases.size(); ++i)
        aliases[i]->where =
            (*items)[i].text({.least = 0, .most = most_document_bytes}).value_or("");
}

void read_notes(Fields& stored, HostSpec& spec) {
    const auto at = stored.find("notes");
    const auto items = at ? at->items(most_document_bytes) : std::nullopt;
    if (!items) return;
    constexpr Text any{.least = 0, .most = most_document_bytes};
    for (const Cursor& item : *items) {
        auto note = item.fields();
        if (!note) continue;
        spec.notes.push_back({note->need_text("where", any).value_or(""),
                              note->need_text("message", any).value_or("")});
        note->refuse_unknown();
    }
}

void read_stored(Fields& stored, HostSpec& spec) {
    if (const auto number = stored.need("form")) number->number(form, form);
    if (auto native = stored.need_fields("spec")) {
        if (native->has("release"))
            read_release(*native, spec);
        else
            read_native(*native, spec, Completeness::part);
    }
    spec.dialect = stored.text("dialect", {.least = 0}).value_or("");
    if (const auto kept = stored.find("kept"))
        if (kept->fields()) spec.kept = compact(json(kept->json()));
    read_notes(stored, spec);
    read_pointers(stored, spec);
    if (const auto leases = stored.find("leases"))
        if (const auto items = leases->items(most_document_bytes))
            for (const Cursor& item : *items)
                if (const auto lease = read_prefix(item)) spec.leases.push_back(*lease);
    stored.refuse_unknown();
}

}  // namespace

std::string to_store(const HostSpec& spec) {
    json stored{{"form", form}, {"spec", native_json(spec, Secrets::leave_out)}};
    if (!spec.dialect.empty()) stored["dialect"] = spec.dialect;
    if (!spec.kept.empty()) stored["kept"] = json::parse(spec.kept, nullptr, false);
    for (const Note& note : spec.notes)
        stored["notes"].push_back({{"where", note.where}, {"message", note.message}});
    for (const netcfg::Prefix& lease : spec.leases) stored["leases"].push_back(lease.text());
    if (json pointers = alias_pointers(spec); !pointers.empty())
        stored["pointers"] = std::move(pointers);
    return compact(stored);
}

Result<HostSpec> from_store(std::string_view text) {
    const auto unreadable = [](Error error) {
        error.code = Errc::io;
        error.message = "a stored spec does not read, its store may be damaged: " + error.message;
        return std::unexpected(std::move(error));
    };
    const auto document = parse_json(text);
    if (!document) return unreadable(document.error().front());
    Findings findings(cloudinit::accepted_before);
    HostSpec spec;
    if (auto fields = Cursor(*document, "", findings).fields()) read_stored(*fields, spec);
    if (!findings.clean()) return unreadable(findings.take_errors(*document).front());
    return spec;
}

std::string canonical_bytes(const HostSpec& spec) {
    json content = native_json(spec, Secrets::include);
    content.erase("generation");
    if (spec.password.plain) content.erase("passwordHash");
    if (const auto operation = content.find("operation"); operation != content.end()) {
        operation->erase("token");
        if (operation->empty()) content.erase("operation");
    }
    if (!spec.dialect.empty()) content["dialect"] = spec.dialect;
    if (!spec.kept.empty()) content["kept"] = json::parse(spec.kept, nullptr, false);
    for (const netcfg::Prefix& lease : spec.leases) content["leases"].push_back(lease.text());
    return compact(content);
}

}  // namespace metalwright::spec
