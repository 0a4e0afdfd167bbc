#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "netcfg/model.hpp"

namespace metalwright::netcfg {

/// For hash maps over addresses and prefixes; ten thousand of them are compared on each run.
struct Hash {
    std::size_t operator()(const Address& address) const noexcept {
        const std::string_view bytes(reinterpret_cast<const char*>(address.bytes.data()),
                                     address.v6 ? 16 : 4);
        return std::hash<std::string_view>{}(bytes);
    }
    std::size_t operator()(const Prefix& prefix) const noexcept {
        return (*this)(prefix.address) * 31 + prefix.length;
    }
};

}  // namespace metalwright::netcfg
