#include "agent/link/certificate.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <memory>

#include "sys/files.hpp"

namespace metalwright::agent::link {
namespace {

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(X509* certificate) const { X509_free(certificate); }
};

std::chrono::sys_seconds moment(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

}  // namespace

Result<std::vector<Validity>> read_validities(const std::filesystem::path& file) {
    const auto text = sys::PosixFiles().read(std::filesystem::absolute(file));
    if (!text) return std::unexpected(text.error());
    const std::unique_ptr<BIO, Free> bio(
        BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
    if (!bio) return fail(Errc::internal, "OpenSSL has no memory for it", file.native());
    std::vector<Validity> all;
    while (const std::unique_ptr<X509, Free> one{
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)})
        all.push_back(
            {moment(X509_get0_notBefore(one.get())), moment(X509_get0_notAfter(one.get()))});
    ERR_clear_error();  // the end of the file is one
    if (all.empty()) return fail(Errc::invalid_spec, "holds no certificate in PEM", file.native());
    return all;
}

Result<void> check_tls(const TlsFiles& files) {
    const auto context = make_tls_context(files);
    if (!context) return std::unexpected(context.error());
    SSL_CTX_free(*context);
    return {};
}

}  // namespace metalwright::agent::link
