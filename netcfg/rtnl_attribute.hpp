#pragma once

#include <netlink/attr.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>

namespace metalwright::netcfg {

// What stands in one netlink attribute. Each may be nullptr, for one that is absent; else it must
// be there as long as it says.

inline std::size_t size_of(const nlattr* attribute) {
    return static_cast<std::size_t>(std::max(0, ::nla_len(attribute)));
}

/// The whole of a structure or number; nothing when the attribute is absent or shorter.
template <class T>
std::optional<T> value_of(const nlattr* attribute) {
    T value;
    if (attribute == nullptr || size_of(attribute) < sizeof value) return std::nullopt;
    std::memcpy(&value, ::nla_data(attribute), sizeof value);
    return value;
}

/// A name, with or without the zero byte behind it.
inline std::string text_of(const nlattr* attribute) {
    if (attribute == nullptr) return {};
    const auto* text = static_cast<const char*>(::nla_data(attribute));
    return {text, ::strnlen(text, size_of(attribute))};
}

/// The first attribute of a type in a nested one; nullptr when there is none.
inline const nlattr* inside(const nlattr* nested, int type) {
    if (nested == nullptr) return nullptr;
    return ::nla_find(static_cast<const nlattr*>(::nla_data(nested)), ::nla_len(nested), type);
}

}  // namespace metalwright::netcfg
