#include "raid/block_tree.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "core/each_beside.hpp"

namespace metalwright::raid {
namespace {

std::vector<std::string_view> split(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const std::size_t start = line.find_first_not_of(" \t");
        if (start == std::string_view::npos) break;
        line.remove_prefix(start);
        const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
    return words;
}

template <class Each>
void for_each_line(std::string_view text, Each each) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        each(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

/// "\040" -> " ": the kernel writes blanks and backslashes in octal.
std::string unescaped(std::string_view word) {
    const auto octal = [](char c) { return c >= '0' && c <= '7'; };
    std::string text;
    for (std::size_t i = 0; i < word.size(); ++i) {
        if (word[i] == '\\' && i + 3 < word.size() && octal(word[i + 1]) && octal(word[i + 2]) &&
            octal(word[i + 3])) {
            const int byte =
                (word[i + 1] - '0') * 64 + (word[i + 2] - '0') * 8 + (word[i + 3] - '0');
            text += static_cast<char>(byte);
            i += 3;
        } else {
            text += word[i];
        }
    }
    return text;
}

}  // namespace

std::string BlockDevice::path() const {
    std::string file = name;
    std::ranges::replace(file, '!', '/');
    return "/dev/" + file;
}

std::string attribute(sys::Files& files, const std::filesystem::path& path) {
    const Result<std::string> content = files.read(path);
    if (!content) return {};
    constexpr std::string_view blanks(" \t\r\n\0", 5);
    const std::size_t start = content->find_first_not_of(blanks);
    if (start == std::string::npos) return {};
    return content->substr(start, content->find_last_not_of(blanks) - start + 1);
}

namespace {

BlockDevice device_at(const std::filesystem::path& root, const std::string& name,
                      sys::Files& files) {
    const std::filesystem::path at = root / name;
    const auto list = [&](const std::filesystem::path& directory) {
        return files.list(directory).value_or(std::vector<std::string>{});
    };
    BlockDevice device{.name = name,
                       .number = attribute(files, at / "dev"),
                       .holders = list(at / "holders"),
                       .slaves = list(at / "slaves")};
    for (const std::string& entry : list(at))  // a partition is called after its disk
        if (entry.starts_with(name) && files.exists(at / entry / "partition"))
            device.partitions.push_back({.name = entry,
                                         .number = attribute(files, at / entry / "dev"),
                                         .holders = list(at / entry / "holders")});
    return device;
}

}  // namespace

Result<std::vector<BlockDevice>> block_tree(sys::Files& files, const std::filesystem::path& sys) {
    const std::filesystem::path root = sys / "block";
    Result<std::vector<std::string>> names = files.list(root);
    if (!names) return std::unexpected(std::move(names).error());
    std::vector<BlockDevice> tree(names->size());
    each_beside(tree.size(), [&](std::size_t i) { tree[i] = device_at(root, (*names)[i], files); });
    return tree;
}

std::vector<Mount> parse_mountinfo(std::string_view text) {
    std::vector<Mount> mounts;
    for_each_line(text, [&](std::string_view line) {
        const std::vector<std::string_view> words = split(line);
        const auto dash = std::ranges::find(words, "-");
        if (words.size() < 5 || words.end() - dash < 3) return;
        mounts.push_back({.number = std::string(words[2]),
                          .point = unescaped(words[4]),
                          .source = unescaped(*(dash + 2))});
    });
    return mounts;
}

std::vector<std::string> parse_swaps(std::string_view text) {
    std::vector<std::string> devices;
    for_each_line(text, [&](std::string_view line) {
        const std::vector<std::string_view> words = split(line);
        if (words.size() >= 2 && words[1] == "partition") devices.push_back(unescaped(words[0]));
    });
    return devices;
}

BlockMap::BlockMap(std::vector<BlockDevice> tree, std::vector<Mount> mounts,
                   std::vector<std::string> swaps)
    : tree_(std::move(tree)), mounts_(std::move(mounts)), swaps_(std::move(swaps)) {}

std::vector<std::string> BlockMap::mounts_of(const BlockDevice& device) const {
    std::vector<std::string> points;
    for (const Mount& mount : mounts_)
        if ((mount.number == device.number || mount.source == device.path()) &&
            std::ranges::find(points, mount.point) == points.end())
            points.push_back(mount.point);
    if (std::ranges::find(swaps_, device.path()) != swaps_.end()) points.emplace_back("swap");
    return points;
}

const BlockDevice* BlockMap::whole(std::string_view name) const {
    for (const BlockDevice& device : tree_)
        if (device.name == name || std::ranges::find(device.partitions, name, &BlockDevice::name) !=
                                       device.partitions.end())
            return &device;
    return nullptr;
}

std::string BlockMap::device_of(const Mount& mount) const {
    // By number first; btrfs gives none of its devices, so by source then.
    for (const bool by_number : {true, false})
        for (const BlockDevice& device : tree_) {
            const auto is = [&](const BlockDevice& d) {
                return by_number ? d.number == mount.number : d.path() == mount.source;
            };
            if (is(device)) return device.name;
            for (const BlockDevice& partition : device.partitions)
                if (is(partition)) return partition.name;
        }
    return {};
}

std::vector<std::string> BlockMap::bottom_of(std::string_view name) const {
    std::set<std::string> seen, bottom;
    std::vector<std::string> next{std::string(name)};
    while (!next.empty()) {
        const BlockDevice* device = whole(next.back());
        next.pop_back();
        if (device == nullptr || !seen.insert(device->name).second) continue;
        if (device->slaves.empty()) bottom.insert(device->name);
        next.insert(next.end(), device->slaves.begin(), device->slaves.end());
    }
    return {bottom.begin(), bottom.end()};
}

std::string BlockMap::array_under(std::string_view name) const {
    std::set<std::string> seen;
    std::vector<std::string> next{std::string(name)};
    while (!next.empty()) {
        const BlockDevice* device = whole(next.back());
        next.pop_back();
        if (device == nullptr || !seen.insert(device->name).second) continue;
        if (device->name.starts_with("md")) return device->name;
        next.insert(next.end(), device->slaves.begin(), device->slaves.end());
    }
    return {};
}

SystemVolume BlockMap::system() const {
    constexpr std::array<std::string_view, 5> points{"/", "/usr", "/var", "/boot", "/boot/efi"};
    SystemVolume volume;
    std::string root;
    std::set<std::string> disks;
    const auto add = [&](const std::string& device) {
        const std::vector<std::string> bottom = bottom_of(device);
        disks.insert(bottom.begin(), bottom.end());
    };
    for (const Mount& mount : mounts_) {
        const std::string device = device_of(mount);
        if (mount.point == "/") {  // the last one mounted there is the one that is seen
            volume.source = mount.source;
            root = device;
        }
        if (!device.empty() && std::ranges::find(points, mount.point) != points.end()) add(device);
    }
    if (root.empty())
        for (const Mount& mount : mounts_)
            if (const std::string device = device_of(mount); !device.empty()) add(device);
    volume.array = root.empty() ? "" : array_under(root);
    volume.disks.assign(disks.begin(), disks.end());
    return volume;
}

Result<BlockMap> block_map(Doors& doors) {
    Result<std::vector<BlockDevice>> tree = block_tree(doors.files, doors.roots.sys);
    if (!tree) return std::unexpected(std::move(tree).error());
    // PID 1's view: our own mount namespace may be a sandbox that hides mounts.
    Result<std::string> mounts = doors.files.read(doors.roots.proc / "1/mountinfo");
    if (!mounts) mounts = doors.files.read(doors.roots.proc / "self/mountinfo");
    if (!mounts) return std::unexpected(std::move(mounts).error());
    const Result<std::string> swaps = doors.files.read(doors.roots.proc / "swaps");
    return BlockMap(std::move(*tree), parse_mountinfo(*mounts),
                    parse_swaps(swaps ? *swaps : std::string{}));
}

}  // namespace metalwright::raid
