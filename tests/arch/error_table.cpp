// error_table: the table of codes in docs/errors.md, from the enum itself and from the two
// functions that give a code its HTTP status and its retry rule. What a code means and what to do
// stands here, in switches without a default: a code that is added to the enum does not compile
// until it is explained. tests/arch/errors.py puts the table into the file.

#include <cstdio>
#include <string>
#include <string_view>

#include "agent/api/status.hpp"
#include "core/error.hpp"

namespace metalwright {
namespace {

struct Explained {
    std::string_view means;
    std::string_view to_do;
};

Explained explained(Errc code) {
    switch (code) {
        case Errc::invalid_spec:
            return {
                "The document, the call or the configuration is wrong; `where` says at which "
                "place. All errors of a document come at once.",
                "Correct the document at `where`; `metalwright validate FILE` shows the same "
                "without a daemon."};
        case Errc::conflict:
            return {
                "It contradicts what is in force or came before: another instance, an older "
                "generation, the same generation or token with "
                "other content, two sources that disagree.",
                "Look at what is in force (`metalwright status`); raise the generation, draw a new "
                "token, or release the instance first."};
        case Errc::refused:
            return {
                "A safety rule forbids it, as the host is now: a disk that is not blank, a range "
                "that holds a neighbour, a lock.",
                "Change the host, not the request: wipe the disk or consent to it, arm after a "
                "look, free the address. No option switches a "
                "safety rule off."};
        case Errc::not_found:
            return {"A disk, a NIC, an operation, a program or a path that is named is not there.",
                    "Correct the name, plug it in, or install what the message says; `metalwright "
                    "doctor` looks for programs, `metalwright "
                    "inventory` lists disks and NICs."};
        case Errc::unsupported:
            return {"Nothing on this host, or in this version, can do it.",
                    "Order it otherwise, or use a host that can."};
        case Errc::busy:
            return {
                "Somebody else uses it, for now: another operation, a mounted or opened disk, a "
                "daemon that is stopping.",
                "Send it again later; when it stays so, find who holds it (`metalwright "
                "operations`, `lsof`)."};
        case Errc::timed_out:
            return {
                "A program, a controller or a server did not answer in its time. What it was asked "
                "for may have been done or not.",
                "Send it again: what is done already is found so. When it comes back, see why the "
                "other side is slow."};
        case Errc::command_failed:
            return {
                "A program ran and exited with an error or was killed; its last line is in the "
                "message, its exit status beside it.",
                "Do what its own last line says; the whole is in `journalctl -u metalwright`."};
        case Errc::kernel_refused:
            return {
                "The kernel answered a change of the network or of a setting with an errno; its "
                "own words are in the message.",
                "Look at what is there already (`ip addr`, `ip route`, `tc`), and correct the "
                "order or the host."};
        case Errc::unavailable:
            return {
                "The control plane, a name server, systemd or the daemon cannot be reached, for "
                "now.",
                "Nothing has to be done while it passes; the link tries again by itself. When it "
                "stays, `metalwright doctor`."};
        case Errc::io:
            return {
                "A file, a disk or the store could not be read or written; the errno is beside the "
                "message.",
                "See what the kernel says of the disk (`journalctl -k`), and how full it is; "
                "`metalwright doctor` looks at both."};
        case Errc::no_space:
            return {
                "The file system of the store is full: what would have to be kept was not done.",
                "Make room on it, then send the request again; nothing has to be restarted. "
                "`metalwright doctor` says how full it is."};
        case Errc::internal:
            return {"A bug of metalwright, or an answer that nobody foresaw.",
                    "Report it, with the message and `journalctl -u metalwright`. The daemon goes "
                    "on; apply the order again."};
    }
    return {};
}

void print() {
    std::puts("| code | HTTP status | a retry makes sense | what it means | what to do |");
    std::puts("|---|---|---|---|---|");
    // A number that is no code has no word of its own.
    for (int number = 0; number < 256; ++number) {
        const auto code = static_cast<Errc>(number);
        const std::string word(to_string(code));
        if (errc_from(word) != code) continue;
        const Explained about = explained(code);
        std::printf("| `%s` | %u | %s | %.*s | %.*s |\n", word.c_str(),
                    agent::api::http_status(code), retryable(code) ? "yes" : "no",
                    static_cast<int>(about.means.size()), about.means.data(),
                    static_cast<int>(about.to_do.size()), about.to_do.data());
    }
}

}  // namespace
}  // namespace metalwright

int main() {
    metalwright::print();
}
