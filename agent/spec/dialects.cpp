#include <algorithm>
#include <array>

#include "agent/spec/dialect.hpp"
#include "agent/spec/dialects/jdcloud_create_instances.hpp"

namespace metalwright::spec {
namespace {

// A table, not self-registering objects: those vanish from a static library.
constexpr std::array table{
    Dialect{"jdcloud.createInstances", "instanceSpec", jdcloud::read_create_instances},
};

}  // namespace

std::span<const Dialect> dialects() noexcept {
    return table;
}

const Dialect* find_dialect(std::string_view name) noexcept {
    const auto* const found =
        std::find_if(table.begin(), table.end(), [&](const Dialect& d) { return d.name == name; });
    return found == table.end() ? nullptr : found;
}

}  // namespace metalwright::spec
