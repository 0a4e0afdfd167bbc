#include "agent/api/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace metalwright::agent::api {
namespace {

using testing::HasSubstr;

TEST(Metrics, AStatusIsToldAsMetrics) {
    const std::string status = R"({"host":"h-1","state":"running","generation":7,"restored":2,
      "reportsWaiting":3,"links":[{"name":"link","documents":{"code":"io"},"reports":null},
      {"name":"file","documents":null,"reports":null}],"locked":null,"items":[{"item":"a","outcome":"failed"}],"arrays":[
      {"name":"da\"ta","health":"recovering","degraded":1,"sync":{"percent":12.5}},
      {"name":"more","health":"failed","degraded":2,"sync":null}],
      "controllers":[{"id":"storcli64/c0","health":"attention","volumes":[
        {"name":"v","state":"degraded",
         "task":{"action":"initialization","percent":4,"timeLeft":""}}],"drives":[{"state":"bad"}]}]})";
    const auto told = metrics_text(status);
    ASSERT_TRUE(told) << describe(told.error());
    for (const char* line : {
             "# TYPE metalwright_state gauge\n",
             "metalwright_state{state=\"running\"} 1\n",
             "metalwright_state{state=\"failed\"} 0\n",
             "metalwright_generation 7\n",
             "metalwright_locked 0\n",
             "metalwright_items_failed 1\n",
             "# TYPE metalwright_restored_total counter\nmetalwright_restored_total 2\n",
             "metalwright_reports_waiting 3\n",
             "metalwright_link_well{link=\"link\"} 0\n",
             "metalwright_link_well{link=\"file\"} 1\n",
             "metalwright_array_healthy{array=\"da\\\"ta\"} 1\n",
             "metalwright_array_healthy{array=\"more\"} 0\n",
             "metalwright_array_missing_members{array=\"more\"} 2\n",
             "metalwright_array_sync_percent{array=\"da\\\"ta\"} 12.5\n",
             "metalwright_controller_healthy{controller=\"storcli64/c0\"} 0\n",
             "metalwright_volume_healthy{controller=\"storcli64/c0\",volume=\"v\"} 0\n",
             "metalwright_volume_task_percent{controller=\"storcli64/c0\",volume=\"v\","
             "action=\"initialization\"} 4\n",
             "metalwright_drives_out_of_order{controller=\"storcli64/c0\"} 1\n",
         })
        EXPECT_THAT(*told, HasSubstr(line));
    EXPECT_THAT(*told, testing::Not(HasSubstr("sync_percent{array=\"more\"}")));
    EXPECT_THAT(metrics_text("no status").value(), HasSubstr("metalwright_locked 0\n"));
}

}  // namespace
}  // namespace metalwright::agent::api
