#include "agent/link/host_certificate.hpp"

#include <openssl/bn.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "agent/link/openssl_owned.hpp"
#include "agent/link/retry_after.hpp"
#include "agent/link/signing_request.hpp"

namespace metalwright::agent::link {
namespace {

constexpr std::size_t longest_chain = 10;

std::vector<Owned<X509>> read_all(std::string_view text) {
    std::vector<Owned<X509>> all;
    const Owned<BIO> bio = bio_of(text);
    while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
        all.emplace_back(one);
    ERR_clear_error();  // the end of the text is one
    return all;
}

std::chrono::sys_seconds moment(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

std::string text_of_asn1(const ASN1_STRING* text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
            static_cast<std::size_t>(ASN1_STRING_length(text))};
}

/// By the URN that was asked for, a DNS name, or the CN, where the authority writes only these.
bool names(const X509* certificate, const std::string& host_id) {
    const Owned<GENERAL_NAMES> all(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
        const GENERAL_NAME* one = sk_GENERAL_NAME_value(all.get(), i);
        if (one->type == GEN_URI &&
            text_of_asn1(one->d.uniformResourceIdentifier) == host_urn(host_id))
            return true;
        if (one->type == GEN_DNS && text_of_asn1(one->d.dNSName) == host_id) return true;
    }
    std::string common(host_id.size() + 2, '\0');
    const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                               common.data(), static_cast<int>(common.size()));
    return size == static_cast<int>(host_id.size()) && common.starts_with(host_id);
}

std::string subject_of(const X509* certificate) {
    const Owned<BIO> bio(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate), 0,
                       XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    return text_of(bio.get());
}

std::string serial_of(const X509* certificate) {
    const Owned<BIGNUM> number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
    std::string hex;
    if (!number) return hex;
    std::vector<unsigned char> bytes(static_cast<std::size_t>((BN_num_bits(number.get()) + 7) / 8));
    BN_bn2bin(number.get(), bytes.data());
    for (const unsigned char byte : bytes) {
        constexpr std::string_view digits = "0123456789ABCDEF";
        hex += digits[byte >> 4U];
        hex += digits[byte & 15U];
    }
    return hex.empty() ? "00" : hex;
}

}  // namespace

std::string certificates_in(std::string_view text) {
    const Owned<BIO> bio(BIO_new(BIO_s_mem()));
    for (const auto& one : read_all(text)) PEM_write_bio_X509(bio.get(), one.get());
    return text_of(bio.get());
}

Result<HostCertificate> read_host_certificate(std::string_view chain, std::string_view key,
                                              const std::string& host_id) {
    ERR_clear_error();
    const auto all = read_all(chain);
    if (all.empty() || all.size() > longest_chain) {
        return fail(Errc::invalid_spec, all.empty()
                                            ? "there is no certificate in it (PEM)"
                                            : "a chain of more than ten certificates is none");
    }
    X509* own = all.front().get();
    const Owned<EVP_PKEY> ours = key_of(key);
    const EVP_PKEY* its = X509_get0_pubkey(own);
    if (!ours || its == nullptr || EVP_PKEY_eq(ours.get(), its) != 1)
        return fail(Errc::invalid_spec, "the certificate (" + subject_of(own) +
                                            ") is not of this host's key: it must be issued for "
                                            "the request that was sent");
    if (!names(own, host_id))
        return fail(Errc::invalid_spec, "the certificate is for " + subject_of(own) +
                                            ", not for this host (" + host_id +
                                            "): its CN, DNS name or URI " + host_urn(host_id) +
                                            " must name it");
    if (X509_check_purpose(own, X509_PURPOSE_SSL_CLIENT, 0) != 1)
        return fail(Errc::invalid_spec,
                    "the certificate (" + subject_of(own) +
                        ") is not for TLS clients: issue it with extendedKeyUsage clientAuth");
    ERR_clear_error();
    return HostCertificate{
        .subject = subject_of(own),
        .serial = serial_of(own),
        .valid = {moment(X509_get0_notBefore(own)), moment(X509_get0_notAfter(own))}};
}

Result<void> check_time(const HostCertificate& certificate, std::chrono::sys_seconds now) {
    if (now >= certificate.valid.from && now < certificate.valid.to) return {};
    const bool early = now < certificate.valid.from;
    return fail(Errc::refused,
                "the certificate of this host is valid " + std::string(early ? "from " : "until ") +
                    to_iso8601(early ? certificate.valid.from : certificate.valid.to) +
                    ", the host's clock says " + to_iso8601(now) +
                    ": set the time if it is wrong, on this host or on the control plane");
}

std::chrono::sys_seconds rotation_of(const HostCertificate& certificate) {
    const auto life = std::max(certificate.valid.to - certificate.valid.from,
                               std::chrono::sys_seconds::duration(0));
    unsigned chance = 2'166'136'261U;  // FNV-1a: the same on each look, another on each certificate
    for (const char c : certificate.serial)
        chance = (chance ^ static_cast<unsigned char>(c)) * 16'777'619U;
    return certificate.valid.from + life * 2 / 3 + life / 20 * (chance % 9973) / 9973;
}

}  // namespace metalwright::agent::link
