#include "proxy/wire/startup.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/message_text.h"

namespace pgconcord::wire {
namespace {

using namespace std::string_literals;

std::string packet_of(const char* line) { return test_support::message_bytes(line).value(); }

struct Read {
  StartupStatus status;
  StartupPacket packet;
  std::size_t size = 0;
};
Read read(std::string_view bytes) {
  Read result{};
  result.status = read_startup_packet(bytes, result.packet, result.size);
  return result;
}

TEST(StartupPacket, KindsAreToldByTheirCodes) {
  EXPECT_EQ(read(packet_of("SSLRequest")).packet.kind, StartupKind::SslRequest);
  EXPECT_EQ(read(packet_of("GSSENCRequest")).packet.kind, StartupKind::GssEncRequest);
  EXPECT_EQ(read(packet_of("CancelRequest 1 2")).packet.kind, StartupKind::CancelRequest);
  const Read startup = read(packet_of("StartupMessage 3.2 user=app"));
  EXPECT_EQ(startup.packet.kind, StartupKind::Startup);
  EXPECT_EQ(startup.packet.version, 3U << 16 | 2U);
}

TEST(StartupPacket, WaitsForItsLastByte) {
  const std::string bytes = packet_of("StartupMessage user=app database=shop");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(read(bytes.substr(0, size)).status, StartupStatus::NeedMore) << size;
  }
  const Read whole = read(bytes + "what follows");
  EXPECT_EQ(whole.status, StartupStatus::Complete);
  EXPECT_EQ(whole.size, bytes.size());
}

TEST(StartupPacket, TheLastValueOfAParameterCounts) {
  const Read startup = read(packet_of("StartupMessage user=first user=app database=\"\""));
  EXPECT_EQ(startup.packet.parameter("user"), "app");
  EXPECT_EQ(startup.packet.parameter("database"), "");
  EXPECT_EQ(startup.packet.parameter("missing"), "");
}

TEST(StartupPacket, ABodyOf10000BytesIsTheLongest) {
  const auto of_length = [](std::uint32_t length) {
    std::string bytes(length, '\0');
    bytes[2] = static_cast<char>(length >> 8 & 0xFF);
    bytes[3] = static_cast<char>(length & 0xFF);
    bytes[5] = 3;
    return bytes;
  };
  EXPECT_EQ(read(of_length(10004)).status, StartupStatus::Complete);
  EXPECT_EQ(read(of_length(10005)).status, StartupStatus::Invalid);
  EXPECT_EQ(read(of_length(8)).status, StartupStatus::Complete);
}

TEST(StartupPacket, ALengthBelowEightIsInvalidAtOnce) {
  EXPECT_EQ(read("\0\0\0\7"s).status, StartupStatus::Invalid);
  EXPECT_EQ(read("\0\0\0\0"s).status, StartupStatus::Invalid);
  EXPECT_EQ(read("\xff\xff\xff\xff"s).status, StartupStatus::Invalid);
}

TEST(StartupPacket, TheFirstByteOfTlsIsInvalidAtOnce) {
  EXPECT_EQ(read("\x16"s).status, StartupStatus::Invalid);
}

TEST(StartupPacket, AListCutShortIsReadAsFarAsItGoes) {
  std::string bytes = packet_of("StartupMessage user=app database=shop");
  bytes.resize(bytes.size() - 4);  // in the middle of `shop`
  bytes[3] = static_cast<char>(bytes.size());
  const Read startup = read(bytes);
  EXPECT_EQ(startup.status, StartupStatus::Complete);
  EXPECT_EQ(startup.packet.parameter("user"), "app");
  EXPECT_EQ(startup.packet.parameter("database"), "");
}

TEST(StartupPacket, ReplicationIsAskedForInEverySpellingOfTrue) {
  for (const char* yes :
       {"database", "DATABASE", "1", "on", "On", "t", "T", "tr", "true", "y", "YES"}) {
    EXPECT_TRUE(asks_for_replication(yes)) << yes;
  }
  for (const char* no : {"", "0", "off", "false", "no", "o", "truer", "databases", "2", "yess"}) {
    EXPECT_FALSE(asks_for_replication(no)) << no;
  }
}

TEST(StartupPacket, NamesCountInTheirFirst63Bytes) {
  EXPECT_EQ(significant(std::string(70, 'a')), std::string(63, 'a'));
  EXPECT_EQ(significant("short"), "short");
}

}  // namespace
}  // namespace pgconcord::wire
