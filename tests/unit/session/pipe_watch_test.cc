#include "proxy/session/pipe_watch.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "proxy/wire/bytes.h"

namespace pgconcord::session {
namespace {

std::string message(char type, std::string_view body = {}) {
  wire::ByteWriter writer;
  writer.begin(type);
  writer.raw(body);
  writer.end();
  return writer.take();
}

std::string messages(std::string_view types) {
  std::string bytes;
  for (const char type : types) bytes += message(type, type == 'd' || type == 'D' ? "data" : "");
  return bytes;
}

// One step of a conversation: who speaks, the types of the messages, whether the session is idle
// afterwards. `Z`, `t` and `f` of the server stand for a ReadyForQuery that says I, T and E.
struct Turn {
  char who;
  std::string_view types;
  bool idle;
};

std::string server_bytes(std::string_view types) {
  std::string bytes;
  for (const char type : types) {
    switch (type) {
      case 'Z':
        bytes += message('Z', "I");
        break;
      case 't':
        bytes += message('Z', "T");
        break;
      case 'f':
        bytes += message('Z', "E");
        break;
      default:
        bytes += messages(std::string_view(&type, 1));
    }
  }
  return bytes;
}

void play(std::initializer_list<Turn> turns, std::size_t piece) {
  PipeWatch watch;
  EXPECT_TRUE(watch.idle());
  for (const Turn& turn : turns) {
    const bool client = turn.who == 'c';
    const std::string bytes = client ? messages(turn.types) : server_bytes(turn.types);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const std::string_view part = std::string_view(bytes).substr(at, piece);
      client ? watch.client_bytes(part) : watch.server_bytes(part);
      if (at + piece < bytes.size() && client) {
        EXPECT_FALSE(watch.idle()) << turn.types;
      }
    }
    EXPECT_EQ(watch.idle(), turn.idle) << turn.who << ' ' << turn.types << " by " << piece;
  }
}

void play(std::initializer_list<Turn> turns) {
  for (const std::size_t piece : {1000U, 1U, 2U, 5U, 6U, 7U}) play(turns, piece);
}

TEST(PipeWatch, AQueryIsOverAtItsReadyForQuery) {
  play({{'c', "Q", false}, {'s', "DDC", false}, {'s', "Z", true}});
}

TEST(PipeWatch, ABlockIsNotIdle) {
  play({{'c', "Q", false},
        {'s', "Ct", false},
        {'c', "Q", false},
        {'s', "Ef", false},
        {'c', "Q", false},
        {'s', "CZ", true}});
}

TEST(PipeWatch, EveryReadyForQueryThatIsOwedIsWaitedFor) {
  play({{'c', "QPBESF", false}, {'s', "CZ", false}, {'s', "12CZ", false}, {'s', "VZ", true}});
}

TEST(PipeWatch, ABatchWithoutSyncIsNotIdle) {
  play({{'c', "PBDEH", false}, {'s', "12TDC", false}, {'c', "S", false}, {'s', "Z", true}});
}

TEST(PipeWatch, NoticesBehindTheEndChangeNothing) {
  play({{'c', "Q", false}, {'s', "CZ", true}, {'s', "NSA", true}});
}

TEST(PipeWatch, TheSyncsOfACopyAreNotCounted) {
  play({{'c', "PBES", false}, {'s', "12G", false}, {'c', "dSdcS", false}, {'s', "CZ", true}});
}

TEST(PipeWatch, TheSyncsAheadOfACopyAreNotCounted) {
  play({{'c', "PBESdcS", false}, {'s', "12GCZ", true}});
}

TEST(PipeWatch, ASimpleCopyIsOverAtItsReadyForQuery) {
  play({{'c', "Q", false},
        {'s', "G", false},
        {'c', "ddc", false},
        {'s', "CZ", false},
        {'c', "Q", false},
        {'s', "CZ", true}});
}

TEST(PipeWatch, ACopyThatFailsIsOver) {
  play({{'c', "PBES", false},
        {'s', "12G", false},
        {'c', "d", false},
        {'s', "E", false},
        {'c', "dcS", false},
        {'s', "Z", true}});
}

TEST(PipeWatch, WhatIsNoMessageIsNeverIdleAgain) {
  PipeWatch watch;
  watch.server_bytes(std::string_view("D\0\0\0\3", 5));
  watch.server_bytes(message('Z', "I"));
  EXPECT_FALSE(watch.idle());
}

TEST(PipeWatch, BodiesAreNotReadAsMessages) {
  PipeWatch watch;
  watch.client_bytes(message('Q', "SELECT 1"));
  watch.server_bytes(message('D', message('Z', "I")));
  EXPECT_FALSE(watch.idle());
}

}  // namespace
}  // namespace pgconcord::session
