#include "agent/engine/run_order.hpp"

#include "agent/engine/json.hpp"

namespace metalwright::engine {
namespace {

/// What a script may want to know of its host. Source: docs/user-data.md.
std::vector<std::string> environment_of(const spec::HostSpec& spec) {
    std::vector<std::string> all;
    const auto add = [&](const std::string& name, const std::string& value) {
        all.push_back("METALWRIGHT_" + name + '=' + value);
    };
    add("INSTANCE_ID", spec.instance_id.value_or(""));
    if (spec.hostname) add("HOSTNAME", *spec.hostname);
    std::string addresses;
    if (spec.network && spec.network->primary) {
        addresses = spec.network->primary->address.address.text();
        add("PRIMARY_ADDRESS", addresses);
    }
    if (spec.network && spec.network->aliases)
        for (const netcfg::Alias& alias : *spec.network->aliases)
            addresses += (addresses.empty() ? "" : " ") + alias.cidr.text();
    add("ADDRESSES", addresses);
    for (const auto& [name, value] : spec.user_data->metadata) add("META_" + name, value);
    for (const auto& [name, value] : spec.user_data->secrets) add("SECRET_" + name, value);
    return all;
}

}  // namespace

RunOrder run_order_of(const spec::HostSpec& spec, std::string_view password) {
    const spec::UserData& data = *spec.user_data;
    RunOrder order{.retries = data.retries,
                   .backoff = data.backoff,
                   .rerun_interrupted = data.rerun_interrupted,
                   .run_after_failure = data.run_after_failure,
                   .stream = data.stream,
                   .environment = environment_of(spec)};
    for (const auto& [name, value] : data.secrets) order.secrets.push_back(value);
    // A password that the script does not hold it cannot print; one that it holds is kept already.
    if (!password.empty() && data.bytes.find(password) != std::string::npos)
        order.secrets.emplace_back(password);
    return order;
}

std::string to_store(const RunOrder& order) {
    return dump(Json{{"retries", order.retries},
                     {"backoffSeconds", order.backoff.count()},
                     {"rerunInterrupted", order.rerun_interrupted},
                     {"runAfterFailure", order.run_after_failure},
                     {"stream", order.stream},
                     {"armedAgain", order.armed_again},
                     {"anew", order.anew},
                     {"reruns", order.reruns},
                     {"streamed", order.streamed},
                     {"environment", order.environment},
                     {"secrets", order.secrets}});
}

RunOrder run_order_from_store(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false);
    RunOrder order;
    if (!json.is_object()) return order;
    order.retries = json.value("retries", 0u);
    order.backoff = std::chrono::seconds(json.value("backoffSeconds", std::int64_t{10}));
    order.rerun_interrupted = json.value("rerunInterrupted", false);
    order.run_after_failure = json.value("runAfterFailure", false);
    order.stream = json.value("stream", false);
    order.armed_again = json.value("armedAgain", false);
    order.anew = json.value("anew", false);
    order.reruns = json.value("reruns", 0u);
    order.streamed = json.value("streamed", std::int64_t{0});
    order.environment = json.value("environment", std::vector<std::string>());
    order.secrets = json.value("secrets", std::vector<std::string>());
    return order;
}

cloudinit::Script script_of(const store::ScriptRun& run, const RunOrder& order) {
    return {.instance_id = run.instance,
            .bytes = run.bytes,
            .timeout = std::chrono::seconds(run.timeout_s),
            .retries = order.retries,
            .backoff = order.backoff,
            .environment = order.environment,
            .secrets = order.secrets};
}

}  // namespace metalwright::engine
