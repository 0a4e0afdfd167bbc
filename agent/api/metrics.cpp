#include "agent/api/metrics.hpp"

#include <dlfcn.h>

#include "agent/metrics/module.hpp"

namespace metalwright::agent::api {
namespace {

using agent::metrics::MakeMetrics;

Result<MakeMetrics> load() {
    // Looked for where our own program says (RUNPATH). Never unloaded.
    if (void* module = ::dlopen(agent::metrics::module_file, RTLD_NOW | RTLD_LOCAL))
        if (void* function = ::dlsym(module, agent::metrics::module_function))
            return reinterpret_cast<MakeMetrics>(function);
    const char* why = ::dlerror();
    return fail(Errc::unavailable,
                std::string("the module for metrics cannot be loaded, reinstall metalwright: ") +
                    (why == nullptr ? "" : why),
                agent::metrics::module_file);
}

}  // namespace

Result<std::string> metrics_text(std::string_view status) {
    static const Result<MakeMetrics> make = load();
    if (!make) return std::unexpected(make.error());
    std::string text;
    const auto take = [](void* context, const char* bytes, std::size_t size) {
        static_cast<std::string*>(context)->assign(bytes, size);
    };
    if ((*make)(status.data(), status.size(), take, &text) != 0)
        return fail(Errc::unavailable, "there is no memory for metrics",
                    agent::metrics::module_file);
    return text;
}

}  // namespace metalwright::agent::api
