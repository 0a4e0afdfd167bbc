#include <cstring>

#include "agent/daemon/doctor/judge.hpp"
#include "agent/daemon/doctor/notes.hpp"

namespace metalwright::daemon::doctor {
namespace {

constexpr unsigned others_may_read = 0044, others_may_write = 0022;
constexpr std::uint64_t mib = 1 << 20;
/// One accepted document with its script, twice over, and SQLite's log: without it none is taken.
constexpr std::uint64_t least_bytes = 16 * mib;
constexpr std::uint64_t least_inodes = 16, few_inodes = 1000;

/// As many as an operation at work has are no sign of anything.
constexpr std::int64_t few_reports = 20;

bool has_link(const Config& config) {
    return !config.urls.empty() || !config.watched_directory.empty();
}

std::string in_mib(std::uint64_t bytes) {
    return std::to_string(bytes / mib) + " MiB";
}

void judge_mode(const File& file, unsigned us, Notes& note) {
    const std::string path = file.path.native();
    const bool is_store = file.kind == File::Kind::regular;
    if ((file.mode & others_may_write) != 0)
        note.problem(path, "others than its owner may write here, and what it says is done as root",
                     "chmod go-w " + path);
    else if (is_store && (file.mode & others_may_read) != 0)
        note.problem(path,
                     "others than its owner may read it: hashes of passwords and scripts are "
                     "in it",
                     "chmod 0600 " + path + ", and set root's password anew");
    if (file.uid != 0 && file.uid != us)
        note.problem(path, "belongs to uid " + std::to_string(file.uid) + ", not to root",
                     "chown root " + path);
}

void judge_outbox(const Seen& seen, const store::Checkup& found, const std::string& path,
                  Notes& note) {
    const std::uint64_t bound = seen.config.outbox_max_bytes;
    const std::string waiting = std::to_string(found.reports_waiting) +
                                (found.reports_waiting == 1 ? " report waits" : " reports wait") +
                                " for the control plane";
    if (found.report_bytes >= 2 * bound)
        note.problem(path, waiting + ", twice as much as there may be: documents are refused",
                     "see why the link takes none (journalctl -u metalwright), or raise [state] "
                     "outbox_max_bytes");
    else if (found.report_bytes >= bound)
        note.warning(path, waiting + ", so those of single steps are left out",
                     "see why the link takes none: journalctl -u metalwright");
    else if (found.reports_waiting >= few_reports && has_link(seen.config))
        note.warning(path, waiting, "see what the link says: journalctl -u metalwright");
}

void judge_store(const Seen& seen, Notes& note) {
    const std::string path = seen.database.path.native();
    const Result<store::Checkup>& looked = *seen.store;
    if (!looked) {
        if (looked.error().code == Errc::unsupported)
            return note.unchecked(path, looked.error().message,
                                  "start the daemon, then look again: systemctl start metalwright");
        return note.problem(path, describe(looked.error()),
                            "see what the disk says: journalctl -k, smartctl -a");
    }
    const store::Checkup& found = *looked;
    if (!found.damage.empty())
        return note.problem(
            path, "the store is damaged (" + found.damage + ")",
            "stop the daemon, move it away, start the daemon and apply the order again: user data "
            "will not run again, and what destroys data waits for `metalwright arm`");
    if (!found.ours)
        return note.problem(path, "this is another program's database",
                            "move it away, or name another directory ([state] dir)");
    if (found.newer)
        return note.problem(
            path,
            "the store was written by a newer metalwright (its tables have version " +
                std::to_string(found.version) + ")",
            "install that version, or move state.db away");
    note.ok(path, "the store is sound");
    if (found.locked)
        note.warning(path, "what destroys data is locked: " + *found.locked,
                     "look at what is on the disks (metalwright inventory), then metalwright arm");
    else if (found.doubt)
        note.warning(path,
                     "what destroys data will be locked at the daemon's start: " + *found.doubt,
                     "put back the store that was at work here last, or look at the disks, then "
                     "metalwright arm");
    judge_outbox(seen, found, path, note);
}

void judge_space(const Seen& seen, Notes& note) {
    const Space& space = *seen.space;
    const std::string at = space.at.native();
    if (space.read_only)
        return note.problem(at, "its file system is mounted read-only: no document is taken",
                            "see why (journalctl -k), then mount it writable");
    // The outbox may grow to twice its bound before documents are refused.
    const std::uint64_t outbox = 2 * seen.config.outbox_max_bytes;
    if (space.bytes < least_bytes)
        note.problem(at,
                     "its file system has " + in_mib(space.bytes) + " left: documents are refused",
                     "make room there");
    else if (space.bytes < outbox)
        note.warning(at,
                     "its file system has " + in_mib(space.bytes) +
                         " left, and reports that wait may need " + in_mib(outbox),
                     "make room there, or lower [state] outbox_max_bytes");
    if (space.counts_inodes && space.inodes < least_inodes)
        note.problem(at, "its file system has no inodes left: no file can be made",
                     "remove small files there");
    else if (space.counts_inodes && space.inodes < few_inodes)
        note.warning(at, "its file system has " + std::to_string(space.inodes) + " inodes left",
                     "remove small files there");
    if (space.bytes >= outbox && (!space.counts_inodes || space.inodes >= few_inodes))
        note.ok(at, in_mib(space.bytes) + " are free");
}

}  // namespace

void judge_state(const Seen& seen, Findings& all) {
    Notes note(all, "store");
    const File& directory = seen.state_dir;
    const std::string path = directory.path.native();
    if (directory.hidden())
        note.unchecked(path, "root alone may look into the state directory");
    else if (!directory.there() && directory.error == ENOENT)
        note.ok(path, "is not there yet: the daemon makes it at its first start");
    else if (!directory.there())
        note.problem(path, std::string("cannot be looked at: ") + std::strerror(directory.error),
                     "correct [state] dir, or see what the disk says: journalctl -k");
    else if (directory.kind != File::Kind::directory)
        note.problem(path, "is no directory, so there is no place for the state",
                     "move it away, or correct [state] dir");
    else
        judge_mode(directory, seen.uid, note);
    if (seen.space) judge_space(seen, note);
    if (!directory.there() || directory.kind != File::Kind::directory || directory.hidden()) return;

    const File& database = seen.database;
    if (database.hidden())
        return note.unchecked(database.path.native(), "the store may be read by root alone");
    if (!database.there())
        return note.ok(database.path.native(),
                       "there is no store yet: no document has come to this host");
    judge_mode(database, seen.uid, note);
    if (seen.store) judge_store(seen, note);
}

}  // namespace metalwright::daemon::doctor
