#include "agent/api/status.hpp"

#include <gtest/gtest.h>

namespace metalwright::agent::api {
namespace {

TEST(Status, EveryErrorHasItsNumber) {
    EXPECT_EQ(http_status(Errc::no_space), 507u);
    EXPECT_EQ(http_status(Errc::invalid_spec), 400u);
    EXPECT_EQ(http_status(Errc::not_found), 404u);
    EXPECT_EQ(http_status(Errc::conflict), 409u);
    EXPECT_EQ(http_status(Errc::refused), 409u);
    EXPECT_EQ(http_status(Errc::unsupported), 422u);
    EXPECT_EQ(http_status(Errc::busy), 503u);
    EXPECT_EQ(http_status(Errc::unavailable), 503u);
    EXPECT_EQ(http_status(Errc::timed_out), 504u);
    for (const Errc ours : {Errc::io, Errc::internal, Errc::command_failed, Errc::kernel_refused}) {
        EXPECT_EQ(http_status(ours), 500u);
    }
}

TEST(Status, TellsAllErrorsInOrderWithTheStatusOfTheFirst) {
    const Response response = error_response(Errors{{Errc::conflict, "other content", ""},
                                                    {Errc::invalid_spec, "no \"id\"", "/host/id"}});
    EXPECT_EQ(response.status, 409u);
    EXPECT_EQ(response.type, "application/problem+json");
    EXPECT_EQ(response.body,
              R"({"type":"about:blank","title":"Conflict","status":409,"detail":"other content",)"
              R"("errors":[{"code":"conflict","message":"other content","where":""},)"
              R"({"code":"invalid_spec","message":"no \"id\"","where":"/host/id",)"
              R"("pointer":"#/host/id"}]})");
}

TEST(Status, APathIsNoPointerIntoTheDocument) {
    const Response response = error_response({Errc::refused, "in use", "/dev/vdb"});
    EXPECT_EQ(response.body.find("pointer"), std::string::npos) << response.body;
}

TEST(Status, SurvivesTextThatIsNotUtf8) {
    const Response response = error_response({Errc::command_failed, "mkfs: \xff\xfe"});
    EXPECT_EQ(response.status, 500u);
    EXPECT_NE(response.body.find("mkfs: \xef\xbf\xbd"), std::string::npos);
}

}  // namespace
}  // namespace metalwright::agent::api
