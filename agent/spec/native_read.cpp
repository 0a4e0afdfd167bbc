#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include "agent/spec/first_boot_read.hpp"
#include "agent/spec/native.hpp"
#include "agent/spec/network_read.hpp"
#include "agent/spec/sealing.hpp"
#include "agent/spec/storage_read.hpp"

namespace metalwright::spec {
namespace {

constexpr std::array<std::string_view, 1> api_versions{api_version};
constexpr std::array<std::string_view, 2> array_words{"keep", "remove"};
constexpr std::uint32_t most_mbps = 1'000'000;

void read_replacements(Fields& operation, HostSpec& spec) {
    const auto at = operation.find("replace");
    const auto items = at ? at->items(256) : std::nullopt;
    if (!items) return;
    constexpr Text id{.most = 64, .form = &forms::disk_id};
    std::set<std::string> disks;
    for (const Cursor& item : *items) {
        auto fields = item.fields();
        if (!fields) continue;
        const auto disk = fields->need_text("disk", id);
        const auto with = fields->text("with", id);
        if (disk && !disks.insert(*disk).second)
            fields->error("disk", in_quotes(*disk) + " stands before");
        if (with && !disks.insert(*with).second)
            fields->error("with", in_quotes(*with) + " stands before");
        if (disk) spec.replace.push_back({*disk, with.value_or("")});
        fields->refuse_unknown();
    }
}

void read_operation(Fields& document, HostSpec& spec, bool with_consent) {
    auto operation = document.fields("operation");
    if (!operation) return;
    spec.token = operation->text("token", {.most = 64, .form = &forms::token, .secret = true});
    if (with_consent) read_wipe_consent(*operation, spec);
    if (with_consent) read_replacements(*operation, spec);
    if (with_consent) spec.reinstall = operation->flag("reinstall").value_or(false);
    if (spec.reinstall && !operation->has("token"))
        operation->error("token",
                         "is required with \"reinstall\", but missing: without one the "
                         "same document could begin it twice");
    operation->refuse_unknown();
}

void read_instance(Fields& document, HostSpec& spec, bool required) {
    auto instance = required ? document.need_fields("instance") : document.fields("instance");
    if (!instance) return;
    spec.instance_id =
        required ? instance->need_text("id", id_text) : instance->text("id", id_text);
    spec.instance_name = instance->text("name", {.most = 128, .form = &forms::printable});
    spec.description =
        instance->text("description", {.least = 0, .most = 256, .form = &forms::printable});
    instance->refuse_unknown();
}

constexpr std::array<std::string_view, 3> password_fields{"password", "passwordHash",
                                                          "generatePassword"};

/// One of them at most.
RootPassword read_password(Fields& holder) {
    RootPassword password;
    // A vendor's rules for passwords are its dialect's; here the operator is trusted.
    password.plain = holder.text(
        "password", {.least = 8, .most = 128, .form = &forms::printable, .secret = true});
    password.hash = holder.text(
        "passwordHash", {.least = 8, .most = 383, .form = &forms::password_hash, .secret = true});
    if (auto generate = holder.fields("generatePassword")) {
        if (const auto at = generate->need("publicKey"))
            password.sealed_to = at->text({.most = 8192});
        if (password.sealed_to)
            if (const auto good = check_sealing_key(*password.sealed_to); !good)
                generate->error("publicKey", good.error().message);
        generate->refuse_unknown();
    }
    std::string_view first;
    for (const std::string_view name : password_fields) {
        if (!holder.has(name)) continue;
        if (first.empty())
            first = name;
        else
            holder.error(name, "cannot stand beside " + in_quotes(first) + ": give one of them");
    }
    return password;
}

constexpr std::array<std::string_view, 2> renewal_words{"machineId", "hostKeys"};

/// What a copy of an image gets of its own.
void read_renewals(Fields& document, HostSpec& spec) {
    const auto at = document.find("renew");
    const auto items = at ? at->items(renewal_words.size()) : std::nullopt;
    if (!items) return;
    for (const Cursor& item : *items) {
        const auto what = item.word(renewal_words);
        if (what == "machineId") spec.renew_machine_id = true;
        if (what == "hostKeys") spec.renew_host_keys = true;
    }
}

void read_login(Fields& document, HostSpec& spec) {
    spec.password = read_password(document);
    if (const auto at = document.find("authorizedKeys"))
        spec.authorized_keys = read_public_keys(*at);
}

}  // namespace

void read_api_version(Fields& document, bool required) {
    if (const auto at = required ? document.need("apiVersion") : document.find("apiVersion"))
        at->word(api_versions);
}

void read_host(Fields& document, HostSpec& spec, bool required) {
    auto host = required ? document.need_fields("host") : document.fields("host");
    if (!host) return;
    // Where a host is named at all, it is named by its id.
    if (auto id = host->need_text("id", id_text)) spec.host_id = std::move(*id);
    host->refuse_unknown();
}

void read_generation(Fields& document, HostSpec& spec) {
    spec.generation = document.number("generation", 1, most_number);
}

void read_wipe_consent(Fields& holder, HostSpec& spec) {
    const auto at = holder.find("wipeConsent");
    if (!at) return;
    const auto items = at->items(256);
    if (!items) return;
    std::set<std::string> disks;
    for (const Cursor& item : *items) {
        auto fields = item.fields();
        if (!fields) continue;
        raid::WipeConsent consent;
        const auto disk = fields->need_text("disk", {.most = 64, .form = &forms::disk_id});
        if (disk && !disks.insert(*disk).second)
            fields->error("disk", "consent for " + in_quotes(*disk) + " stands before");
        if (disk) consent.disk = *disk;
        if (const auto found = fields->need("found")) {
            if (const auto words = found->items(64)) {
                if (words->empty())
                    found->error("is empty: consent names what was found on the disk");
                for (const Cursor& word : *words) {
                    auto signature = word.text({.most = 64, .form = &forms::signature});
                    if (!signature) continue;
                    if (std::find(consent.found.begin(), consent.found.end(), *signature) !=
                        consent.found.end())
                        word.error(in_quotes(*signature) + " stands before");
                    else
                        consent.found.push_back(std::move(*signature));
                }
            }
        }
        fields->refuse_unknown();
        spec.wipe_consent.push_back(std::move(consent));
    }
}

void read_native(Fields& document, HostSpec& spec, Completeness completeness) {
    const bool whole = completeness == Completeness::whole;
    read_api_version(document, true);
    read_host(document, spec, whole);
    read_instance(document, spec, whole);
    read_generation(document, spec);
    read_operation(document, spec, true);
    // A section that names nothing manages nothing.
    if (auto storage = document.fields("storage"))
        if (raid::Wanted wanted = read_storage(*storage); wanted != raid::Wanted{})
            spec.storage = std::move(wanted);
    if (auto network = document.fields("network")) {
        spec.bandwidth_mbps = network->number32("bandwidthMbps", 0, most_mbps);
        spec.extra_uplink_mbps = network->number32("extraUplinkMbps", 0, most_mbps);
        if (auto count = network->fields("secondaryCount")) {
            spec.secondary_count = {.ipv4 = count->number32("ipv4", 0, most_leases).value_or(0),
                                    .ipv6 = count->number32("ipv6", 0, most_leases).value_or(0)};
            count->refuse_unknown();
        }
        if (const auto at = network->find("withdrawn")) spec.withdrawn = read_withdrawn(*at);
        if (netcfg::Wanted wanted = read_network(*network); wanted != netcfg::Wanted{})
            spec.network = std::move(wanted);
        network->refuse_unknown();
    }
    spec.hostname = document.text("hostname", {.most = 64, .form = &forms::host_name});
    read_renewals(document, spec);
    read_login(document, spec);
    if (auto data = document.fields("userData")) spec.user_data = read_user_data(*data);
    document.refuse_unknown();
}

void read_release(Fields& document, HostSpec& spec) {
    read_api_version(document, true);
    read_host(document, spec, true);
    read_generation(document, spec);
    read_operation(document, spec, false);
    if (auto release = document.need_fields("release")) {
        const auto arrays = release->word("arrays", array_words);
        if (auto id = release->need_text("instanceId", id_text))
            spec.release = Release{std::move(*id), arrays == "remove"};
        release->refuse_unknown();
    }
    document.refuse_unknown();
}

void read_password_reset(Fields& document, HostSpec& spec) {
    read_api_version(document, true);
    read_host(document, spec, true);
    read_generation(document, spec);
    read_operation(document, spec, false);
    if (auto reset = document.need_fields("resetPassword")) {
        PasswordReset wanted;
        if (auto id = reset->need_text("instanceId", id_text)) wanted.instance_id = std::move(*id);
        wanted.password = read_password(*reset);
        if (std::ranges::none_of(password_fields, [&](auto name) { return reset->has(name); }))
            reset->self().error("says no password: give one of " + listed(password_fields));
        reset->refuse_unknown();
        spec.reset = std::move(wanted);
    }
    document.refuse_unknown();
}

}  // namespace metalwright::spec
