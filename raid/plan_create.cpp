#include "raid/plan_create.hpp"

#include <utility>

#include "raid/identity.hpp"
#include "raid/stack.hpp"
#include "raid/wishes.hpp"

namespace metalwright::raid {
namespace {

constexpr std::string_view with_consent = " with the consent of this operation";

/// What is out of the ordinary about it: "layout f2, chunk 64 KiB, no bitmap".
std::string geometry(const WantedArray& wanted) {
    std::string text;
    const auto add = [&](const std::string& words) { text += ", " + words; };
    if (!wanted.layout.empty()) add("layout " + wanted.layout);
    if (wanted.chunk_kib != 0) add("chunk " + std::to_string(wanted.chunk_kib) + " KiB");
    if (wanted.member_bytes != 0) add(std::to_string(wanted.member_bytes) + " bytes of each");
    if (wanted.consistency == Consistency::resync) add("without a bitmap");
    if (wanted.consistency == Consistency::ppl) add("with a partial parity log");
    if (!wanted.metadata.empty()) add("metadata " + wanted.metadata);
    return text;
}

}  // namespace

void plan_wipes(const std::string& item, const std::vector<WipeDisk>& wipes,
                const Observed& observed, std::set<std::string>& taken_down, Plan<Op>& plan) {
    std::vector<std::string> disks;
    for (const WipeDisk& wipe : wipes) disks.push_back(wipe.disk);
    for (const Holder& holder : stack_over(disks, observed)) {
        if (!taken_down.insert(holder.name).second) continue;
        plan.steps.push_back({item,
                              "wipe and stop " + tell(holder) + ", which stands on " +
                                  tell(holder.disks) + ',' + std::string(with_consent),
                              TakeDownHolder{holder.kind, holder.title, holder.uuid, holder.disks},
                              true});
    }
    for (const WipeDisk& wipe : wipes)
        plan.steps.push_back(
            {item, "wipe " + wipe.disk + " (" + tell(wipe.found) + ')' + std::string(with_consent),
             wipe, true});
}

void plan_create(const std::string& item, const WantedArray& wanted, const Selection& chosen,
                 Plan<Op>& plan) {
    std::string why =
        "create " + std::string(to_string(wanted.level)) + " '" + wanted.name + "' over " +
        tell(chosen.members) +
        (chosen.spares.empty() ? "" : ", with " + tell(chosen.spares) + " to spare") +
        (chosen.journal.empty() ? "" : ", with " + chosen.journal + " as its journal") +
        geometry(wanted) + (chosen.why.empty() ? "" : " (" + chosen.why + ')');
    std::optional<Consistency> consistency;
    if (wanted.level != Level::raid0)
        consistency = wanted.consistency.value_or(Consistency::bitmap);
    plan.steps.push_back({item, std::move(why),
                          CreateArray{.name = wanted.name,
                                      .level = wanted.level,
                                      .uuid = wanted.uuid,
                                      .chunk_kib = wanted.chunk_kib,
                                      .layout = wanted.layout,
                                      .consistency = consistency,
                                      .metadata = metadata_of(wanted),
                                      .member_bytes = wanted.member_bytes,
                                      .members = chosen.members,
                                      .spares = chosen.spares,
                                      .journal = chosen.journal},
                          true});
}

}  // namespace metalwright::raid
