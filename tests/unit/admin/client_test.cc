#include "proxy/admin/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pgconcord::admin {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Client, ReadsUrls) {
  struct Case {
    const char* url;
    const char* host;
    int port;
  };
  for (const Case& good : {Case{"http://127.0.0.1:9732", "127.0.0.1", 9732},
                           {"http://127.0.0.1:9732/", "127.0.0.1", 9732},
                           {"127.0.0.1:80", "127.0.0.1", 80},
                           {"localhost", "localhost", 9732},
                           {"http://proxy.example", "proxy.example", 9732},
                           {"http://[::1]:65535", "::1", 65535},
                           {"[fe80::1]", "fe80::1", 9732}}) {
    const auto endpoint = parse_url(good.url);
    ASSERT_TRUE(endpoint) << good.url << ": " << endpoint.error();
    EXPECT_EQ(endpoint->host, good.host) << good.url;
    EXPECT_EQ(endpoint->port, good.port) << good.url;
  }
}

TEST(Client, RefusesOtherUrlsWithAnExample) {
  for (const char* bad :
       {"", "http://", "http://:9732", "https://127.0.0.1:9732", "ftp://host", "http://host:0",
        "http://host:65536", "http://host:", "http://host:97x", "http://host:1:2", "::1",
        "http://[::1", "http://[]:1", "http://[::1]9732", "http://host/path", "http://host?x=1",
        "http://ho st"}) {
    const auto endpoint = parse_url(bad);
    ASSERT_FALSE(endpoint) << bad;
    EXPECT_THAT(endpoint.error(), HasSubstr("http://127.0.0.1:9732")) << bad;
  }
}

TEST(Client, NeverRepeatsAPassword) {
  const auto reply = get("http://admin:secret@127.0.0.1:9732", "/version");
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error(), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace pgconcord::admin
