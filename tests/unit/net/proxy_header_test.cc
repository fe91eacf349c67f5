#include "proxy/net/proxy_header.h"

#include <gmock/gmock.h>

#include "proxy/limits.h"
#include "tests/unit/net/loopback.h"

namespace pgconcord::net {
namespace {

using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string kTcp4Block = "\xCB\x00\x71\x07\x0A\x00\x00\x01\x12\x67\x19\x20"s;

std::string version_2(char command, char family, const std::string& block) {
  const auto size = static_cast<std::uint16_t>(block.size());
  return kSignature + command + family + static_cast<char>(size >> 8) + static_cast<char>(size) +
         block;
}

struct Read {
  HeaderStatus status;
  std::string client;
  std::size_t size;
};

Read read(const std::string& bytes) {
  ProxyHeader header;
  const HeaderStatus status = read_proxy_header(bytes, header);
  return {status, header.client, header.size};
}

void expect_complete(const std::string& bytes, const std::string& client) {
  // Cut anywhere it asks for more; what follows is not looked at.
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(read(bytes.substr(0, size)).status, HeaderStatus::NeedMore) << size;
  }
  const Read whole = read(bytes + "\0\0\0\x08more"s);
  EXPECT_EQ(whole.status, HeaderStatus::Complete);
  EXPECT_EQ(whole.client, client);
  EXPECT_EQ(whole.size, bytes.size());
}

TEST(ProxyHeader, ReadsVersion1) {
  expect_complete("PROXY TCP4 203.0.113.7 10.0.0.1 4711 6432\r\n", "203.0.113.7:4711");
  expect_complete("PROXY TCP6 2001:db8::7 ::1 4711 6432\r\n", "[2001:db8::7]:4711");
  expect_complete("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", "0.0.0.0:0");
  expect_complete("PROXY UNKNOWN\r\n", "");
  expect_complete("PROXY UNKNOWN ffff:f...f:ffff whatever 65535 65535\r\n", "");
}

TEST(ProxyHeader, RefusesAnythingElseInVersion1) {
  for (const char* line :
       {"PROXY TCP4 203.0.113.7 10.0.0.1 4711\r\n",
        "PROXY TCP4 203.0.113.7 10.0.0.1 4711 6432 \r\n",
        "PROXY TCP4 203.0.113.7 10.0.0.1 65536 6432\r\n",
        "PROXY TCP4 203.0.113.7 10.0.0.1 04711 6432\r\n",
        "PROXY TCP4 203.0.113.7 10.0.0.1 -1 6432\r\n", "PROXY TCP4 2001:db8::7 ::1 4711 6432\r\n",
        "PROXY TCP6 203.0.113.7 10.0.0.1 4711 6432\r\n", "PROXY TCP4  203.0.113.7 10.0.0.1 1 2\r\n",
        "PROXY UDP4 203.0.113.7 10.0.0.1 4711 6432\r\n", "PROXY \r\n", "PROXY unknown\r\n",
        "proxy UNKNOWN\r\n", "GET / HTTP/1.1\r\n", "\r\n\r\nX"}) {
    EXPECT_EQ(read(line).status, HeaderStatus::Invalid) << line;
  }
  const std::string endless = "PROXY UNKNOWN " + std::string(kProxyLineMax, 'x');
  EXPECT_EQ(read(endless).status, HeaderStatus::Invalid);
}

TEST(ProxyHeader, ReadsVersion2) {
  expect_complete(version_2(0x21, 0x11, kTcp4Block), "203.0.113.7:4711");
  const std::string v6 = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"s;
  expect_complete(version_2(0x21, 0x21, v6 + v6 + "\x12\x67\x19\x20"), "[2001:db8::7]:4711");
  expect_complete(version_2(0x21, 0x31, std::string(216, 'p')), "unix");
  expect_complete(version_2(0x21, 0x00, ""), "");
  expect_complete(version_2(0x21, 0x00, "anything"), "");
}

TEST(ProxyHeader, PassesOverExtensions) {
  expect_complete(version_2(0x21, 0x11, kTcp4Block + "\x03\x00\x04\xde\xad\xbe\xef"s),
                  "203.0.113.7:4711");
}

TEST(ProxyHeader, KeepsTheAddressOfTheSocketForTheBalancersOwnConnections) {
  expect_complete(version_2(0x20, 0x00, ""), "");
  expect_complete(version_2(0x20, 0x11, kTcp4Block), "");
}

TEST(ProxyHeader, RefusesAnythingElseInVersion2) {
  const std::string block = kTcp4Block;
  EXPECT_EQ(read(version_2(0x11, 0x11, block)).status, HeaderStatus::Invalid) << "version 1";
  EXPECT_EQ(read(version_2(0x22, 0x11, block)).status, HeaderStatus::Invalid) << "command";
  EXPECT_EQ(read(version_2(0x21, 0x12, block)).status, HeaderStatus::Invalid) << "datagrams";
  EXPECT_EQ(read(version_2(0x21, 0x41, block)).status, HeaderStatus::Invalid) << "family";
  EXPECT_EQ(read(version_2(0x21, 0x11, block.substr(1))).status, HeaderStatus::Invalid);
  EXPECT_EQ(read(version_2(0x21, 0x21, block)).status, HeaderStatus::Invalid);
  EXPECT_EQ(read(version_2(0x21, 0x31, block)).status, HeaderStatus::Invalid);
  const std::string long_block(2049, 'x');
  EXPECT_EQ(read(version_2(0x21, 0x11, long_block).substr(0, 16)).status, HeaderStatus::Invalid);
}

bool is_trusted(const std::string& peer, const std::vector<std::string>& networks) {
  return is_inside(*without_resolver(address(peer)), networks);
}

TEST(IsInside, ComparesThePrefix) {
  EXPECT_TRUE(is_trusted("10.1.2.3:1", {"192.168.0.0/16", "10.0.0.0/8"}));
  EXPECT_FALSE(is_trusted("11.1.2.3:1", {"10.0.0.0/8"}));
  EXPECT_TRUE(is_trusted("10.0.0.127:1", {"10.0.0.0/25"}));
  EXPECT_FALSE(is_trusted("10.0.0.128:1", {"10.0.0.0/25"}));
  EXPECT_TRUE(is_trusted("10.0.0.1:1", {"10.0.0.1"}));
  EXPECT_FALSE(is_trusted("10.0.0.2:1", {"10.0.0.1"}));
  EXPECT_TRUE(is_trusted("10.0.0.2:1", {"0.0.0.0/0"}));
  EXPECT_FALSE(is_trusted("[::1]:1", {"0.0.0.0/0"}));
  EXPECT_TRUE(is_trusted("[fd00::1]:1", {"fd00::/8"}));
  EXPECT_FALSE(is_trusted("[fe00::1]:1", {"fd00::/8"}));
  EXPECT_FALSE(is_trusted("10.0.0.2:1", {}));
  EXPECT_FALSE(is_trusted("unix:/tmp/x", {"0.0.0.0/0", "::/0"}));
}

}  // namespace
}  // namespace pgconcord::net
