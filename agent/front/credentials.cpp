#include "agent/front/credentials.hpp"

#include <memory>
#include <vector>

#include "agent/front/held_file.hpp"
#include "agent/link/secret_file.hpp"

namespace metalwright::agent::front {

using gate::File;

Result<link::Credentials> fetch_credentials(const gate::Hello& hello, const ContentOf& content) {
    link::Credentials shown;
    if (hello.names(File::token)) {
        auto text = content(File::token);
        if (!text) return std::unexpected(text.error());
        auto token = link::token_in(std::move(*text), "link.https.token_file");
        if (!token) return std::unexpected(token.error());
        shown.token = std::move(*token);
    }
    struct Place {
        File file;
        std::string& path;
        const char* name;
    };
    const auto held = std::make_shared<std::vector<HeldFile>>();
    for (const Place& place : {Place{File::ca, shown.tls.ca_file, "link.https.ca_file"},
                               Place{File::cert, shown.tls.cert_file, "link.https.cert_file"},
                               Place{File::key, shown.tls.key_file, "link.https.key_file"},
                               Place{File::crl, shown.tls.crl_file, "link.https.crl_file"}}) {
        if (!hello.names(place.file)) continue;
        const auto text = content(place.file);
        if (!text) return std::unexpected(text.error());
        auto file = HeldFile::of(*text);
        if (!file) return std::unexpected(file.error());
        place.path = file->path();
        shown.names.emplace_back(place.path, place.name);
        held->push_back(std::move(*file));
    }
    shown.held = held;
    return shown;
}

}  // namespace metalwright::agent::front
