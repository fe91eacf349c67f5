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
          .mode = [] { return std::string("observe"); },
          .sessions = [] { return std::vector<metrics::SessionFacts>{}; },
          .configuration = [] { return std::string(R"({"mode": "observe"})"); },
          .explain = [](const ExplainRequest& request) -> tl::expected<Explained, std::string> {
            return Explained{{request.sql, "", {}}};
          },
          .token = [] { return std::shared_ptr<const policies::Token>(); }};
}

constexpr const char* kSecret = "0123456789abcdef";

Sources guarded() {
  Sources from = sources();
  from.token = [] {
    return std::make_shared<const policies::Token>(policies::Token{kSecret, "", false});
  };
  from.reload = from.drain = [] { return policies::Change(policies::InForce{.generation = 2}); };
  from.set_mode = [](const std::string& policy, policies::Mode mode) {
    EXPECT_EQ(mode, policies::Mode::Observe);
    if (policy == "known") return policies::Change(policies::InForce{.generation = 3});
    return policies::Change(tl::unexpected(policies::ChangeRefusal{
        policies::Obstacle::NoSuchPolicy, "there is no policy of that name", "", {}}));
  };
  return from;
}

constexpr auto kChanges = {"/api/v1/reload", "/api/v1/drain", "/api/v1/policies/known/mode"};

std::string text_at(const Answer& answer, const char* name) {
  return nlohmann::json::parse(answer.body).at(name).get<std::string>();
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
  for (const char* path :
       {"/", "/live", "/metrics", "/healthz", "/readyz", "/version", "/api/v1/violations",
        "/api/v1/policies", "/api/v1/suggestions", "/api/v1/sessions", "/api/v1/config"}) {
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get"}) {
      const Answer refused = answer(method, path, sources());
      EXPECT_EQ(refused.status, 405) << method << ' ' << path;
      EXPECT_EQ(refused.allow, "GET, HEAD");
    }
    EXPECT_EQ(answer("HEAD", path, sources()).status, 200) << path;
  }
}

TEST(Answer, ChangesWithoutATokenFileAreForbiddenWhateverIsShown) {
  for (const char* path : kChanges) {
    const Answer refused = answer({"POST", path, "Bearer 0123456789abcdef"}, sources());
    EXPECT_EQ(refused.status, 403) << path;
    EXPECT_THAT(text_at(refused, "error"), HasSubstr("admin.token_file"));
    EXPECT_THAT(text_at(refused, "error"), HasSubstr("SIG"));
    EXPECT_EQ(answer("GET", path, sources()).status, 405);
  }
}

TEST(Answer, ChangesNeedTheTokenWholeAndAsABearer) {
  for (const char* shown :
       {"", "Bearer", "Bearer ", "Bearer 0123456789abcdeX", "Bearer 0123456789abcde",
        "Bearer 0123456789abcdef0", "0123456789abcdef", "Basic 0123456789abcdef"}) {
    for (const char* path : kChanges) {
      const Answer refused = answer({"POST", path, shown}, guarded());
      EXPECT_EQ(refused.status, 401) << shown;
      EXPECT_THAT(refused.challenge, HasSubstr("Bearer"));
      EXPECT_THAT(refused.body, testing::Not(HasSubstr(kSecret)));
    }
  }
}

TEST(Answer, WithTheTokenTheyAreDone) {
  for (const char* shown : {"Bearer 0123456789abcdef", "bearer  0123456789abcdef"}) {
    EXPECT_EQ(answer({"POST", "/api/v1/reload", shown}, guarded()).status, 200);
    EXPECT_EQ(answer({"POST", "/api/v1/drain", shown}, guarded()).status, 200);
    const Request mode{"POST", "/api/v1/policies/known/mode", shown, "application/json",
                       R"({"mode": "observe"})"};
    EXPECT_EQ(nlohmann::json::parse(answer(mode, guarded()).body).at("generation"), 3);
  }
}

