#include "agent/link/credentials.hpp"

namespace metalwright::agent::link {
namespace {

void replace(std::string& text, const std::string& what, const std::string& by) {
    if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), by);
}

}  // namespace

Error named(Error error, const Credentials& shown) {
    for (const auto& [path, name] : shown.names) {
        replace(error.message, path, name);
        replace(error.where, path, name);
    }
    return error;
}

TlsFiles with_trust_of(const Credentials& shown, TlsFiles identity) {
    if (!shown.tls.ca_file.empty()) identity.ca_file = shown.tls.ca_file;
    if (!shown.tls.crl_file.empty()) identity.crl_file = shown.tls.crl_file;
    return identity;
}

}  // namespace metalwright::agent::link
