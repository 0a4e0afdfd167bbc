#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/hash_index.hpp"
#include "netcfg/model.hpp"

namespace metalwright::netcfg {

/// For hash maps over addresses and prefixes; ten thousand of them are compared on each run.
struct Hash {
    std::size_t operator()(const Address& address) const noexcept {
        std::uint64_t half[2];
        std::memcpy(half, address.bytes.data(), sizeof half);  // all zero behind an IPv4 address
        return mixed(half[0] ^ mixed(half[1] ^ std::uint64_t{address.v6}));
    }
    std::size_t operator()(const Prefix& prefix) const noexcept {
        return (*this)(prefix.address) * 31 + prefix.length;
    }

 private:
    // Addresses of one range differ in a few bits only. Source: the finalizer of MurmurHash3.
    static constexpr std::uint64_t mixed(std::uint64_t bits) noexcept {
        bits = (bits ^ bits >> 33) * 0xff51afd7ed558ccdULL;
        bits = (bits ^ bits >> 33) * 0xc4ceb9fe1a85ec53ULL;
        return bits ^ bits >> 33;
    }
};

/// A set of prefixes.
class PrefixSet {
 public:
    explicit PrefixSet(std::size_t expected = 0) : index_(expected) { prefixes_.reserve(expected); }

    /// False when it was there already.
    bool insert(const Prefix& prefix) {
        if (contains(prefix)) return false;
        index_.add(Hash{}(prefix));
        prefixes_.push_back(prefix);
        return true;
    }
    bool contains(const Prefix& prefix) const {
        return index_.find(Hash{}(prefix), [&](std::size_t at) {
            return prefixes_[at] == prefix;
        }) != HashIndex::none;
    }

 private:
    HashIndex index_;
    std::vector<Prefix> prefixes_;
};

}  // namespace metalwright::netcfg
