#include "agent/spec/document.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "agent/spec/dialect.hpp"
#include "agent/spec/native.hpp"

namespace metalwright::spec {
namespace {

void read_envelope(Fields& envelope, const Catalogue* catalogue, HostSpec& spec) {
    read_api_version(envelope, false);
    read_host(envelope, spec, false);
    spec.instance_id = envelope.text("instanceId", id_text);
    read_generation(envelope, spec);
    read_wipe_consent(envelope, spec);

    const Dialect* dialect = nullptr;
    if (const auto name = envelope.need_text("dialect", {.most = 128})) {
        dialect = find_dialect(*name);
        if (dialect == nullptr) {
            std::vector<std::string_view> names;
            for (const Dialect& known : dialects()) names.push_back(known.name);
            envelope.error("dialect", "no dialect " + in_quotes(*name) +
                                          "; this agent reads: " + listed(names));
        }
    }
    auto request = envelope.need_fields("request");
    envelope.refuse_unknown();
    if (dialect == nullptr || !request) return;
    spec.dialect = dialect->name;
    dialect->read(*request, catalogue, spec);
}

/// A vendor's request without its envelope; nothing when this is none.
const Dialect* bare_request(const Fields& fields) {
    const auto known = dialects();
    const auto found = std::find_if(known.begin(), known.end(), [&](const Dialect& dialect) {
        return fields.has(dialect.mark);
    });
    return found == known.end() ? nullptr : &*found;
}

void read_any(Fields& fields, const Catalogue* catalogue, HostSpec& spec) {
    if (fields.has("dialect") || fields.has("request"))
        return read_envelope(fields, catalogue, spec);
    if (fields.has("release")) return read_release(fields, spec);
    if (fields.has("resetPassword")) return read_password_reset(fields, spec);
    if (const Dialect* dialect = bare_request(fields))
        return fields.self().error("this is a bare " + std::string(dialect->name) +
                                   R"( request: wrap it as {"dialect":")" +
                                   std::string(dialect->name) + R"(","request":{...}})");
    read_native(fields, spec, Completeness::whole);
}

}  // namespace

std::expected<HostSpec, Errors> read_document(std::string_view text, const Catalogue* catalogue,
                                              const Context& context) {
    const auto document = parse_json(text);
    if (!document) return std::unexpected(document.error());
    Findings findings(context.user_data);
    HostSpec spec;
    if (auto fields = Cursor(*document, "", findings).fields()) {
        read_any(*fields, catalogue, spec);
        if (spec.host_id.empty())
            spec.host_id = context.host_id;
        else if (!context.host_id.empty() && spec.host_id != context.host_id)
            findings.error("/host/id",
                           "the document is for host " + in_quotes(spec.host_id) + ", this is " +
                               in_quotes(context.host_id),
                           Errc::refused);
    }
    if (!findings.clean()) return std::unexpected(findings.take_errors(*document));
    spec.notes = findings.take_notes();
    return spec;
}

}  // namespace metalwright::spec
