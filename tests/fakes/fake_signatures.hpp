#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "sys/signatures.hpp"

namespace metalwright::fakes {

/// What is written on devices, in memory. A device nobody has named is absent: not_found.
class FakeSignatures final : public sys::Signatures {
 public:
    FakeSignatures& with(std::string device, std::vector<sys::BlockSignature> found = {}) {
        const std::scoped_lock lock(mutex_);
        devices_[std::move(device)] = std::move(found);
        return *this;
    }
    FakeSignatures& unreadable(std::string device, Error error) {
        const std::scoped_lock lock(mutex_);
        devices_[std::move(device)] = std::unexpected(std::move(error));
        return *this;
    }
    FakeSignatures& without(const std::string& device) {
        const std::scoped_lock lock(mutex_);
        devices_.erase(device);
        return *this;
    }

    Result<std::vector<sys::BlockSignature>> probe(const std::string& device) override {
        const std::scoped_lock lock(mutex_);
        probed.push_back(device);
        const auto it = devices_.find(device);
        if (it == devices_.end())
            return fail(Errc::not_found, "cannot open it to look for signatures", device, 2);
        return it->second;
    }

    std::vector<std::string> probed{};  ///< in order

 private:
    std::mutex mutex_;
    std::map<std::string, Result<std::vector<sys::BlockSignature>>> devices_;
};

}  // namespace metalwright::fakes