TEST(Answer, AChangeThatIsNotDoneSaysWhy) {
  const std::string shown = "Bearer 0123456789abcdef";
  const auto set = [&](std::string_view path, std::string_view body) {
    return answer({"POST", path, shown, "application/json", body}, guarded());
  };
  EXPECT_EQ(set("/api/v1/policies/unknown/mode", R"({"mode": "observe"})").status, 404);
  for (const char* body : {"", "{}", "[", R"({"mode": 1})"}) {
    EXPECT_EQ(set("/api/v1/policies/known/mode", body).status, 400) << body;
  }
  EXPECT_EQ(set("/api/v1/policies/known/mode", R"({"mode": "on"})").status, 422);
  for (const char* path : {"/api/v1/policies//mode", "/api/v1/policies/a/b/mode",
                           "/api/v1/policies/mode", "/api/v1/policies/a/modes"}) {
    EXPECT_EQ(set(path, "{}").status, 404) << path;
  }
  Sources broken = guarded();
  broken.reload = [] {
    return policies::Change(tl::unexpected(policies::ChangeRefusal{
        policies::Obstacle::Invalid,
        "the configuration has errors",
        "see `check`",
        {policies::ConfigError{"f.yaml", 3, 5, "mode", "bad", "good", "secret source line"}}}));
  };
  const Answer refused = answer({"POST", "/api/v1/reload", shown}, broken);
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(nlohmann::json::parse(refused.body).at("errors")[0].at("line"), 3);
  EXPECT_THAT(refused.body, testing::Not(HasSubstr("secret source line")));
}

TEST(Answer, ExplainIsOpenToAllAndAnswersAFormWithThePage) {
  const Answer json = answer({"POST", "/api/v1/explain", "", "text/plain", "SELECT 1"}, sources());
  EXPECT_EQ(json.content_type, "application/json");
  EXPECT_EQ(nlohmann::json::parse(json.body).at("statements")[0].at("original"), "SELECT 1");
  const Answer form = answer(
      {"POST", "/api/v1/explain", "", "application/x-www-form-urlencoded", "sql=<b>"}, sources());
  EXPECT_EQ(form.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(form.body, HasSubstr("&lt;b&gt;"));
  EXPECT_THAT(form.body, testing::Not(HasSubstr("<b>&")));
  EXPECT_THAT(form.body, HasSubstr("<base href=\"../../\">"));
  EXPECT_EQ(answer("POST", "/api/v1/explain", sources()).status, 400);
  EXPECT_EQ(answer("GET", "/api/v1/explain", sources()).status, 405);
}

TEST(Answer, SessionsAreListedWithoutAddresses) {
  Sources from = sources();
  from.sessions = [] {
    metrics::SessionFacts session;
    session.id = 7;
    session.user = "app\xFF<";
    session.state = metrics::SessionState::InTransaction;
    return std::vector{session};
  };
  const auto each =
      nlohmann::json::parse(answer("GET", "/api/v1/sessions", from).body).at("sessions")[0];
  EXPECT_EQ(each.at("state"), "idle in transaction");
  EXPECT_FALSE(each.contains("client"));
  EXPECT_THAT(answer("GET", "/", from).body, HasSubstr("&lt;</td>"));
}

TEST(Answer, OnlyWhatTakesABodyHasItRead) {
  const std::string shown = "Bearer " + std::string(kSecret);
  EXPECT_TRUE(takes_body({"POST", "/api/v1/explain"}, sources()));
  EXPECT_TRUE(takes_body({"POST", "/api/v1/policies/p/mode", shown}, guarded()));
  EXPECT_FALSE(takes_body({"POST", "/api/v1/policies/p/mode", "Bearer x"}, guarded()));
  EXPECT_FALSE(takes_body({"POST", "/api/v1/policies/p/mode", shown}, sources()));
  EXPECT_FALSE(takes_body({"POST", "/api/v1/reload", shown}, guarded()));
  EXPECT_FALSE(takes_body({"GET", "/api/v1/explain"}, sources()));
  EXPECT_FALSE(takes_body({"POST", "/metrics"}, guarded()));
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
