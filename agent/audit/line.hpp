#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace metalwright::agent::audit {

/// Who asked, as the kernel or a signature says; what does not fit the door is left out.
struct Who {
    std::string door;  ///< "admin", "tcp", "link", "file"
    std::optional<unsigned> uid{};
    std::optional<unsigned> gid{};
    std::optional<int> pid{};
    std::string vendor{};   ///< whose signature it is
    std::string key{};      ///< the id of the key that signed, never the key
    std::string address{};  ///< of the other end

    bool operator==(const Who&) const = default;
};

/// What somebody wanted, and how it ended. There is no place in it for a document.
struct Deed {
    Who who;
    std::string did;      ///< method and path, without the query; "document" for a link's
    unsigned status = 0;  ///< of HTTP; 0: there was no answer
    std::string code{};   ///< of the refusal
    std::string instance{};
    std::optional<std::int64_t> operation{};
    std::optional<std::uint64_t> generation{};
    /// Anybody, or nobody, causes as many as there are: refused for who it is, or tried again by
    /// itself.
    bool cheap = false;
};

/// Where a chain of lines has got to.
struct Link {
    std::int64_t n = 0;                        ///< lines so far
    std::string chain = std::string(64, '0');  ///< SHA-256 over the former chain and the line, hex

    bool operator==(const Link&) const = default;
};

/// What a line says about those that are not there.
struct Gaps {
    std::int64_t missing = 0;   ///< could not be written
    std::int64_t left_out = 0;  ///< of the cheap ones, beyond what is kept of them
    bool torn = false;          ///< what stands before it was cut off in the middle
};

/// The next line, with its line feed, and the link that it is. With `begins` it says what it
/// follows, so that a file can be checked without the one before it.
struct Line {
    std::string text;
    Link link;
};
Line make_line(const Deed& deed, std::int64_t at_ms, const Gaps& gaps, const Link& former,
               bool begins);

/// A line as it was read, without its line feed; nothing when it is none.
struct Read {
    Link link{};          ///< as the line says
    std::string after{};  ///< the chain that it says it follows; empty: it does not say
    std::string at{};
    Gaps gaps{};
    std::string_view covered{};  ///< what its chain is taken over
};
std::optional<Read> read_line(std::string_view text);

/// The chain of a line whose covered text this is.
std::string chain_over(std::string_view former, std::string_view covered);

}  // namespace metalwright::agent::audit
