#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "agent/cli/views.hpp"

namespace metalwright::agent::cli {
namespace {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

/// As the text format wants it within quotes.
std::string escaped(std::string_view value) {
    std::string text;
    for (const char c : value) {
        if (c == '\n')
            text += "\\n";
        else if (c == '"' || c == '\\')
            text += std::string("\\") + c;
        else
            text += c;
    }
    return text;
}

std::string shortest(double value) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return {digits.data(), end};
}

/// Lines of the text format, each metric with its help before its first sample.
class Metrics {
 public:
    void begin(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        text_ += "# HELP metalwright_" + name_ + " " + std::string(help) + "\n";
        text_ += "# TYPE metalwright_" + name_ + " " + std::string(type) + "\n";
    }
    void sample(double value, const Labels& labels = {}) {
        text_ += "metalwright_" + name_;
        const char* before = "{";
        for (const auto& [label, of_it] : labels) {
            text_ += std::string(before) + std::string(label) + "=\"" + escaped(of_it) + "\"";
            before = ",";
        }
        text_ += (labels.empty() ? " " : "} ") + shortest(value) + "\n";
    }
    std::string take() { return std::move(text_); }

 private:
    std::string name_;
    std::string text_;
};

double whole(const Json& object, const char* key) {
    return static_cast<double>(number(object, key).value_or(0));
}

void arrays(Metrics& metrics, const Json& status) {
    const auto each = [&](const auto& value) {
        for (const Json& array : list(status, "arrays"))
            if (const std::optional<double> of_it = value(array))
                metrics.sample(*of_it, {{"array", text(array, "name")}});
    };
    metrics.begin("array_healthy", "gauge", "1 unless the array is degraded, failed or inactive.");
    each([](const Json& array) -> std::optional<double> {
        const std::string health = text(array, "health");
        return health == "degraded" || health == "failed" || health == "inactive" ? 0 : 1;
    });
    metrics.begin("array_missing_members", "gauge", "Members that are missing or not filled yet.");
    each([](const Json& array) -> std::optional<double> { return whole(array, "degraded"); });
    metrics.begin("array_sync_percent", "gauge", "How far a resync or rebuild has come.");
    each([](const Json& array) { return real(part(array, "sync"), "percent"); });
}

void controllers(Metrics& metrics, const Json& status) {
    metrics.begin("controller_healthy", "gauge", "1 unless the controller wants an operator.");
    for (const Json& controller : list(status, "controllers"))
        metrics.sample(text(controller, "health") == "optimal",
                       {{"controller", text(controller, "id")}});
    metrics.begin("volume_healthy", "gauge", "1 while the volume is optimal.");
    for (const Json& controller : list(status, "controllers"))
        for (const Json& volume : list(controller, "volumes"))
            metrics.sample(
                text(volume, "state") == "optimal",
                {{"controller", text(controller, "id")}, {"volume", text(volume, "name")}});
    metrics.begin("volume_task_percent", "gauge",
                  "How far an initialization or a check of the volume has come.");
    for (const Json& controller : list(status, "controllers"))
        for (const Json& volume : list(controller, "volumes"))
            if (const auto percent = real(part(volume, "task"), "percent"))
                metrics.sample(*percent, {{"controller", text(controller, "id")},
                                          {"volume", text(volume, "name")},
                                          {"action", text(part(volume, "task"), "action")}});
    metrics.begin("drives_out_of_order", "gauge",
                  "Drives that are bad, missing, foreign, offline or being rebuilt.");
    for (const Json& controller : list(status, "controllers"))
        metrics.sample(static_cast<double>(list(controller, "drives").size()),
                       {{"controller", text(controller, "id")}});
}

}  // namespace

std::string metrics_view(const Json& status) {
    Metrics metrics;
    metrics.begin("state", "gauge", "1 for the state that the host is in.");
    const std::string is = text(status, "state");
    for (const std::string state : {"idle", "applying", "running", "degraded", "failed"})
        metrics.sample(is == state, {{"state", state}});
    metrics.begin("generation", "gauge", "Of the document that was worked off last.");
    metrics.sample(whole(status, "generation"));
    metrics.begin("locked", "gauge", "1 while what destroys data is locked.");
    metrics.sample(part(status, "locked").is_object());
    metrics.begin("items_failed", "gauge", "Items of the last operation that failed.");
    metrics.sample(static_cast<double>(count_outcome(status, "failed")));
    metrics.begin("restored_total", "counter",
                  "Items of the network that were put back since the daemon was started.");
    metrics.sample(whole(status, "restored"));
    metrics.begin("reports_waiting", "gauge", "Reports that the control plane has not taken yet.");
    metrics.sample(whole(status, "reportsWaiting"));
    arrays(metrics, status);
    controllers(metrics, status);
    return metrics.take();
}

}  // namespace metalwright::agent::cli
