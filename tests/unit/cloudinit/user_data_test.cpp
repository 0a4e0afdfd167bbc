// A corpus of user data, good, strange and hostile, each with what is to become of it.
#include "cloudinit/user_data.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cloudinit/gzip.hpp"
#include "cloudinit/mime.hpp"
#include "tests/unit/cloudinit/packing.hpp"

namespace metalwright::cloudinit {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string hello = "#!/bin/sh\necho hello\n";

std::string mime(const std::vector<std::string>& parts, const std::string& end = "--b--\n") {
    std::string text =
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b\"\n\npreamble\n";
    for (const std::string& part : parts) text += "--b\n" + part + "\n";
    return text + end;
}
std::string part(const std::string& type, const std::string& body, const std::string& more = {}) {
    return "Content-Type: " + type + "\n" + more + "\n" + body;
}
std::string script_part(const std::string& body) {
    return part("text/x-shellscript; charset=\"us-ascii\"", body);
}

/// What is expected: scripts and a note, or words of the refusal, or the format for cloud-init.
struct Sample {
    std::string name;
    std::string bytes;
    std::vector<std::string> scripts{};
    std::string note{};
    std::string refusal{};
    std::string for_cloud_init{};
};

std::vector<Sample> good() {
    std::vector<Sample> all;
    for (const std::string line :
         {"#!/bin/bash", "#!/bin/sh", "#! /bin/bash -e", "#!/usr/bin/env python",
          "#!/usr/bin/env python3", "#!/usr/bin/python3.11 -u", "#!/usr/bin/perl -w",
          "#!/bin/false", "#!/usr/bin/env -S bash -eu", "#!/usr/bin/env bash",
          "#!/opt/customer/bin/run", "#!/bin/bash\t-x"})
        all.push_back({line, line + "\ntrue\n", {line + "\ntrue\n"}});
    all.push_back({"without a line end", "#!/bin/sh", {"#!/bin/sh"}});
    all.push_back({"CRLF in the text alone", "#!/bin/sh\necho a\r\n", {"#!/bin/sh\necho a\r\n"}});
    all.push_back({"bytes that are no UTF-8", "#!/bin/sh\n\xff\xfe\n", {"#!/bin/sh\n\xff\xfe\n"}});
    all.push_back({"a mark", "\xef\xbb\xbf" + hello, {hello}, "byte order mark"});
    all.push_back({"CRLF", "#!/bin/sh\r\necho a\r\n\r\n", {"#!/bin/sh\necho a\n\n"}, "CRLF"});
    all.push_back(
        {"CRLF, a lone CR stays", "#!/bin/sh\r\na\rb\r\n", {"#!/bin/sh\na\rb\n"}, "CRLF"});
    all.push_back({"a mark and CRLF", "\xef\xbb\xbf#!/bin/sh\r\n", {"#!/bin/sh\n"}, "CRLF"});
    all.push_back({"gzip", gzipped(hello), {hello}});
    all.push_back(
        {"gzip of two members", gzipped("#!/bin/sh\n") + gzipped("true\n"), {"#!/bin/sh\ntrue\n"}});
    all.push_back({"gzip with CRLF inside", gzipped("#!/bin/sh\r\n"), {"#!/bin/sh\n"}, "CRLF"});
    all.push_back({"Base64 twice", base64(hello), {hello}, "Base64 twice"});
    all.push_back({"Base64 twice, in lines",
                   base64(hello).substr(0, 8) + "\n" + base64(hello).substr(8) + "\n",
                   {hello},
                   "Base64 twice"});
    all.push_back({"Base64 twice of gzip", base64(gzipped(hello)), {hello}, "Base64 twice"});
    all.push_back({"MIME of one", mime({script_part(hello)}), {hello}});
    all.push_back({"MIME of two",
                   mime({script_part(hello), script_part("#!/bin/bash\ntrue\n")}),
                   {hello, "#!/bin/bash\ntrue\n"}});
    all.push_back({"MIME, a part of plain text", mime({part("text/plain", hello)}), {hello}});
    all.push_back({"MIME, a part without a type", mime({"\n" + hello}), {hello}});
    all.push_back({"MIME, once per instance",
                   mime({part("text/x-shellscript-per-instance", hello)}),
                   {hello}});
    all.push_back(
        {"MIME, Base64",
         mime({part("text/x-shellscript", base64(hello), "Content-Transfer-Encoding: base64\n")}),
         {hello}});
    all.push_back({"MIME, quoted-printable",
                   mime({part("text/x-shellscript", "#!/bin/sh\necho =C3=A4 =\nlong\n",
                              "Content-Transfer-Encoding: quoted-printable\n")}),
                   {"#!/bin/sh\necho \xc3\xa4 long\n"}});
    all.push_back({"MIME, gzip in Base64",
                   mime({part("text/x-shellscript", base64(gzipped(hello)),
                              "Content-Transfer-Encoding: BASE64\n")}),
                   {hello}});
    all.push_back({"MIME, CRLF throughout",
                   "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
                   "text/x-shellscript\r\n"
                   "\r\n#!/bin/sh\r\ntrue\r\n\r\n--b--\r\n",
                   {"#!/bin/sh\ntrue\n"},
                   "CRLF"});
    all.push_back({"MIME, nested",
                   mime({"Content-Type: multipart/mixed; boundary=c\n\n--c\n" + script_part(hello) +
                         "\n--c--"}),
                   {hello}});
    all.push_back(
        {"MIME, a folded header",
         "Content-Type: multipart/mixed;\n boundary=b\n\n--b\n" + script_part(hello) + "\n--b--\n",
         {hello}});
    all.push_back({"MIME without multipart", part("text/x-shellscript", hello), {hello}});
    all.push_back({"MIME, packed", gzipped(mime({script_part(hello)})), {hello}});
    all.push_back({"MIME, a boundary that goes on",
                   "Content-Type: multipart/mixed; boundary=b\n\n--b\n" +
                       part("text/x-shellscript", "#!/bin/sh\n--bb\n") + "\n--b--\n",
                   {"#!/bin/sh\n--bb\n"}});
    return all;
}

std::vector<Sample> for_cloud_init() {
    std::vector<Sample> all;
    for (const std::string head :
         {"#cloud-config", "#cloud-config-archive", "#cloud-config-jsonp", "#include",
          "#include-once", "#cloud-boothook", "#part-handler", "## template: jinja"}) {
        const std::string format = head.starts_with("## ") ? "## template:" : head;
        all.push_back({head, head + "\npackages: [a]\n", {}, "", "", format});
    }
    all.push_back({"packed", gzipped("#cloud-config\n"), {}, "", "", "#cloud-config"});
    all.push_back(
        {"with a mark", "\xef\xbb\xbf#cloud-config\n", {}, "byte order mark", "", "#cloud-config"});
    all.push_back({"a part of it",
                   mime({script_part(hello), part("text/cloud-config", "packages: [a]\n")}),
                   {},
                   "",
                   "",
                   "text/cloud-config"});
    all.push_back({"a part that says so itself",
                   mime({part("text/plain", "#cloud-config\n")}),
                   {},
                   "",
                   "",
                   "text/plain"});
    all.push_back({"per boot",
                   mime({part("text/x-shellscript-per-boot", hello)}),
                   {},
                   "",
                   "",
                   "text/x-shellscript-per-boot"});
    return all;
}

std::vector<Sample> bad() {
    std::vector<Sample> all;
    const auto refused = [&](const std::string& name, const std::string& bytes,
                             const std::string& words) {
        all.push_back({.name = name, .bytes = bytes, .refusal = words});
    };
    refused("nothing", "", "it is empty");
    refused("blanks", " \n\t\r\n", "it is empty");
    refused("no first line", "echo secret\n", "first two bytes are not #!");
    refused("a line too early", "\n#!/bin/sh\n", "#! stands at byte 1");
    refused("an ELF program",
            "\x7f"
            "ELF\x02\x01",
            "compiled program (ELF)");
    refused("UTF-16", "\xff\xfe#\0!\0"s, "UTF-16");
    refused("zip", "PK\x03\x04", "zip archive");
    refused("xz",
            "\xfd"
            "7zXZ\0"s,
            "not with gzip");
    refused("bzip2", "BZh91AY", "not with gzip");
    refused("a relative interpreter", "#!bash\n", "without its absolute path");
    refused("an interpreter that is a folder", "#!/bin/\n", "without its absolute path");
    refused("no interpreter", "#!\n", "names no interpreter");
    refused("env of nothing", "#!/usr/bin/env\n", "gives env no name");
    refused("control characters", "#!/bin/sh\x01\n", "control characters");
    refused("a long first line", "#!/bin/sh " + std::string(300, 'x') + "\n",
            "longer than the 255 bytes");
    refused("a NUL", "#!/bin/sh\n\0x"s, "NUL byte at offset 10");
    refused("too much", "#!/bin/sh\n" + std::string(16384, '#'), "16394 bytes, at most 16384");
    refused("gzip cut short", gzipped(hello).substr(0, 20), "cut short after their byte 20");
    refused("gzip altered", gzipped(hello).replace(12, 4, "\xff\xff\xff\xff"), "altered");
    refused("gzip and more", gzipped(hello) + "more", "followed by something else");
    refused("a bomb", gzipped(std::string(4 << 20, 'x')), "unpack to more than 1048576 bytes");
    refused("a bomb in two parts",
            mime({part("text/x-shellscript", base64(gzipped(hello + std::string(700'000, '#'))),
                       "Content-Transfer-Encoding: base64\n"),
                  part("text/x-shellscript", base64(gzipped(hello + std::string(700'000, '#'))),
                       "Content-Transfer-Encoding: base64\n")}),
            "unpack to more than");
    refused("gzip in gzip", gzipped(gzipped(hello)), "first two bytes are not #!");
    refused("Base64 three times", base64(base64(hello)), "first two bytes are not #!");
    refused("MIME without an end", mime({script_part(hello)}, ""),
            "ends before its closing boundary");
    refused("MIME without a part", mime({}), "has no part behind its boundary");
    refused("MIME without a boundary", "Content-Type: multipart/mixed\n\nx", "without a boundary");
    refused("MIME, a boundary too long",
            "Content-Type: multipart/mixed; boundary=" + std::string(71, 'b') + "\n\nx",
            "without a boundary");
    refused("MIME, a type that is nothing", mime({part("image/png", "x")}),
            "of the type image/png");
    refused("MIME, an unknown encoding",
            mime({part("text/plain", hello, "Content-Transfer-Encoding: x-uue\n")}),
            "unknown transfer encoding 'x-uue'");
    refused("MIME, bad Base64",
            mime({part("text/plain", "!!!!", "Content-Transfer-Encoding: base64\n")}),
            "outside the alphabet at offset 0");
    refused("MIME, a header that is none", "Content-Type: text/plain\nnonsense\n\n" + hello,
            "without a colon");
    refused("MIME, a part that is no script",
            mime({script_part(hello), script_part("echo secret\n")}),
            "part 2 of the MIME message, at byte ");
    std::string nested = script_part(hello);
    for (int depth = 0; depth < 6; ++depth)
        nested = "Content-Type: multipart/mixed; boundary=b" + std::to_string(depth) + "\n\n--b" +
                 std::to_string(depth) + "\n" + nested + "\n--b" + std::to_string(depth) + "--";
    refused("MIME, nested too deep", nested, "nested too deep");
    refused("MIME, too many parts", mime(std::vector<std::string>(65, "\n#!/bin/sh\n")),
            "more than 64 parts");
    return all;
}

class Corpus : public ::testing::TestWithParam<Sample> {};

TEST_P(Corpus, IsTakenForWhatItIs) {
    const Sample& sample = GetParam();
    const Result<UserData> data = read_user_data(sample.bytes);
    if (!sample.refusal.empty()) {
        ASSERT_FALSE(data) << "it was taken";
        EXPECT_THAT(data.error().message, HasSubstr(sample.refusal));
        EXPECT_THAT(data.error().message, Not(HasSubstr("secret"))) << "it is never quoted";
        return;
    }
    ASSERT_TRUE(data) << data.error().message;
    std::vector<std::string> scripts;
    for (const UserData::Script& script : data->scripts) scripts.push_back(script.bytes);
    EXPECT_EQ(scripts, sample.scripts);
    EXPECT_EQ(data->for_cloud_init, sample.for_cloud_init);
    EXPECT_EQ(data->document.empty(), sample.for_cloud_init.empty());
    if (sample.note.empty())
        EXPECT_THAT(data->notes, IsEmpty());
    else
        EXPECT_THAT(data->notes.back(), HasSubstr(sample.note));
}

std::string name_of(const ::testing::TestParamInfo<Sample>& info) {
    std::string name = std::to_string(info.index) + "_";
    for (const char c : info.param.name)
        name +=
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
    return name;
}

INSTANTIATE_TEST_SUITE_P(Good, Corpus, ::testing::ValuesIn(good()), name_of);
INSTANTIATE_TEST_SUITE_P(ForCloudInit, Corpus, ::testing::ValuesIn(for_cloud_init()), name_of);
INSTANTIATE_TEST_SUITE_P(Bad, Corpus, ::testing::ValuesIn(bad()), name_of);

TEST(UserDataLimits, AreTheHostsOwn) {
    const std::string script = "#!/bin/sh\n" + std::string(20'000, '#');
    EXPECT_FALSE(read_user_data(script));
    EXPECT_TRUE(read_user_data(script, {.bytes = 32768}));
    EXPECT_TRUE(read_user_data(gzipped(script)));
    EXPECT_FALSE(read_user_data(gzipped(script), {.unpacked = 20'000}));
    EXPECT_TRUE(read_user_data("#!/bin/sh\n" + std::string(16374, '#')))
        << "16 KiB and not one more";
}

TEST(UserDataLimits, IsNeverQuoted) {
    for (const std::string text : {"echo s3cret", "#!s3cret\n", "#!/bin/s3cret/\n", "s3cret=="})
        EXPECT_THAT(read_user_data(text).error().message, Not(HasSubstr("s3cret"))) << text;
}

TEST(UserDataParts, AreCalledAsTheirMessageCallsThem) {
    const auto data =
        read_user_data(mime({part("text/x-shellscript", hello,
                                  "Content-Disposition: attachment; filename=\"one.sh\"\n"),
                             part("text/x-shellscript; name=two.sh", hello)}));
    ASSERT_TRUE(data);
    EXPECT_EQ(data->scripts[0].name, "one.sh");
    EXPECT_EQ(data->scripts[1].name, "two.sh");
}

TEST(SplitMime, SaysWhereEachPartBegins) {
    const std::string message = mime({script_part(hello), script_part("#!/bin/bash\n")});
    const auto parts = split_mime(message);
    ASSERT_TRUE(parts);
    ASSERT_EQ(parts->size(), 2u);
    EXPECT_EQ((*parts)[0].type, "text/x-shellscript");
    for (const MimePart& one : *parts)
        EXPECT_TRUE(message.substr(one.offset).starts_with("Content-Type: text/x-shellscript"));
}

}  // namespace
}  // namespace metalwright::cloudinit
