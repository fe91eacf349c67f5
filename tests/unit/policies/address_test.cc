#include "policies/address.h"

#include <gtest/gtest.h>

#include <map>

#include "policies/load.h"

namespace pgconcord::policies {
namespace {

std::string addresses_of(std::string_view text) {
  const auto target = parse_upstream(text);
  if (!target) return "error: " + target.error();
  std::string all;
  for (const Address& each : target->addresses) all += (all.empty() ? "" : " ") + each.text;
  return all;
}

TEST(ParseAddress, ReadsNamesBothFamiliesAndSockets) {
  EXPECT_EQ(parse_address("db.example:5432"), (Address{"db.example", 5432, "", "db.example:5432"}));
  EXPECT_EQ(parse_address("0.0.0.0:0"), (Address{"0.0.0.0", 0, "", "0.0.0.0:0"}));
  EXPECT_EQ(parse_address("[::1]:6432"), (Address{"::1", 6432, "", "[::1]:6432"}));
  EXPECT_EQ(parse_address("[fe80::1%eth0]:1"),
            (Address{"fe80::1%eth0", 1, "", "[fe80::1%eth0]:1"}));
  EXPECT_EQ(parse_address("unix:/run/.s.PGSQL.5432"),
            (Address{"", 0, "/run/.s.PGSQL.5432", "unix:/run/.s.PGSQL.5432"}));
}

TEST(ParseAddress, RefusesWhatIsNoAddress) {
  for (const std::string text : {"",         ":",          "host",       "host:",
                                 "host:-1",  "host:+1",    "host:65536", "host:99999999999",
                                 "host:1x",  "[::1]",      "[::1]x:1",   "[]:1",
                                 "[host]:1", "::1:1",      "a b:1",      "unix:",
                                 "unix:x",   "unix:/dir/", "/dir",       "host\n:1"}) {
    EXPECT_FALSE(parse_address(text).has_value()) << text;
  }
  EXPECT_FALSE(parse_address("unix:/" + std::string(107, 'x')).has_value());
  EXPECT_TRUE(parse_address("unix:/" + std::string(106, 'x')).has_value());
}

TEST(ParseUpstream, ReadsUrls) {
  const auto target =
      parse_upstream("postgres://app:s%40cret@db.example:6000/shop?sslmode=require&x=y");
  ASSERT_TRUE(target.has_value()) << target.error();
  ASSERT_EQ(target->addresses.size(), 1U);
  EXPECT_EQ(target->addresses[0].text, "db.example:6000");
  EXPECT_EQ(target->user, "app");
  EXPECT_EQ(target->database, "shop");
  EXPECT_EQ(target->tls_mode, "require");
}

TEST(ParseUpstream, FillsInWhatLibpqWould) {
  EXPECT_EQ(addresses_of("postgres://db"), "db:5432");
  EXPECT_EQ(addresses_of("postgresql://db/"), "db:5432");
  EXPECT_EQ(addresses_of("postgresql:///shop"), "127.0.0.1:5432");
  EXPECT_EQ(addresses_of("db"), "db:5432");
  EXPECT_EQ(addresses_of("db:6000"), "db:6000");
}

TEST(ParseUpstream, ReadsSeveralHosts) {
  EXPECT_EQ(addresses_of("postgres://u@a,b:6000,[::1]:6001/d"), "a:5432 b:6000 [::1]:6001");
  EXPECT_EQ(addresses_of("a:5433,b"), "a:5433 b:5432");
  EXPECT_EQ(addresses_of("postgres://?host=a,b&port=1,2"), "a:1 b:2");
  EXPECT_EQ(addresses_of("postgres://?host=a,b&port=7"), "a:7 b:7");
}

TEST(ParseUpstream, ReadsSocketDirectoriesAndPaths) {
  EXPECT_EQ(addresses_of("/var/run/postgresql"), "unix:/var/run/postgresql/.s.PGSQL.5432");
  EXPECT_EQ(addresses_of("/run/pg/.s.PGSQL.6000"), "unix:/run/pg/.s.PGSQL.6000");
  EXPECT_EQ(addresses_of("unix:/run/pg/.s.PGSQL.6000"), "unix:/run/pg/.s.PGSQL.6000");
  EXPECT_EQ(addresses_of("postgres://%2Frun%2Fpg:6000/d"), "unix:/run/pg/.s.PGSQL.6000");
  EXPECT_EQ(addresses_of("postgres://%2Frun%2Fpg/d"), "unix:/run/pg/.s.PGSQL.5432");
  EXPECT_EQ(addresses_of("postgres:///d?host=/run/pg"), "unix:/run/pg/.s.PGSQL.5432");
}

TEST(ParseUpstream, RefusesWhatItDoesNotUnderstand) {
  for (const std::string_view text :
       {"", "mysql://db", "postgres://db:0", "postgres://db:65536", "db:", "postgres://db%ZZ",
        "postgres://db%2", "postgres://db/%00", "postgres://db?sslmode=allow",
        "postgres://db?sslmode=yes", "postgres://db?connect_timeout=soon", "postgres://db?novalue",
        "postgres://?host=a,b&port=1,2,3", "a,b:0", "::1:5432:x y"}) {
    EXPECT_FALSE(parse_upstream(text).has_value()) << text;
  }
}

TEST(ParseUpstream, KeepsThePasswordOutOfItsErrors) {
  for (const std::string_view text : {"postgres://app:hun/ter2@db:5432",
                                      "postgres://app:hunter2@db:x", "postgres://app:hunter2@@db:0",
                                      "postgres://app:hun?ter2@db", "postgres://a:hun,ter2@b:0"}) {
    const auto target = parse_upstream(text);
    ASSERT_FALSE(target.has_value()) << text;
    EXPECT_EQ(target.error().find("hun"), std::string::npos) << target.error();
    EXPECT_EQ(target.error().find("ter2"), std::string::npos) << target.error();
  }
}

tl::expected<UpstreamTarget, std::string> from(const std::map<std::string, std::string>& set) {
  return upstream_from_environment([&](const char* name) {
    const auto found = set.find(name);
    return found == set.end() ? nullptr : found->second.c_str();
  });
}

TEST(UpstreamFromEnvironment, NothingSetChangesNothing) {
  const auto target = from({});
  ASSERT_TRUE(target.has_value());
  Upstream upstream = default_config().upstream;
  target->apply_to(upstream);
  EXPECT_EQ(upstream.addresses, default_config().upstream.addresses);
  EXPECT_EQ(upstream.tls.mode, "disable");
}

TEST(UpstreamFromEnvironment, ReadsThePgVariables) {
  const auto target = from({{"PGHOST", "a,b"},
                            {"PGPORT", "6000"},
                            {"PGSSLMODE", "verify-full"},
                            {"PGSSLROOTCERT", "ca.pem"},
                            {"PGTARGETSESSIONATTRS", "read-write"},
                            {"PGCONNECT_TIMEOUT", "7"}});
  ASSERT_TRUE(target.has_value()) << target.error();
  Upstream upstream;
  target->apply_to(upstream);
  ASSERT_EQ(upstream.addresses.size(), 2U);
  EXPECT_EQ(upstream.addresses[1].text, "b:6000");
  EXPECT_EQ(upstream.tls.mode, "verify-full");
  EXPECT_EQ(upstream.tls.ca, "ca.pem");
  EXPECT_EQ(upstream.target_session_attrs, "read-write");
  EXPECT_EQ(upstream.connect_timeout, Milliseconds(7000));
}

TEST(UpstreamFromEnvironment, DatabaseUrlGoesFirst) {
  const auto target = from({{"DATABASE_URL", "postgres://c:1/d"}, {"PGHOST", "a"}});
  ASSERT_TRUE(target.has_value()) << target.error();
  EXPECT_EQ(target->addresses.at(0).text, "c:1");
}

TEST(UpstreamFromEnvironment, APortAloneIsOnThisMachine) {
  EXPECT_EQ(from({{"PGPORT", "6000"}})->addresses.at(0).text, "127.0.0.1:6000");
}

TEST(UpstreamFromEnvironment, ErrorsNameTheVariable) {
  EXPECT_EQ(from({{"PGSSLMODE", "on"}}).error(), "PGSSLMODE: unknown value");
  EXPECT_EQ(from({{"DATABASE_URL", "mysql://x"}}).error().substr(0, 13), "DATABASE_URL:");
  EXPECT_EQ(from({{"PGHOST", "a b"}}).error().substr(0, 14), "PGHOST/PGPORT:");
}

}  // namespace
}  // namespace pgconcord::policies
