// OpenSSL, loaded when it is first called. Linked as usual it was a third of what the daemon holds
// at rest and of its work at start, for its tables are relocated whether they are used or not; a
// host without an https link calls nothing of it.
//
// Each function that we, or Asio for us, call is here.

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string_view>

#include "sys/late.hpp"

namespace {

#define METALWRIGHT_TEXT_OF(number) #number
#define METALWRIGHT_TEXT(macro) METALWRIGHT_TEXT_OF(macro)

constexpr const char* library_of(std::string_view name) {
    return name.starts_with("SSL_") || name.starts_with("TLS_")
               ? "libssl.so." METALWRIGHT_TEXT(OPENSSL_SHLIB_VERSION)
               : "libcrypto.so." METALWRIGHT_TEXT(OPENSSL_SHLIB_VERSION);
}

}  // namespace

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
// clang-format off
#define LATE_FROM(name) library_of(#name)
LATE_0(BIO_s_mem) LATE_0(ERR_clear_error) LATE_0(ERR_get_error) LATE_0(ERR_peek_last_error)
LATE_0(EVP_sha256) LATE_0(SSL_get_ex_data_X509_STORE_CTX_idx) LATE_0(TLS_client_method)
LATE_0(TLS_server_method) LATE_0(EVP_md5) LATE_0(EVP_MD_CTX_new) LATE_0(OPENSSL_sk_new_null) LATE_0(X509_REQ_new)

LATE_1(BIO_ctrl_pending) LATE_1(BIO_free) LATE_1(BIO_new) LATE_1(ERR_lib_error_string)
LATE_1(ERR_reason_error_string) LATE_1(EVP_MD_CTX_free) LATE_1(EVP_PKEY_CTX_free) LATE_1(EVP_PKEY_encrypt_init)
LATE_1(EVP_PKEY_free) LATE_1(EVP_PKEY_get_base_id) LATE_1(EVP_PKEY_get_bits) LATE_1(GENERAL_NAMES_free) LATE_1(OPENSSL_sk_num)
LATE_1(SSL_CTX_check_private_key) LATE_1(SSL_CTX_free)
LATE_1(SSL_CTX_get_default_passwd_cb_userdata) LATE_1(SSL_CTX_new)
LATE_1(SSL_CTX_set_default_verify_paths) LATE_1(SSL_accept) LATE_1(SSL_connect) LATE_1(SSL_free)
LATE_1(X509_free) LATE_1(SSL_shutdown) LATE_1(SSL_get0_param) LATE_1(SSL_get_shutdown) LATE_1(SSL_new)
LATE_1(X509_STORE_CTX_get_current_cert) LATE_1(X509_STORE_CTX_get_error) LATE_1(X509_get0_notAfter)
LATE_1(X509_get0_notBefore) LATE_1(X509_get_issuer_name) LATE_1(X509_get_subject_name)
LATE_1(X509_verify_cert_error_string)
LATE_1(ASN1_STRING_get0_data) LATE_1(ASN1_STRING_length) LATE_1(BN_free) LATE_1(BN_num_bits)
LATE_1(EVP_PKEY_keygen_init) LATE_1(OPENSSL_sk_free) LATE_1(SSL_CTX_get_cert_store) LATE_1(X509_CRL_free)
LATE_1(X509_EXTENSION_free) LATE_1(X509_REQ_free) LATE_1(X509_REQ_get_subject_name) LATE_1(X509_get0_pubkey)
LATE_1(X509_get0_serialNumber)

LATE_2(ASN1_TIME_print) LATE_2(ASN1_TIME_to_tm) LATE_2(BIO_new_mem_buf) LATE_2(EVP_PKEY_CTX_new)
LATE_2(EVP_PKEY_CTX_set_rsa_mgf1_md) LATE_2(EVP_PKEY_CTX_set_rsa_oaep_md)
LATE_2(EVP_PKEY_CTX_set_rsa_padding) LATE_2(BIO_puts) LATE_2(GENERAL_NAME_print)
LATE_2(OPENSSL_sk_value) LATE_2(SSL_CTX_get_ex_data) LATE_2(SSL_CTX_load_verify_file)
LATE_2(SSL_CTX_set_default_passwd_cb) LATE_2(SSL_CTX_set_default_passwd_cb_userdata)
LATE_2(SSL_CTX_use_certificate_chain_file) LATE_2(SSL_get_error) LATE_2(SSL_get_ex_data)
LATE_2(X509_STORE_CTX_get_ex_data) LATE_2(X509_VERIFY_PARAM_set1_ip_asc)
LATE_2(X509_VERIFY_PARAM_set_hostflags) LATE_2(X509_VERIFY_PARAM_set_time)
LATE_2(ASN1_INTEGER_to_BN) LATE_2(BN_bn2bin) LATE_2(EVP_PKEY_CTX_new_id) LATE_2(EVP_PKEY_CTX_set_ec_paramgen_curve_nid)
LATE_2(EVP_PKEY_eq) LATE_2(EVP_PKEY_keygen) LATE_2(OPENSSL_sk_push) LATE_2(PEM_write_bio_X509) LATE_2(PEM_write_bio_X509_REQ)
LATE_2(SSL_CTX_use_PrivateKey) LATE_2(SSL_CTX_use_certificate) LATE_2(X509_REQ_add_extensions) LATE_2(X509_REQ_set_pubkey)
LATE_2(X509_STORE_add_crl) LATE_2(X509_STORE_set_flags)

LATE_3(CRYPTO_memcmp) LATE_3(BIO_read) LATE_3(BIO_write) LATE_3(EVP_EncodeBlock) LATE_3(SSL_CTX_set_ex_data)
LATE_3(SSL_CTX_set_verify) LATE_3(SSL_CTX_use_PrivateKey_file) LATE_3(SSL_read) LATE_3(SSL_set_bio)
LATE_3(SSL_set_ex_data) LATE_3(SSL_write) LATE_3(X509_VERIFY_PARAM_set1_host) LATE_3(X509_REQ_sign) LATE_3(X509_check_purpose)

LATE_4(BIO_ctrl) LATE_4(PEM_read_bio_PUBKEY) LATE_4(PEM_read_bio_X509) LATE_4(BIO_new_bio_pair) LATE_4(SSL_CTX_ctrl) LATE_4(SSL_ctrl)
LATE_4(EVP_PKEY_new_raw_public_key)
LATE_4(X509_NAME_print_ex) LATE_4(X509_get_ext_d2i)
LATE_4(PEM_read_bio_PrivateKey) LATE_4(PEM_read_bio_X509_CRL) LATE_4(PEM_read_bio_X509_REQ) LATE_4(X509V3_EXT_conf_nid)
LATE_4(X509_NAME_get_text_by_NID)

LATE_5(EVP_DigestVerify) LATE_5(EVP_DigestVerifyInit) LATE_5(EVP_PKEY_encrypt)

LATE_6(CRYPTO_get_ex_new_index) LATE_6(EVP_Digest) LATE_6(X509V3_set_ctx)

LATE_7(HMAC) LATE_7(PEM_write_bio_PKCS8PrivateKey) LATE_7(X509_NAME_add_entry_by_txt)
    // clang-format on
    // NOLINTEND(readability-inconsistent-declaration-parameter-name)
