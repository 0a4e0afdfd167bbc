#include "agent/audit/trail.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "agent/audit/reading.hpp"

namespace metalwright::agent::audit {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t noon = 1'795'867'200'123;  // 2026-11-28T12:00:00.123Z

class AuditTrail : public testing::Test {
 protected:
    AuditTrail() {
        std::string name = fs::temp_directory_path() / "metalwright-XXXXXX";
        directory_ = ::mkdtemp(name.data());
        begin();
    }
    ~AuditTrail() override { fs::remove_all(directory_); }

    /// As a daemon that starts.
    void begin(TrailOptions options = {}) {
        options.directory = directory_;
        options.clock = [this] { return now_; };
        trail_.emplace(std::move(options));
    }
    void write(const std::string& did) { trail_->write(deed(did)); }
    static Deed deed(const std::string& did) {
        return {
            .who = {.door = "admin", .uid = 0u, .gid = 0u, .pid = 7}, .did = did, .status = 202};
    }
    static Deed strangers(const std::string& did) {
        return {.who = {.door = "admin", .uid = 1000u, .gid = 1000u, .pid = 8},
                .did = did,
                .status = 403,
                .code = "refused",
                .cheap = true};
    }

    std::vector<nlohmann::json> lines(std::size_t limit = 1000, const std::string& since = "") {
        std::vector<nlohmann::json> lines;
        const auto texts = newest(directory_, limit, since).value();
        for (const std::string& line : texts) lines.push_back(nlohmann::json::parse(line));
        return lines;
    }
    Checked checked() { return check(directory_).value(); }
    std::string text(const char* name = file_name) {
        std::ostringstream all;
        all << std::ifstream(directory_ / name).rdbuf();
        return all.str();
    }
    void put(const std::string& text, const char* name = file_name) {
        std::ofstream(directory_ / name, std::ios::trunc) << text;
    }

    fs::path directory_;
    std::int64_t now_ = noon;
    std::optional<Trail> trail_;
};

TEST_F(AuditTrail, ALineSaysWhoDidWhatWhenAndHowItEnded) {
    Deed deed = this->deed("POST /v1/apply");
    deed.operation = 7;
    deed.generation = 3;
    deed.instance = "i-1";
    trail_->write(deed);
    trail_->write({.who = {.door = "tcp", .vendor = "baidu", .key = "AK1", .address = "192.0.2.1"},
                   .did = "POST /v1/eip",
                   .status = 409,
                   .code = "conflict"});
    const auto all = lines();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0]["n"], 1);
    EXPECT_EQ(all[0]["at"], "2026-11-28T12:00:00.123Z");
    EXPECT_EQ(all[0]["who"].dump(), R"({"door":"admin","gid":0,"pid":7,"uid":0})");
    EXPECT_EQ(all[0]["did"], "POST /v1/apply");
    EXPECT_EQ(all[0]["status"], 202);
    EXPECT_EQ(all[0]["operation"], 7);
    EXPECT_EQ(all[0]["generation"], 3);
    EXPECT_EQ(all[0]["instance"], "i-1");
    EXPECT_EQ(all[1]["who"].dump(),
              R"({"address":"192.0.2.1","door":"tcp","key":"AK1","vendor":"baidu"})");
    EXPECT_EQ(all[1]["code"], "conflict");
    EXPECT_EQ(checked().misfit, std::nullopt);
    EXPECT_EQ(checked().lines, 2);
    EXPECT_EQ(all[1]["chain"], checked().chain);
}

