#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sys/files.hpp"

namespace metalwright::fakes {

/// A file tree in memory. Directories exist as far as something lies in them. Absolute paths, no
/// symbolic link is followed except by link_target(). Safe from any thread.
class FakeFiles final : public sys::Files {
 public:
    struct Entry {
        std::string content;
        sys::FileMode mode{};
    };

    // ---- set the scene

    FakeFiles& with(const std::filesystem::path& path, std::string content,
                    sys::FileMode mode = {}) {
        const std::scoped_lock lock(mutex_);
        files_[key(path)] = {std::move(content), mode};
        return *this;
    }
    FakeFiles& with_link(const std::filesystem::path& path, std::string target) {
        const std::scoped_lock lock(mutex_);
        links_[key(path)] = std::move(target);
        return *this;
    }
    /// From now on everything that touches `path` fails with `error`.
    FakeFiles& break_at(const std::filesystem::path& path, Error error) {
        const std::scoped_lock lock(mutex_);
        broken_[key(path)] = std::move(error);
        return *this;
    }

    // ---- look at the end

    /// Empty when absent.
    std::string content(const std::filesystem::path& path) const {
        const std::scoped_lock lock(mutex_);
        const auto it = files_.find(key(path));
        return it == files_.end() ? std::string{} : it->second.content;
    }
    sys::FileMode mode(const std::filesystem::path& path) const {
        const std::scoped_lock lock(mutex_);
        const auto it = files_.find(key(path));
        return it == files_.end() ? sys::FileMode{} : it->second.mode;
    }
    /// Paths that put() changed, in order, repeats included.
    std::vector<std::string> written() const {
        const std::scoped_lock lock(mutex_);
        return written_;
    }

    // ---- sys::Files

    Result<std::string> read(const std::filesystem::path& path) override {
        const std::scoped_lock lock(mutex_);
        if (const auto bad = broken_.find(key(path)); bad != broken_.end())
            return std::unexpected(bad->second);
        const auto it = files_.find(key(path));
        if (it == files_.end())
            return fail(Errc::not_found, "there is no such file", path.string(), 2);
        return it->second.content;
    }
    Result<Outcome> put(const std::filesystem::path& path, std::string_view content,
                        sys::FileMode mode) override {
        const std::scoped_lock lock(mutex_);
        if (const auto bad = broken_.find(key(path)); bad != broken_.end())
            return std::unexpected(bad->second);
        const auto it = files_.find(key(path));
        if (it != files_.end() && it->second.content == content &&
            it->second.mode.mode == mode.mode && it->second.mode.uid == mode.uid &&
            it->second.mode.gid == mode.gid)
            return Outcome::unchanged;
        files_[key(path)] = {std::string(content), mode};
        written_.push_back(key(path));
        return Outcome::changed;
    }
    Result<Outcome> remove(const std::filesystem::path& path) override {
        const std::scoped_lock lock(mutex_);
        if (const auto bad = broken_.find(key(path)); bad != broken_.end())
            return std::unexpected(bad->second);
        const bool gone = files_.erase(key(path)) + links_.erase(key(path)) > 0;
        return gone ? Outcome::changed : Outcome::unchanged;
    }
    Result<Outcome> remove_tree(const std::filesystem::path& path) override {
        const std::scoped_lock lock(mutex_);
        if (const auto bad = broken_.find(key(path)); bad != broken_.end())
            return std::unexpected(bad->second);
        const auto within = [&](const auto& entry) {
            return entry.first == key(path) || entry.first.starts_with(key(path) + '/');
        };
        const std::size_t gone = std::erase_if(files_, within) + std::erase_if(links_, within);
        return gone > 0 ? Outcome::changed : Outcome::unchanged;
    }
    Result<std::vector<std::string>> list(const std::filesystem::path& directory) override {
        const std::scoped_lock lock(mutex_);
        if (const auto bad = broken_.find(key(directory)); bad != broken_.end())
            return std::unexpected(bad->second);
        std::set<std::string> names;
        for (const auto& [path, entry] : files_) child(key(directory), path, names);
        for (const auto& [path, target] : links_) child(key(directory), path, names);
        return std::vector<std::string>(names.begin(), names.end());
    }
    Result<void> set_attribute(const std::filesystem::path& path, std::string_view value) override {
        const std::scoped_lock lock(mutex_);
        if (const auto bad = broken_.find(key(path)); bad != broken_.end())
            return std::unexpected(bad->second);
        const auto it = files_.find(key(path));
        if (it == files_.end())
            return fail(Errc::not_found, "the kernel has no such attribute", path.string(), 2);
        it->second.content = value;
        return {};
    }
    bool exists(const std::filesystem::path& path) override {
        const std::scoped_lock lock(mutex_);
        if (files_.contains(key(path)) || links_.contains(key(path))) return true;
        std::set<std::string> names;
        for (const auto& [file, entry] : files_) child(key(path), file, names);
        for (const auto& [link, target] : links_) child(key(path), link, names);
        return !names.empty();
    }
    Result<std::string> link_target(const std::filesystem::path& path) override {
        const std::scoped_lock lock(mutex_);
        if (const auto bad = broken_.find(key(path)); bad != broken_.end())
            return std::unexpected(bad->second);
        const auto it = links_.find(key(path));
        if (it == links_.end())
            return fail(Errc::not_found, "there is no such link", path.string(), 2);
        return it->second;
    }

 private:
    static std::string key(const std::filesystem::path& path) {
        std::string text = path.lexically_normal().string();
        while (text.size() > 1 && text.back() == '/') text.pop_back();
        return text;
    }
    /// The name right under `directory` on the way to `path`, if it lies there.
    static void child(const std::string& directory, const std::string& path,
                      std::set<std::string>& names) {
        const std::string prefix = directory == "/" ? directory : directory + '/';
        if (!path.starts_with(prefix) || path.size() == prefix.size()) return;
        names.insert(path.substr(prefix.size(), path.find('/', prefix.size()) - prefix.size()));
    }

    mutable std::mutex mutex_;
    std::map<std::string, Entry> files_;
    std::map<std::string, std::string> links_;
    std::map<std::string, Error> broken_;
    std::vector<std::string> written_;
};

}  // namespace metalwright::fakes
