// The module that makes metrics of a status, in the words of Prometheus' own library.

#include <prometheus/text_serializer.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/metrics/module.hpp"

namespace metalwright::agent::metrics {
namespace {

using Json = nlohmann::json;
using prometheus::MetricType;
using Labels = std::vector<prometheus::ClientMetric::Label>;

const Json& member(const Json& object, const char* key) {
    static const Json none;
    const auto it = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && it != object.end() ? *it : none;
}

std::string text(const Json& object, const char* key) {
    const Json& found = member(object, key);
    return found.is_string() ? found.get<std::string>() : std::string();
}

std::optional<double> number(const Json& object, const char* key) {
    const Json& found = member(object, key);
    return found.is_number() ? std::optional(found.get<double>()) : std::nullopt;
}

const Json& list(const Json& object, const char* key) {
    static const Json none = Json::array();
    const Json& found = member(object, key);
    return found.is_array() ? found : none;
}

/// Families in the order in which they are begun.
class Families {
 public:
    void begin(const std::string& name, const std::string& help,
               MetricType type = MetricType::Gauge) {
        all_.push_back({.name = "metalwright_" + name, .help = help, .type = type, .metric = {}});
    }
    void sample(double value, Labels labels = {}) {
        prometheus::ClientMetric one;
        one.label = std::move(labels);
        (all_.back().type == MetricType::Counter ? one.counter.value : one.gauge.value) = value;
        all_.back().metric.push_back(std::move(one));
    }
    std::string text() const { return prometheus::TextSerializer().Serialize(all_); }

 private:
    std::vector<prometheus::MetricFamily> all_;
};

void arrays(Families& metrics, const Json& status) {
    const auto each = [&](const auto& value) {
        for (const Json& array : list(status, "arrays"))
            if (const std::optional<double> of_it = value(array))
                metrics.sample(*of_it, {{"array", text(array, "name")}});
    };
    metrics.begin("array_healthy", "1 unless the array is degraded, failed or inactive.");
    each([](const Json& array) -> std::optional<double> {
        const std::string health = text(array, "health");
        return health == "degraded" || health == "failed" || health == "inactive" ? 0 : 1;
    });
    metrics.begin("array_missing_members", "Members that are missing or not filled yet.");
    each([](const Json& array) -> std::optional<double> {
        return number(array, "degraded").value_or(0);
    });
    metrics.begin("array_sync_percent", "How far a resync or rebuild has come.");
    each([](const Json& array) { return number(member(array, "sync"), "percent"); });
}

void each_volume(const Json& status, const auto& value) {
    for (const Json& controller : list(status, "controllers"))
        for (const Json& volume : list(controller, "volumes"))
            value(volume,
                  Labels{{"controller", text(controller, "id")}, {"volume", text(volume, "name")}});
}

void controllers(Families& metrics, const Json& status) {
    metrics.begin("controller_healthy", "1 unless the controller wants an operator.");
    for (const Json& controller : list(status, "controllers"))
        metrics.sample(text(controller, "health") == "optimal",
                       {{"controller", text(controller, "id")}});
    metrics.begin("volume_healthy", "1 while the volume is optimal.");
    each_volume(status, [&](const Json& volume, const Labels& labels) {
        metrics.sample(text(volume, "state") == "optimal", labels);
    });
    metrics.begin("volume_task_percent",
                  "How far an initialization or a check of the volume has come.");
    each_volume(status, [&](const Json& volume, Labels labels) {
        const Json& task = member(volume, "task");
        const auto percent = number(task, "percent");
        if (!percent) return;
        labels.push_back({"action", text(task, "action")});
        metrics.sample(*percent, std::move(labels));
    });
    metrics.begin("drives_out_of_order",
                  "Drives that are bad, missing, foreign, offline or being rebuilt.");
    for (const Json& controller : list(status, "controllers"))
        metrics.sample(static_cast<double>(list(controller, "drives").size()),
                       {{"controller", text(controller, "id")}});
}

std::string metrics_of(std::string_view status_text) {
    const Json status = Json::parse(status_text, nullptr, false);
    Families metrics;
    metrics.begin("state", "1 for the state that the host is in.");
    const std::string is = text(status, "state");
    for (const char* state : {"idle", "applying", "running", "degraded", "failed"})
        metrics.sample(is == state, {{"state", state}});
    metrics.begin("generation", "Of the document that was worked off last.");
    metrics.sample(number(status, "generation").value_or(0));
    metrics.begin("locked", "1 while what destroys data is locked.");
    metrics.sample(member(status, "locked").is_object());
    metrics.begin("items_failed", "Items of the last operation that failed.");
    double failed = 0;
    for (const Json& item : list(status, "items")) failed += text(item, "outcome") == "failed";
    metrics.sample(failed);
    metrics.begin("restored_total",
                  "Items of the network that were put back since the daemon was started.",
                  MetricType::Counter);
    metrics.sample(number(status, "restored").value_or(0));
    metrics.begin("reports_waiting", "Reports that the control plane has not taken yet.");
    metrics.sample(number(status, "reportsWaiting").value_or(0));
    metrics.begin("link_well", "1 while documents come and reports go.");
    for (const Json& link : list(status, "links"))
        metrics.sample(member(link, "documents").is_null() && member(link, "reports").is_null(),
                       {{"link", text(link, "name")}});
    arrays(metrics, status);
    controllers(metrics, status);
    return metrics.text();
}

}  // namespace
}  // namespace metalwright::agent::metrics

extern "C" __attribute__((visibility("default"))) int metalwright_metrics(
    const char* status, std::size_t size, metalwright::agent::metrics::Take take, void* context) {
    try {
        const std::string told = metalwright::agent::metrics::metrics_of({status, size});
        take(context, told.data(), told.size());
        return 0;
    } catch (...) {  // no exception crosses from one C++ library to another
        return -1;
    }
}
