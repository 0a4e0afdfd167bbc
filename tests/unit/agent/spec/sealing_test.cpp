#include "agent/spec/sealing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cloudinit/base64.hpp"
#include "sys/exec.hpp"
#include "sys/files.hpp"

namespace metalwright::spec {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

/// Keys, and decryption, of the openssl program.
class Sealing : public testing::Test {
 protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "sealing-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { fs::remove_all(folder_); }

    std::string openssl(std::vector<std::string> args) {
        const sys::Command command{.program = "/usr/bin/openssl", .args = std::move(args)};
        const auto done = sys::expect_ok(exec_.run(command), command);
        EXPECT_TRUE(done) << (done ? "" : done.error().message);
        return done ? done->out : std::string();
    }
    /// The public half.
    std::string make_key(const std::vector<std::string>& kind) {
        std::vector<std::string> args{"genpkey", "-out", folder_ / "key.pem"};
        args.insert(args.end(), kind.begin(), kind.end());
        openssl(args);
        return openssl({"pkey", "-in", folder_ / "key.pem", "-pubout"});
    }
    std::string decrypt(const std::string& sealed) {
        std::ofstream(folder_ / "sealed", std::ios::binary)
            << cloudinit::decode_base64(sealed).value();
        return openssl({"pkeyutl", "-decrypt", "-inkey", folder_ / "key.pem", "-in",
                        folder_ / "sealed", "-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt",
                        "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256"});
    }

    fs::path folder_;
    sys::SpawnExec exec_;
};

TEST_F(Sealing, OnlyTheOtherHalfOpensIt) {
    const std::string key = make_key({"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"});
    EXPECT_TRUE(check_sealing_key(key));
    const auto one = seal("Wv4!pLk9-zTu", key);
    const auto two = seal("Wv4!pLk9-zTu", key);
    ASSERT_TRUE(one && two);
    EXPECT_NE(*one, *two) << "who sees both learns nothing";
    EXPECT_EQ(decrypt(*one), "Wv4!pLk9-zTu");
    EXPECT_EQ(decrypt(*two), "Wv4!pLk9-zTu");
}

TEST_F(Sealing, KeysThatWillNotDoAreToldWhy) {
    const auto says = [](const std::string& key) {
        const auto good = check_sealing_key(key);
        return good ? std::string("good") : good.error().message;
    };
    EXPECT_THAT(says(make_key({"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"})),
                HasSubstr("has 1024 bits: 2048 to 8192 are allowed"));
    EXPECT_THAT(says(make_key({"-algorithm", "ED25519"})), HasSubstr("is no RSA key"));
    EXPECT_THAT(says(sys::PosixFiles().read(folder_ / "key.pem").value()),
                HasSubstr("is a private key"));
    EXPECT_THAT(says(""), HasSubstr("is no public key"));
    EXPECT_THAT(says("-----BEGIN PUBLIC KEY-----\nAAAA\n"), HasSubstr("cannot be read"));
    EXPECT_FALSE(seal(std::string(300, 'x'), make_key({"-algorithm", "RSA"})));
}

}  // namespace
}  // namespace metalwright::spec
