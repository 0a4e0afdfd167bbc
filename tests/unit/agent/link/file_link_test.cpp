#include "agent/link/file_link.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/fakes/fake_desk.hpp"
#include "tests/unit/agent/link/threads.hpp"

namespace metalwright::agent::link {
namespace {

namespace fs = std::filesystem;
const std::string accepted =
    R"({"operation":1,"generation":1,"instance":"i-1","repeated":false,"finished":false})"
    "\n";

class FileLinkTest : public testing::Test {
 protected:
    FileLinkTest() : box_(dir_.path() / "box") {
        fs::create_directory(box_);
        fs::permissions(box_, fs::perms::owner_all);
    }
    ~FileLinkTest() override {
        stop();
        threads_.end();
    }
    void start(bool reports = false) {
        threads_.on_io([&] {
            link_ = std::make_unique<FileLink>(threads_.io, threads_.pool, desk_, files_,
                                               FileOptions{.directory = box_,
                                                           .reports = reports,
                                                           .batch = 3,
                                                           .again = std::chrono::milliseconds(10)});
            link_->start();
        });
        threads_
            .settle();  // what lies there has been looked at; from here on it hears of each file
    }
    void stop() {
        threads_.on_io([&] { link_.reset(); });
    }
    void write(const fs::path& path, const std::string& content) { std::ofstream(path) << content; }
    /// As a careful sender does.
    void drop(const std::string& name, const std::string& content) {
        write(dir_.path() / "new", content);
        fs::rename(dir_.path() / "new", box_ / name);
    }
    std::string read(const fs::path& path) {
        std::stringstream text;
        text << std::ifstream(path).rdbuf();
        return text.str();
    }
    bool appears(const std::string& name) {
        return eventually([&] { return fs::exists(box_ / name); });
    }

