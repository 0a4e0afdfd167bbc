#include "raid/mdadm.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace metalwright::raid {
namespace {

std::string_view line_of(std::string_view& text) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

unsigned number(std::string_view text) {
    unsigned value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::string base_name(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));
}

/// "finish=12.3min" -> 738; -1 where it does not stand.
int eta_of(std::string_view line) {
    constexpr std::string_view key = "finish=";
    const std::size_t at = line.find(key);
    if (at == std::string_view::npos) return -1;
    line.remove_prefix(at + key.size());
    double minutes = -1;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), minutes);
    constexpr double most_minutes = 60.0 * 24 * 365;
    if (error != std::errc{} || minutes < 0 || minutes > most_minutes) return -1;
    return static_cast<int>(minutes * 60);
}

}  // namespace

std::vector<std::string> create_args(const CreateArray& op, std::span<const std::string> disks,
                                     const std::string& journal) {
    const std::string level(to_string(op.level));
    std::vector<std::string> args{"--create",
                                  "/dev/md/" + op.name,
                                  "--run",
                                  "--metadata=" + op.metadata,
                                  "--level=" + level.substr(std::string_view("raid").size()),
                                  "--raid-devices=" + std::to_string(op.members.size())};
    if (!op.spares.empty()) args.push_back("--spare-devices=" + std::to_string(op.spares.size()));
    // raid0 refuses a bitmap, the two logs stand in its place; left out, mdadm 4.4 and later ask.
    const Consistency consistency = op.consistency.value_or(Consistency::bitmap);
    if (op.level != Level::raid0) {
        if (consistency == Consistency::bitmap) args.emplace_back("--bitmap=internal");
        if (consistency == Consistency::resync) args.emplace_back("--bitmap=none");
        if (consistency == Consistency::ppl) args.emplace_back("--consistency-policy=ppl");
        if (consistency == Consistency::journal) args.push_back("--write-journal=" + journal);
    }
    if (!op.layout.empty()) args.push_back("--layout=" + op.layout);
    if (op.member_bytes != 0)
        args.push_back("--size=" + std::to_string(op.member_bytes / 1024) + 'K');
    if (op.chunk_kib != 0) args.push_back("--chunk=" + std::to_string(op.chunk_kib));
    // "any": assembled as /dev/md/NAME whatever the host is called by then.
    args.emplace_back("--homehost=any");
    args.push_back("--name=" + op.name);
    args.push_back("--uuid=" + op.uuid);
    args.insert(args.end(), disks.begin(), disks.end());
    return args;
}

std::vector<std::string> assemble_args(const AssembleArray& op,
                                       std::span<const std::string> disks) {
    std::vector<std::string> args{"--assemble", "/dev/md/" + op.name, "--uuid=" + op.uuid};
    args.insert(args.end(), disks.begin(), disks.end());
    return args;
}

DetailExport parse_detail_export(std::string_view text) {
    DetailExport parsed;
    std::map<std::string, Array::Member, std::less<>> members;  // by the middle of the key
    while (!text.empty()) {
        const std::string_view line = line_of(text);
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view key = line.substr(0, equals);
        const std::string_view value = line.substr(equals + 1);
        constexpr std::string_view device = "MD_DEVICE_";
        if (key == "MD_LEVEL") {
            parsed.level = value;
        } else if (key == "MD_METADATA") {
            parsed.metadata = value;
        } else if (key == "MD_UUID") {
            parsed.uuid = value;
        } else if (key == "MD_DEVNAME") {
            parsed.devname = value;
        } else if (key == "MD_NAME") {
            const std::size_t colon = value.find(':');
            parsed.name = colon == std::string_view::npos ? value : value.substr(colon + 1);
        } else if (key == "MD_DEVICES") {
            parsed.devices = number(value);
        } else if (key.starts_with(device) && key.ends_with("_ROLE")) {
            members[std::string(key.substr(0, key.size() - 5))].role = value;
        } else if (key.starts_with(device) && key.ends_with("_DEV")) {
            members[std::string(key.substr(0, key.size() - 4))].disk = base_name(value);
        }
    }
    for (auto& [key, member] : members)
        if (!member.disk.empty()) parsed.members.push_back(std::move(member));
    return parsed;
}

std::map<std::string, Sync, std::less<>> parse_mdstat(std::string_view text) {
    std::map<std::string, Sync, std::less<>> syncs;
    std::string array;
    while (!text.empty()) {
        const std::string_view line = line_of(text);
        if (line.starts_with("md")) {
            array = line.substr(0, line.find(' '));
            continue;
        }
        if (array.empty()) continue;
        for (const std::string_view word : {"resync", "recovery", "reshape", "check", "repair"}) {
            const std::size_t at = line.find(word);
            if (at == std::string_view::npos) continue;
            std::string_view rest = line.substr(at + word.size());
            rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
            if (!rest.starts_with('=')) continue;
            rest.remove_prefix(1);
            rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
            Sync sync;  // DELAYED, PENDING
            double percent = -1;
            const auto [end, error] =
                std::from_chars(rest.data(), rest.data() + rest.size(), percent);
            const bool read =
                error == std::errc{} && end != rest.data() + rest.size() && *end == '%';
            if (read && percent >= 0 &&
                percent <= 100)  // else it is no share of anything, or no number
                sync = {percent, eta_of(rest)};
            syncs[array] = sync;
        }
    }
    return syncs;
}

}  // namespace metalwright::raid