TEST_F(AuditTrail, ItIsRootsAloneToRead) {
    put("");
    fs::permissions(directory_ / file_name, fs::perms::all);
    write("a");
    struct stat found{};
    ASSERT_EQ(::stat((directory_ / file_name).c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0600u);
}

TEST_F(AuditTrail, ALinkToAnothersFileIsNotFollowed) {
    put("mine", "other");
    fs::create_symlink(directory_ / "other", directory_ / file_name);
    write("a");
    EXPECT_EQ(text("other"), "mine");
}

TEST_F(AuditTrail, AStartGoesOnFromTheLastLine) {
    write("a");
    begin();
    write("b");
    EXPECT_EQ(lines().at(1)["n"], 2);
    EXPECT_EQ(checked().misfit, std::nullopt);
    EXPECT_EQ(checked().lines, 2);
}

TEST_F(AuditTrail, ALineThatWasChangedIsNoticed) {
    for (const char* did : {"a", "b", "c"}) write(did);
    std::string all = text();
    all.replace(all.find(R"("did":"b")"), 9, R"("did":"x")");
    put(all);
    ASSERT_TRUE(checked().misfit);
    EXPECT_EQ(checked().misfit->file, "audit.jsonl");
    EXPECT_EQ(checked().misfit->line, 2);
    EXPECT_EQ(checked().lines, 1) << "up to there it is whole";
}

TEST_F(AuditTrail, ALineThatWasTakenOutIsNoticed) {
    for (const char* did : {"a", "b", "c"}) write(did);
    const std::string all = text();
    const std::size_t first = all.find('\n') + 1;
    const std::size_t second = all.find('\n', first) + 1;
    put(all.substr(0, first) + all.substr(second));
    ASSERT_TRUE(checked().misfit);
    EXPECT_EQ(checked().misfit->line, 2);
    EXPECT_THAT(checked().misfit->what, HasSubstr("number 3, and 2 was due"));
    put(all.substr(first));
    ASSERT_TRUE(checked().misfit) << "the first one";
    EXPECT_EQ(checked().misfit->line, 1);
}

TEST_F(AuditTrail, ALineThatBecameRubbishIsNoticed) {
    for (const char* did : {"a", "b", "c"}) write(did);
    std::string all = text();
    const std::size_t second = all.find('\n') + 1;
    all[second] = 'x';
    put(all);
    ASSERT_TRUE(checked().misfit);
    EXPECT_EQ(checked().misfit->line, 2);
    EXPECT_EQ(lines().size(), 2u) << "what is there is shown all the same";
}

TEST_F(AuditTrail, TheChainGoesOnOverTheNextFile) {
    begin({.most_bytes = 2000});
    for (int i = 0; i < 30; ++i) write("request " + std::to_string(i));
    EXPECT_LT(fs::file_size(directory_ / file_name), 2400u);
    EXPECT_LT(fs::file_size(directory_ / former_name), 2400u);
    EXPECT_EQ(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()), 2);
    const Checked whole = checked();
    EXPECT_EQ(whole.misfit, std::nullopt) << whole.misfit->what;
    EXPECT_GT(whole.from, 1) << "what was before is gone, as it is meant to be";
    EXPECT_EQ(whole.to, 30);
    const auto all = lines();
    EXPECT_EQ(all.size(), static_cast<std::size_t>(whole.lines));
    EXPECT_EQ(all.back()["did"], "request 29");

    fs::remove(directory_ / former_name);
    ASSERT_TRUE(checked().misfit) << "the former file was taken away";
    EXPECT_THAT(checked().misfit->what, HasSubstr("lines before it are gone"));
}

TEST_F(AuditTrail, AnEndOfTheFormerFileThatWasCutOffIsNoticed) {
    begin({.most_bytes = 2000});
    for (int i = 0; i < 15; ++i) write("request " + std::to_string(i));
    std::string former = text(former_name);
    former.erase(former.rfind('\n', former.size() - 2) + 1);
    put(former, former_name);
    ASSERT_TRUE(checked().misfit);
    EXPECT_EQ(checked().misfit->file, "audit.jsonl");
    EXPECT_EQ(checked().misfit->line, 1);
}

TEST_F(AuditTrail, AStartRightAfterTheFileBecameTheFormerOneGoesOn) {
    write("a");
    fs::rename(directory_ / file_name, directory_ / former_name);
    begin();
    write("b");
    EXPECT_EQ(checked().misfit, std::nullopt);
    EXPECT_EQ(checked().to, 2);
}

TEST_F(AuditTrail, AFullDiskIsToldByTheNextLineThatCanBeWritten) {
    bool full = false;
    begin({.write = [&](int fd, const char* data, std::size_t size) -> ssize_t {
        if (!full) return ::write(fd, data, size);
        errno = ENOSPC;
        return -1;
    }});
    write("a");
    full = true;
    write("lost");
    write("lost too");
    full = false;
    write("b");
    write("c");
    const auto all = lines();
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[1]["missing"], 2);
    EXPECT_FALSE(all[2].contains("missing")) << "it is said once";
    EXPECT_EQ(checked().misfit, std::nullopt);
    EXPECT_EQ(checked().missing, 2);
}

