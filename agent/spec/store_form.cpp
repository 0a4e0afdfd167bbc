#include "agent/spec/store_form.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "agent/spec/native.hpp"
#include "core/json_pointer.hpp"

namespace metalwright::spec {
namespace {

using nlohmann::json;

constexpr std::uint64_t form = 1;

std::string compact(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string native_pointer(std::size_t alias) {
    return pointer_to("/network/aliases", alias) + "/cidr";
}

/// The pointers of the aliases, where they are not those of a native document.
json alias_pointers(const HostSpec& spec) {
    json pointers = json::array();
    if (!spec.network || !spec.network->aliases) return pointers;
    bool native = true;
    for (const netcfg::Alias& alias : *spec.network->aliases) {
        native = native && alias.where == native_pointer(pointers.size());
        pointers.push_back(alias.where);
    }
    return native ? json::array() : pointers;
}

void read_pointers(Fields& stored, HostSpec& spec) {
    std::vector<netcfg::Alias> none;
    std::vector<netcfg::Alias>& aliases =
        spec.network && spec.network->aliases ? *spec.network->aliases : none;
    for (std::size_t i = 0; i < aliases.size(); ++i) aliases[i].where = native_pointer(i);

    const auto at = stored.find("pointers");
    const auto items = at ? at->items(most_document_bytes) : std::nullopt;
    if (!items) return;
    if (aliases.size() != items->size()) return at->error("has not one pointer for each alias");
    for (std::size_t i = 0; i < items->size(); ++i)
        aliases[i].where = (*items)[i].text({.least = 0, .most = most_document_bytes}).value_or("");
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
    stored.refuse_unknown();
}

}  // namespace

std::string to_store(const HostSpec& spec) {
    json stored{{"form", form}, {"spec", native_json(spec, Secrets::leave_out)}};
    if (!spec.dialect.empty()) stored["dialect"] = spec.dialect;
    if (!spec.kept.empty()) stored["kept"] = json::parse(spec.kept, nullptr, false);
    for (const Note& note : spec.notes)
        stored["notes"].push_back({{"where", note.where}, {"message", note.message}});
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
    Findings findings;
    HostSpec spec;
    if (auto fields = Cursor(*document, "", findings).fields()) read_stored(*fields, spec);
    if (!findings.clean()) return unreadable(findings.take_errors(*document).front());
    return spec;
}

std::string canonical_bytes(const HostSpec& spec) {
    json content = native_json(spec, Secrets::include);
    content.erase("generation");
    if (spec.password) content.erase("passwordHash");
    if (const auto operation = content.find("operation"); operation != content.end()) {
        operation->erase("token");
        if (operation->empty()) content.erase("operation");
    }
    if (!spec.dialect.empty()) content["dialect"] = spec.dialect;
    if (!spec.kept.empty()) content["kept"] = json::parse(spec.kept, nullptr, false);
    return compact(content);
}

}  // namespace metalwright::spec
