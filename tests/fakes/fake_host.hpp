#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "cloudinit/host.hpp"
#include "tests/fakes/fake_files.hpp"

namespace metalwright::fakes {

/// A host whose files are a FakeFiles'. Says when an account file was changed without the lock.
class FakeHost final : public cloudinit::Host {
 public:
    explicit FakeHost(FakeFiles& files) : files_(files) {}

    std::string kernel_name = "debian";
    long day = 20'778;
    bool accounts_busy = false;
    std::set<std::string> private_directories{};
    int locks_taken = 0;
    int locks_held = 0;

    std::string name() override { return kernel_name; }
    Result<void> set_name(std::string_view name) override {
        kernel_name = name;
        return {};
    }
    Result<sys::FileMode> mode_of(const std::filesystem::path& path) override {
        return files_.mode(path);
    }
    Result<void> make_private_directory(const std::filesystem::path& path) override {
        private_directories.insert(path.string());
        return {};
    }
    Result<std::unique_ptr<Lock>> lock_accounts() override {
        if (accounts_busy) return fail(Errc::busy, "locked by passwd", "/etc/.pwd.lock");
        return std::make_unique<Held>(*this);
    }
    long today() override { return day; }

 private:
    struct Held final : Lock {
        explicit Held(FakeHost& of) : host(of) {
            ++host.locks_taken;
            ++host.locks_held;
        }
        ~Held() override { --host.locks_held; }
        FakeHost& host;
    };
    FakeFiles& files_;
};

}  // namespace metalwright::fakes