    TempDir dir_;
    fs::path box_;
    FakeDesk desk_;
    sys::PosixFiles files_;
    Threads threads_;
    std::unique_ptr<FileLink> link_;
};

TEST_F(FileLinkTest, ADocumentRenamedIntoItIsTakenAndAnswered) {
    start();
    drop("order.json", R"({"a":1})");
    ASSERT_TRUE(appears("order.json.result"));
    EXPECT_EQ(read(box_ / "order.json.result"), accepted);
    EXPECT_EQ(fs::status(box_ / "order.json.result").permissions(), static_cast<fs::perms>(0600));
    ASSERT_EQ(desk_.submissions().size(), 1u);
    EXPECT_EQ(desk_.submissions()[0].source, "file");
    EXPECT_EQ(desk_.submissions()[0].document, R"({"a":1})");
    EXPECT_FALSE(desk_.submissions()[0].generation);
}

TEST_F(FileLinkTest, OneWrittenInPlaceIsTakenWhenItIsClosed) {
    start();
    write(box_ / "order.json", R"({"a":1})");
    ASSERT_TRUE(appears("order.json.result"));
    EXPECT_EQ(read(box_ / "order.json.result"), accepted);
}

TEST_F(FileLinkTest, TheSignatureBesideItIsHandedOverWithIt) {
    start();
    drop("order.json.jws", "aGVhZGVy..c2ln\n");
    drop("order.json", R"({"a":1})");
    drop("other.json", R"({"a":2})");
    ASSERT_TRUE(appears("other.json.result"));
    const auto submissions = desk_.submissions();
    ASSERT_EQ(submissions.size(), 2u) << "a signature is no document";
    EXPECT_EQ(submissions[0].signature, "aGVhZGVy..c2ln") << "without the newline of the file";
    EXPECT_EQ(submissions[0].document, R"({"a":1})");
    EXPECT_FALSE(submissions[1].signature);
}

TEST_F(FileLinkTest, ASignatureThatCannotBeReadIsNotNone) {
    fs::create_directory(box_ / "order.json.jws");
    start();
    drop("order.json", R"({"a":1})");
    ASSERT_TRUE(appears("order.json.result"));
    EXPECT_NE(read(box_ / "order.json.result").find("order.json.jws"), std::string::npos);
    EXPECT_TRUE(desk_.submissions().empty());
}

TEST_F(FileLinkTest, ErrorsAreWrittenBesideIt) {
    desk_.refuse({{Errc::invalid_spec, "missing", "/host/id"}});
    start();
    drop("order.json", "{}");
    ASSERT_TRUE(appears("order.json.result"));
    EXPECT_EQ(read(box_ / "order.json.result"),
              R"({"errors":[{"code":"invalid_spec","message":"missing","where":"/host/id"}]})"
              "\n");
    ASSERT_TRUE(eventually([&] { return !link_->status().refused.empty(); }));
}

TEST_F(FileLinkTest, WhatLiesThereAtTheStartIsReadOnceOldestFirst) {
    write(box_ / "b.json", R"({"first":1})");
    write(box_ / "a.json", R"({"second":1})");
    fs::last_write_time(box_ / "b.json",
                        fs::last_write_time(box_ / "a.json") - std::chrono::hours(1));
    start();
    ASSERT_TRUE(appears("a.json.result"));
    ASSERT_EQ(desk_.submissions().size(), 2u);
    EXPECT_EQ(desk_.submissions()[0].document, R"({"first":1})");
    stop();
    start();
    ASSERT_TRUE(eventually([&] { return desk_.submissions().size() == 4; }));
    ASSERT_TRUE(eventually([&] {
        return read(box_ / "a.json.result").find("\"repeated\":true") != std::string::npos;
    }));
}

TEST_F(FileLinkTest, OtherNamesAreLeftAlone) {
    start();
    drop(".hidden.json", "{}");
    drop("order.json.tmp", "{}");
    drop("README", "{}");
    fs::create_directory(box_ / "subdir.json");  // no file: told, and does not block the next
    drop("order.json", "{}");
    ASSERT_TRUE(appears("order.json.result"));
    EXPECT_EQ(desk_.submissions().size(), 1u);
}

TEST_F(FileLinkTest, ATooLargeOrUnreadableOneIsAnswered) {
    start();
    drop("large.json", std::string((1 << 20) + 1, ' '));
    ASSERT_TRUE(appears("large.json.result"));
    EXPECT_NE(read(box_ / "large.json.result").find("is larger than 1048576 bytes"),
              std::string::npos);
    fs::create_directory(dir_.path() / "new");
    fs::rename(dir_.path() / "new", box_ / "dir.json");
    ASSERT_TRUE(appears("dir.json.result"));
    drop("order.json", "{}");
    ASSERT_TRUE(appears("order.json.result"));
    EXPECT_EQ(desk_.submissions().size(), 1u);
}

TEST_F(FileLinkTest, AFullDiskIsWaitedOut) {
    desk_.refuse({{Errc::io, "no space left on device", "state.db"}});
    start();
    drop("order.json", "{}");
    ASSERT_TRUE(eventually([&] { return desk_.submissions().size() >= 3; }));
    desk_.refuse({});
    ASSERT_TRUE(eventually([&] { return read(box_ / "order.json.result") == accepted; }));
}

TEST_F(FileLinkTest, ADirectoryThatOthersMayWriteIsRefused) {
    fs::permissions(box_, static_cast<fs::perms>(0777));
    write(box_ / "order.json", "{}");
    start();
    ASSERT_TRUE(eventually([&] { return link_->status().document_error.has_value(); }));
    EXPECT_EQ(link_->status().document_error->code, Errc::refused);
    EXPECT_TRUE(desk_.submissions().empty());
    fs::permissions(box_, static_cast<fs::perms>(0700));  // and once it is right, it works
    EXPECT_TRUE(appears("order.json.result"));
}

TEST_F(FileLinkTest, ADirectoryThatIsMissingOrGoesIsWaitedFor) {
    fs::remove(box_);
    start();
    ASSERT_TRUE(eventually([&] { return link_->status().document_error.has_value(); }));
    fs::create_directory(box_);
    fs::permissions(box_, fs::perms::owner_all);
    ASSERT_TRUE(eventually([&] { return !link_->status().document_error; }));
    fs::rename(box_, dir_.path() / "moved");
    ASSERT_TRUE(eventually([&] { return link_->status().document_error.has_value(); }));
    fs::rename(dir_.path() / "moved", box_);
    drop("order.json", "{}");
    EXPECT_TRUE(appears("order.json.result"));
}

TEST_F(FileLinkTest, ReportsAreFilesBeforeTheyAreForgotten) {
    for (int i = 0; i < 7; ++i) desk_.add_report("r" + std::to_string(i));
    start(true);
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
    EXPECT_EQ(read(box_ / "reports/0000000001.json"), "{\"seq\":1,\"what\":\"r0\"}\n");
    EXPECT_EQ(read(box_ / "reports/0000000007.json"), "{\"seq\":7,\"what\":\"r6\"}\n");
    EXPECT_EQ(desk_.acknowledged(), (std::vector<std::int64_t>{3, 6, 7}));
    desk_.add_report("late");
    EXPECT_TRUE(appears("reports/0000000008.json"));
}

TEST_F(FileLinkTest, AReportThatCannotBeWrittenIsKept) {
    write(box_ / "reports", "a file where the directory should be");
    desk_.add_report();
    start(true);
    ASSERT_TRUE(eventually([&] { return link_->status().report_error.has_value(); }));
    EXPECT_EQ(desk_.outbox_size(), 1u);
    EXPECT_TRUE(desk_.acknowledged().empty());
    fs::remove(box_ / "reports");
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
    EXPECT_TRUE(fs::exists(box_ / "reports/0000000001.json"));
}

TEST_F(FileLinkTest, OnlyTheReportingLinkTouchesTheOutbox) {
    desk_.add_report();
    start(false);
    drop("order.json", "{}");
    ASSERT_TRUE(appears("order.json.result"));
    EXPECT_EQ(desk_.outbox_size(), 1u);
    EXPECT_EQ(desk_.subscribers(), 0u);
}

}  // namespace
}  // namespace metalwright::agent::link
