#include "agent/spec/volume_read.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "agent/spec/storage_read.hpp"
#include "raid/storcli/plan.hpp"

namespace metalwright::spec {
namespace {

using raid::storcli::CachePolicy;
using raid::storcli::DriveRule;
using raid::storcli::WantedVolume;

constexpr std::uint32_t most_drives = 256;
constexpr std::uint32_t most_spans = 8;

constexpr std::array<std::string_view, 7> levels{"raid0",  "raid1",  "raid5", "raid6",
                                                 "raid10", "raid50", "raid60"};
constexpr std::array<std::string_view, 4> media_words{"any", "hdd", "ssd", "nvme"};
constexpr std::array<std::string_view, 2> first_words{"smallest", "largest"};
constexpr std::array<std::string_view, 3> init_words{"none", "fast", "full"};

/// A word of ours, and the tools' for it. Ours are read by people who never saw the tool.
using Word = std::pair<std::string_view, std::string_view>;
constexpr std::array<Word, 2> read_words{Word("ahead", "ra"), Word("normal", "nora")};
constexpr std::array<Word, 3> write_words{Word("through", "wt"), Word("back", "wb"),
                                          Word("always-back", "awb")};
constexpr std::array<Word, 2> io_words{Word("direct", "direct"), Word("cached", "cached")};
constexpr std::array<Word, 3> drive_words{Word("on", "on"), Word("off", "off"),
                                          Word("default", "default")};

template <std::size_t N>
std::string read_policy(Fields& cache, std::string_view name, const std::array<Word, N>& words) {
    std::array<std::string_view, N> ours;
    std::ranges::transform(words, ours.begin(), &Word::first);
    const auto word = cache.word(name, ours);
    if (!word) return {};
    return std::string(std::ranges::find(words, *word, &Word::first)->second);
}

void read_drives(Fields& drives, DriveRule& rule) {
    if (const auto ids = drives.find("ids")) {
        std::set<std::string> seen;
        if (const auto items = ids->items(most_drives)) {
            if (items->empty())
                ids->error("is empty: name drives, or leave it out to choose by rule");
            for (const Cursor& item : *items) {
                std::optional<std::string> id = item.text({.most = 64, .form = &forms::disk_id});
                if (!id) continue;
                if (!seen.insert(*id).second)
                    item.error("drive " + in_quotes(*id) + " is named twice");
                else
                    rule.ids.push_back(std::move(*id));
            }
        }
        for (const std::string_view other :
             {"count", "media", "enclosure", "minBytes", "maxBytes", "first", "sameModel"})
            if (drives.has(other))
                drives.error(other,
                             "cannot stand beside \"ids\": drives are named or chosen, not both");
    }
    if (const auto count = drives.number32("count", 1, most_drives)) rule.count = *count;
    if (const auto media = drives.word("media", media_words))
        rule.media = *media == "hdd"    ? raid::DriveMedia::hdd
                     : *media == "ssd"  ? raid::DriveMedia::ssd
                     : *media == "nvme" ? raid::DriveMedia::nvme
                                        : raid::DriveMedia::unknown;
    rule.enclosure = drives.number32("enclosure", 0, 65535);
    if (const auto bytes = drives.number("minBytes", 1, most_number)) rule.min_bytes = *bytes;
    if (const auto bytes = drives.number("maxBytes", 1, most_number)) {
        rule.max_bytes = *bytes;
        if (rule.max_bytes < rule.min_bytes)
            drives.error("maxBytes", "is less than minBytes: no drive can be both");
    }
    if (const auto first = drives.word("first", first_words))
        rule.largest_first = *first == "largest";
    rule.same_model = drives.flag("sameModel").value_or(false);
    drives.refuse_unknown();
}

void read_cache(Fields& fields, CachePolicy& cache) {
    cache.read = read_policy(fields, "read", read_words);
    cache.write = read_policy(fields, "write", write_words);
    cache.io = read_policy(fields, "io", io_words);
    cache.drive = read_policy(fields, "drive", drive_words);
    fields.refuse_unknown();
}

}  // namespace

void read_volume_rules(Fields& holder, WantedVolume& volume) {
    const Findings& findings = holder.self().findings();
    const std::size_t before = findings.error_count();
    if (const auto at = holder.need("level"))
        if (const auto word = at->word(levels)) {
            constexpr std::array<unsigned, levels.size()> numbers{0, 1, 5, 6, 10, 50, 60};
            const auto index = std::ranges::find(levels, *word) - levels.begin();
            volume.level = numbers[static_cast<std::size_t>(index)];
        }
    if (auto controller = holder.text("controller", {.most = 64, .form = &forms::printable}))
        volume.controller = std::move(*controller);
    if (auto drives = holder.fields("drives")) read_drives(*drives, volume.drives);
    if (const auto spares = holder.number32("spares", 0, most_drives)) volume.spares = *spares;
    if (const auto spans = holder.number32("spans", 1, most_spans)) volume.spans = *spans;
    if (const auto strip = holder.number32("stripKiB", 8, 4096)) {
        if (!std::has_single_bit(*strip))
            holder.error("stripKiB", std::to_string(*strip) + " is not a power of two");
        volume.strip_kib = *strip;
    }
    if (auto cache = holder.fields("cache")) read_cache(*cache, volume.cache);
    if (const auto bytes = holder.number("sizeBytes", 1, most_number)) volume.bytes = *bytes;
    volume.boot = holder.flag("boot").value_or(false);
    if (const auto init = holder.word("init", init_words))
        volume.init = *init == "fast"   ? raid::storcli::Init::fast
                      : *init == "full" ? raid::storcli::Init::full
                                        : raid::storcli::Init::none;
    if (auto filesystem = holder.fields("filesystem"))
        volume.filesystem = read_filesystem(*filesystem);
    // What the fields say together; each that is wrong in itself is told once.
    if (findings.error_count() != before) return;
    WantedVolume named = volume;
    if (named.name.empty()) named.name = "data";
    if (const std::optional<Error> wrong = raid::storcli::fault(named))
        holder.self().error(wrong->message);
}

std::vector<std::pair<std::string_view, std::string_view>> cache_fields(const CachePolicy& cache) {
    std::vector<std::pair<std::string_view, std::string_view>> fields;
    const auto put = [&](std::string_view name, const std::string& of_the_tool, const auto& words) {
        const auto word = std::ranges::find(words, of_the_tool, &Word::second);
        if (word != words.end()) fields.emplace_back(name, word->first);
    };
    put("read", cache.read, read_words);
    put("write", cache.write, write_words);
    put("io", cache.io, io_words);
    put("drive", cache.drive, drive_words);
    return fields;
}

std::optional<raid::storcli::WantedSpares> read_spares(const Cursor& at) {
    std::optional<Fields> fields = at.fields();
    if (!fields) return std::nullopt;
    const std::size_t before = at.findings().error_count();
    raid::storcli::WantedSpares spares;
    if (auto controller = fields->text("controller", {.most = 64, .form = &forms::printable}))
        spares.controller = std::move(*controller);
    if (auto drives = fields->fields("drives")) read_drives(*drives, spares.drives);
    fields->refuse_unknown();
    if (at.findings().error_count() != before) return std::nullopt;
    return spares;
}

std::optional<WantedVolume> read_volume(const Cursor& at) {
    std::optional<Fields> fields = at.fields();
    if (!fields) return std::nullopt;
    const std::size_t before = at.findings().error_count();
    WantedVolume volume;
    if (auto name = fields->need_text("name", {.most = 15, .form = &forms::volume_name}))
        volume.name = std::move(*name);
    read_volume_rules(*fields, volume);
    fields->refuse_unknown();
    if (at.findings().error_count() != before) return std::nullopt;
    return volume;
}

}  // namespace metalwright::spec
