#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>

namespace metalwright::agent::link {

/// A certificate and its key, and the PEM files of both.
struct Identity {
    X509* certificate = nullptr;
    EVP_PKEY* key = nullptr;
    std::filesystem::path cert_file{};
    std::filesystem::path key_file{};

    Identity() = default;
    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;
    Identity(Identity&& other) noexcept
        : certificate(std::exchange(other.certificate, nullptr)),
          key(std::exchange(other.key, nullptr)),
          cert_file(std::move(other.cert_file)),
          key_file(std::move(other.key_file)) {}
    ~Identity() {
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
};

/// A certificate authority made for one test, with P-256 keys: milliseconds, not seconds.
class TestCa {
 public:
    explicit TestCa(std::filesystem::path directory, const std::string& name = "ca")
        : directory_(std::move(directory)), self_(make(name, nullptr, "", 0, 0)) {}

    const std::filesystem::path& file() const { return self_.cert_file; }
    X509* certificate() const { return self_.certificate; }

    /// A certificate for `names` ("DNS:cp.example,IP:127.0.0.1"), valid between the two offsets
    /// from now, in seconds.
    Identity issue(const std::string& name, const std::string& names, long from = -3600,
                   long to = 86400) const {
        return make(name, &self_, names, from, to);
    }

 private:
    Identity make(const std::string& name, const Identity* issuer, const std::string& names,
                  long from, long to) const {
        Identity made;
        made.key = EVP_EC_gen("P-256");
        made.certificate = X509_new();
        X509* x = made.certificate;
        X509_set_version(x, 2);
        static long serial = 1;
        ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
        const bool authority = issuer == nullptr;
        X509_gmtime_adj(X509_getm_notBefore(x), authority ? -50L * 365 * 86400 : from);
        X509_gmtime_adj(X509_getm_notAfter(x), authority ? 10L * 365 * 86400 : to);
        X509_set_pubkey(x, made.key);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
        X509* parent = authority ? x : issuer->certificate;
        X509_set_issuer_name(x, X509_get_subject_name(parent));
        X509V3_CTX context;
        X509V3_set_ctx(&context, parent, x, nullptr, nullptr, 0);
        const auto extend = [&](int nid, const std::string& value) {
            X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
            X509_add_ext(x, extension, -1);
            X509_EXTENSION_free(extension);
        };
        extend(NID_basic_constraints, authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
        if (!names.empty()) extend(NID_subject_alt_name, names);
        X509_sign(x, authority ? made.key : issuer->key, EVP_sha256());

        made.cert_file = directory_ / (name + ".crt");
        made.key_file = directory_ / (name + ".key");
        std::FILE* file = std::fopen(made.cert_file.c_str(), "w");
        PEM_write_X509(file, x);
        std::fclose(file);
        file = std::fopen(made.key_file.c_str(), "w");
        PEM_write_PrivateKey(file, made.key, nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(file);
        std::filesystem::permissions(made.key_file, std::filesystem::perms::owner_read);
        return made;
    }

    std::filesystem::path directory_;
    Identity self_;
};

}  // namespace metalwright::agent::link
