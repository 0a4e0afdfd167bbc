// cloudinit::read_user_data: whatever a tenant sends, scripts or a reason, and within the bounds;
// and decode_base64: what it takes it takes one way alone.
#include <openssl/evp.h>

#include <cstdlib>
#include <string>

#include "cloudinit/base64.hpp"
#include "cloudinit/user_data.hpp"
#include "tests/fuzz/target.hpp"

namespace metalwright::fuzz {
namespace {

constexpr std::string_view message =
    "From: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed;\n boundary=\"b==\"\n\npreamble\n"
    "--b==\nContent-Type: text/x-shellscript; charset=utf-8\nContent-Transfer-Encoding: base64\n"
    "Content-Disposition: attachment; filename=\"one.sh\"\n\nIyEvYmluL3NoCnRydWUK\n--b==\n"
    "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n#!/bin/sh\necho "
    "=3D=\n1\n"
    "--b==--\nepilogue\n";
constexpr std::string_view crlf = "\xef\xbb\xbf#!/usr/bin/env -S python3 -u\r\nprint(1)\r\n";
constexpr char packed_bytes[] =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x53\x56\xd4\x4f\xca\xcc\xd3\x2f"
    "\xce\xe0\x2a\x29\x2a\x4d\xe5\x02\x00\x3d\x36\x84\xab\x0f\x00\x00\x00";
constexpr std::string_view packed(packed_bytes, sizeof packed_bytes - 1);
constexpr std::string_view encoded = "IyEvYmluL2Jhc2gKdHJ1ZQo=";
constexpr std::string_view config = "#cloud-config\npackages: [nginx]\n";

void check(bool promise) {
    if (!promise) std::abort();
}

std::string encode(const std::string& bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    text.resize(static_cast<std::size_t>(EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(text.data()),
        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()))));
    return text;
}

}  // namespace

void run(std::span<const std::uint8_t> input) {
    const std::string bytes(input.begin(), input.end());
    if (const auto decoded = cloudinit::decode_base64(bytes))
        check(encode(*decoded) == bytes);
    else
        check(!decoded.error().message.empty());

    const cloudinit::UserDataLimits limits{.bytes = 4096, .unpacked = 65536};
    const auto data = cloudinit::read_user_data(bytes, limits);
    if (!data) {
        check(data.error().code == Errc::invalid_spec && !data.error().message.empty());
        return;
    }
    check(bytes.size() <= limits.bytes);
    check(data->scripts.empty() != data->for_cloud_init.empty());
    std::size_t total = data->document.size();
    for (const cloudinit::UserData::Script& script : data->scripts) {
        check(script.bytes.starts_with("#!"));
        total += script.bytes.size();
    }
    check(total <= limits.unpacked + limits.bytes);
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> all;
    for (const std::string_view one : {message, crlf, packed, encoded, config})
        all.emplace_back(one.begin(), one.end());
    return all;
}

}  // namespace metalwright::fuzz
