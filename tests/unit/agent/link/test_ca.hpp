#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

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

    /// What an authority makes of a request (PEM): its key, and what the test wants. PEM.
    std::string sign(const std::string& request, const std::string& name,
                     const std::string& names = "", long from = -3600, long to = 86400,
                     const std::string& usage = "clientAuth") const {
        BIO* in = BIO_new_mem_buf(request.data(), static_cast<int>(request.size()));
        X509_REQ* asked = PEM_read_bio_X509_REQ(in, nullptr, nullptr, nullptr);
        BIO_free(in);
        if (asked == nullptr) return {};
        EVP_PKEY* key = X509_REQ_get_pubkey(asked);
        std::string pem;
        // It is signed by the key: whoever asks has it.
        if (X509_REQ_verify(asked, key) == 1) {
            X509* x = filled(name, &self_, names, from, to, key, usage);
            pem = pem_of([&](BIO* out) { PEM_write_bio_X509(out, x); });
            X509_free(x);
        }
        EVP_PKEY_free(key);
        X509_REQ_free(asked);
        return pem;
    }

    /// A CRL (PEM), valid between the two offsets from now, in seconds.
    std::string revocations(const std::vector<const X509*>& revoked, long from = -3600,
                            long to = 86400) const {
        X509_CRL* list = X509_CRL_new();
        X509_CRL_set_version(list, 1);
        X509_CRL_set_issuer_name(list, X509_get_subject_name(self_.certificate));
        ASN1_TIME* time = X509_gmtime_adj(nullptr, from);
        X509_CRL_set1_lastUpdate(list, time);
        X509_gmtime_adj(time, to);
        X509_CRL_set1_nextUpdate(list, time);
        X509_gmtime_adj(time, from);
        for (const X509* one : revoked) {
            X509_REVOKED* entry = X509_REVOKED_new();
            ASN1_INTEGER* serial = ASN1_INTEGER_dup(X509_get0_serialNumber(one));
            X509_REVOKED_set_serialNumber(entry, serial);
            X509_REVOKED_set_revocationDate(entry, time);
            X509_CRL_add0_revoked(list, entry);
            ASN1_INTEGER_free(serial);
        }
        ASN1_TIME_free(time);
        X509_CRL_sort(list);
        X509_CRL_sign(list, self_.key, EVP_sha256());
        std::string pem = pem_of([&](BIO* out) { PEM_write_bio_X509_CRL(out, list); });
        X509_CRL_free(list);
        return pem;
    }

 private:
    template <class Write>
    static std::string pem_of(Write write) {
        BIO* out = BIO_new(BIO_s_mem());
        write(out);
        char* text = nullptr;
        const long size = BIO_get_mem_data(out, &text);
        std::string pem(text, static_cast<std::size_t>(size));
        BIO_free(out);
        return pem;
    }

    Identity make(const std::string& name, const Identity* issuer, const std::string& names,
                  long from, long to) const {
        Identity made;
        made.key = EVP_EC_gen("P-256");
        made.certificate = filled(name, issuer, names, from, to, made.key, "");
        return written(std::move(made), name);
    }

    static X509* filled(const std::string& name, const Identity* issuer, const std::string& names,
                        long from, long to, EVP_PKEY* key, const std::string& usage) {
        X509* x = X509_new();
        X509_set_version(x, 2);
        static long serial = 1;
        ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
        const bool authority = issuer == nullptr;
        X509_gmtime_adj(X509_getm_notBefore(x), authority ? -50L * 365 * 86400 : from);
        X509_gmtime_adj(X509_getm_notAfter(x), authority ? 10L * 365 * 86400 : to);
        X509_set_pubkey(x, key);
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
        if (!usage.empty()) extend(NID_ext_key_usage, usage);
        X509_sign(x, authority ? key : issuer->key, EVP_sha256());
        return x;
    }

    Identity written(Identity made, const std::string& name) const {
        X509* x = made.certificate;
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
