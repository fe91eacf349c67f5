#include "proxy/session/actions.h"

#include <gtest/gtest.h>

#include <string>

namespace pgconcord::session {
namespace {

std::string all_of(const Outbox& outbox) {
  std::string bytes;
  for (std::size_t i = 0; i < outbox.piece_count(); ++i) bytes += outbox.piece(i);
  EXPECT_EQ(bytes.size(), outbox.size());
  return bytes;
}

TEST(Outbox, AnUntouchedReadIsOnePiece) {
  const std::string read = "one two three";
  const std::string_view view = read;
  Outbox outbox;
  outbox.forward(view.substr(0, 4));
  outbox.forward(view.substr(4, 4));
  outbox.forward(view.substr(8));
  EXPECT_EQ(outbox.piece_count(), 1U);
  EXPECT_EQ(outbox.piece(0).data(), read.data()) << "not copied";
  EXPECT_EQ(all_of(outbox), read);
}

TEST(Outbox, AGapInTheReadStartsAnotherPiece) {
  const std::string read = "one two three";
  const std::string_view view = read;
  Outbox outbox;
  outbox.forward(view.substr(0, 3));
  outbox.forward(view.substr(8));
  EXPECT_EQ(outbox.piece_count(), 2U);
  EXPECT_EQ(all_of(outbox), "onethree");
}

TEST(Outbox, ForwardedAndOwnBytesKeepTheirOrder) {
  const std::string read = "onetwo";
  const std::string_view view = read;
  Outbox outbox;
  outbox.append("<");
  outbox.forward(view.substr(0, 3));
  outbox.append("|");
  outbox.append("|");
  outbox.forward(view.substr(3));
  // Long enough to move the storage of what was appended before.
  outbox.append(std::string(5000, '>'));
  EXPECT_EQ(outbox.piece_count(), 5U);
  EXPECT_EQ(all_of(outbox), "<one||two" + std::string(5000, '>'));
}

TEST(Outbox, OwnBytesDoNotDependOnTheirSource) {
  Outbox outbox;
  {
    const std::string gone = "copied";
    outbox.append(gone);
  }
  EXPECT_EQ(all_of(outbox), "copied");
}

TEST(Outbox, NothingAddsNoPiece) {
  Outbox outbox;
  outbox.append("");
  outbox.forward("");
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.size(), 0U);
}

TEST(Actions, ClearedTheyAreAsNew) {
  Actions actions;
  actions.to_client.append("x");
  actions.to_server.append("y");
  actions.opening = Opening::Cancel;
  actions.shutdown_server = true;
  actions.close_client = actions.close_server = true;
  actions.clear();
  EXPECT_TRUE(actions.to_client.empty() && actions.to_server.empty());
  EXPECT_EQ(actions.opening, Opening::None);
  EXPECT_FALSE(actions.shutdown_server || actions.close_client || actions.close_server);
  actions.to_client.append("z");
  EXPECT_EQ(all_of(actions.to_client), "z");
}

}  // namespace
}  // namespace pgconcord::session