TEST_F(AuditTrail, ALineThatWasCutOffIsToldAndTheChainGoesOn) {
    bool full = false;
    begin({.write = [&](int fd, const char* data, std::size_t size) {
        return ::write(fd, data, full ? size / 2 : size);
    }});
    write("a");
    full = true;
    write("half");
    full = false;
    write("b");
    EXPECT_EQ(checked().misfit, std::nullopt) << checked().misfit->what;
    EXPECT_EQ(checked().torn, 1);
    EXPECT_EQ(checked().missing, 1);
    EXPECT_EQ(checked().lines, 2);

    // A loss of power does the same.
    std::ofstream(directory_ / file_name, std::ios::app) << R"({"n":3,"at":"20)";
    EXPECT_EQ(checked().misfit, std::nullopt) << "it may be on its way just now";
    begin();
    write("c");
    EXPECT_EQ(checked().misfit, std::nullopt) << checked().misfit->what;
    EXPECT_EQ(checked().torn, 2);
    EXPECT_EQ(lines().back()["n"], 3);
}

TEST_F(AuditTrail, ThoseWhoMayNothingCannotPushOutTheOthers) {
    write("a");
    for (int i = 0; i < 100; ++i) trail_->write(strangers("POST /v1/apply"));
    write("b");
    auto all = lines();
    EXPECT_EQ(all.size(), 62u);
    EXPECT_EQ(all.back()["did"], "b") << "root's are written all the same";
    EXPECT_EQ(all.back()["leftOut"], 40);
    EXPECT_EQ(checked().left_out, 40);
    now_ += 3'600'000;
    trail_->write(strangers("POST /v1/apply"));
    EXPECT_EQ(lines().size(), 63u) << "an hour later there is room for them again";
}

TEST_F(AuditTrail, AStrangersWordsStayOnTheirLineAndAreShort) {
    trail_->write(strangers("POST /\n{\"n\":2}\xff" + std::string(100'000, 'x')));
    const auto all = lines();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_LT(text().size(), 1000u);
    EXPECT_THAT(all[0]["did"].get<std::string>(), HasSubstr("{\"n\":2}"));
    EXPECT_EQ(checked().misfit, std::nullopt);
}

TEST_F(AuditTrail, ManyAtOnceAreWrittenOneAfterTheOther) {
    begin({.write = [](int fd, const char* data, std::size_t size) {
        std::this_thread::sleep_for(std::chrono::microseconds(100));  // the others are let in
        return ::write(fd, data, size);
    }});
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 4; ++writer)
        writers.emplace_back([this, writer] {
            for (int i = 0; i < 50; ++i) write(std::to_string(writer) + ' ' + std::to_string(i));
        });
    for (std::thread& writer : writers) writer.join();
    EXPECT_EQ(checked().misfit, std::nullopt);
    EXPECT_EQ(checked().lines, 200);
    std::vector<int> next(4, 0);
    for (const auto& line : lines()) {
        std::istringstream did(line["did"].get<std::string>());
        std::size_t writer = 0;
        int i = 0;
        did >> writer >> i;
        EXPECT_EQ(i, next.at(writer)++);
    }
}

TEST_F(AuditTrail, TheNewestAreShownLastAndNoneThatIsOlderThanAsked) {
    for (const char* did : {"a", "b", "c"}) {
        write(did);
        now_ += 60'000;
    }
    ASSERT_EQ(lines(2).size(), 2u);
    EXPECT_EQ(lines(2).front()["did"], "b");
    EXPECT_EQ(lines(9, "2026-11-28T12:02").size(), 1u);
    EXPECT_EQ(lines(9, "2026-11-28").size(), 3u);
    EXPECT_EQ(lines(9, "2026-11-29").size(), 0u);
}

TEST_F(AuditTrail, WhereNobodyHasAskedThereIsNothing) {
    EXPECT_TRUE(lines().empty());
    EXPECT_EQ(checked().misfit, std::nullopt);
    EXPECT_EQ(newest_json({}), R"({"lines":[]})");
    EXPECT_THAT(check_json(checked()), HasSubstr(R"("whole":true)"));
    EXPECT_THAT(check_json(checked()), Not(HasSubstr("what")));
}

}  // namespace
}  // namespace metalwright::agent::audit
