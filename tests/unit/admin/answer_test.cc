#include "proxy/admin/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace pgconcord::admin {
namespace {

using testing::HasSubstr;

Sources sources(Health health = {}) {
  return {.exposition = [] { return std::string("# TYPE x gauge\nx 1\n"); },
          .health = [health] { return health; },
          .version_json = R"({"version":"0.1.0"})",
          .violations = [] { return std::vector<metrics::IncidentGroup>{}; },
          .policies = [] { return std::vector<PolicyEffect>{}; },
          .version = "0.1.0",
          .mode = [] { return std::string("observe"); }};
}

TEST(Answer, MetricsAreInTheTextFormatOfPrometheus) {
  const Answer metrics = answer("GET", "/metrics", sources());
  EXPECT_EQ(metrics.status, 200);
  EXPECT_EQ(metrics.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(metrics.body, "# TYPE x gauge\nx 1\n");
}

TEST(Answer, ProbesAreOkWhileTheirConditionHolds) {
  for (const char* path : {"/healthz", "/readyz"}) {
    const Answer probe = answer("GET", path, sources());
    EXPECT_EQ(probe.status, 200) << path;
    EXPECT_EQ(probe.body, "ok\n") << path;
  }
}

TEST(Answer, AProbeThatFailsSaysWhy) {
  const Sources hung = sources({.live = {false, "event loop 1 has not stirred for 12 s"}});
  EXPECT_EQ(answer("GET", "/healthz", hung).status, 503);
  EXPECT_EQ(answer("GET", "/healthz", hung).body, "event loop 1 has not stirred for 12 s\n");
  EXPECT_EQ(answer("GET", "/readyz", hung).status, 200);

  const Sources draining = sources({.ready = {false, "draining"}});
  EXPECT_EQ(answer("GET", "/readyz", draining).status, 503);
  EXPECT_EQ(answer("GET", "/readyz", draining).body, "draining\n");
  EXPECT_EQ(answer("GET", "/healthz", draining).status, 200);
}

TEST(Answer, MetricsAreAnsweredWhileUnhealthy) {
  const Sources sick = sources({.live = {false, "hangs"}, .ready = {false, "no upstream"}});
  EXPECT_EQ(answer("GET", "/metrics", sick).status, 200);
}

TEST(Answer, VersionIsWhatWasGiven) {
  const Answer version = answer("GET", "/version", sources());
  EXPECT_EQ(version.content_type, "application/json");
  EXPECT_EQ(nlohmann::json::parse(version.body).at("version"), "0.1.0");
}

TEST(Answer, ThePageLinksTheOthers) {
  const Answer page = answer("GET", "/", sources());
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  for (const char* link : {"metrics", "healthz", "readyz", "version"}) {
    EXPECT_THAT(page.body, HasSubstr("href=\"" + std::string(link) + "\""));
    EXPECT_EQ(answer("GET", "/" + std::string(link), sources()).status, 200) << link;
  }
}

TEST(Answer, OtherPathsAreNotFound) {
  for (const char* path : {"", "/x", "/metrics/", "/Metrics", "//", "/api/v1/violation",
                           "/../etc/passwd", "metrics", "/metrics\n"}) {
    const Answer missing = answer("GET", path, sources());
    EXPECT_EQ(missing.status, 404) << path;
    EXPECT_EQ(missing.content_type, "application/json");
    EXPECT_TRUE(nlohmann::json::parse(missing.body).contains("error"));
  }
}

TEST(Answer, WhatIsReadOnlyTakesNoOtherMethod) {
  for (const char* path : {"/", "/live", "/metrics", "/healthz", "/readyz", "/version",
                           "/api/v1/violations", "/api/v1/policies", "/api/v1/suggestions"}) {
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get"}) {
      const Answer refused = answer(method, path, sources());
      EXPECT_EQ(refused.status, 405) << method << ' ' << path;
      EXPECT_EQ(refused.allow, "GET, HEAD");
    }
    EXPECT_EQ(answer("HEAD", path, sources()).status, 200) << path;
  }
}

TEST(Answer, ReloadOverHttpIsForbiddenAndSaysWhatWorks) {
  const Answer refused = answer("POST", "/api/v1/reload", sources());
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(nlohmann::json::parse(refused.body).at("error").get<std::string>(),
              HasSubstr("SIGHUP"));
  EXPECT_EQ(answer("GET", "/api/v1/reload", sources()).status, 405);
  EXPECT_EQ(answer("GET", "/api/v1/reload", sources()).allow, "POST");
}

}  // namespace
}  // namespace pgconcord::admin
