// protocol.md 4.1 to 4.9, told as exchanges: what is pushed for the client's messages and what an
// error discards.
#include "proxy/session/reply_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pgconcord::session {
namespace {

using parser::Command;

class ReplyQueueTest : public testing::Test {
 protected:
  void sent(std::initializer_list<Reply> replies) {
    for (const Reply reply : replies) {
      queue_.push({reply, Origin::Client, Command::Other, reply != Reply::Query});
    }
  }
  std::vector<Reply> failed() {
    std::vector<Expected> dropped;
    queue_.fail(dropped);
    std::vector<Reply> replies;
    for (const Expected& each : dropped) replies.push_back(each.reply);
    return replies;
  }
  std::vector<Reply> waiting() {
    std::vector<Reply> replies;
    while (!queue_.empty()) {
      replies.push_back(queue_.front().reply);
      queue_.pop();
    }
    return replies;
  }
  ReplyQueue queue_;
};

TEST_F(ReplyQueueTest, AnErrorOfAnExtendedMessageDropsEverythingUpToTheSync) {
  sent({Reply::Parse, Reply::Query, Reply::FunctionCall, Reply::Sync, Reply::Parse, Reply::Sync});
  EXPECT_EQ(failed(), (std::vector{Reply::Parse, Reply::Query, Reply::FunctionCall}));
  EXPECT_FALSE(queue_.skipping());
  EXPECT_EQ(waiting(), (std::vector{Reply::Sync, Reply::Parse, Reply::Sync}));
}

TEST_F(ReplyQueueTest, WithoutASyncYetEverythingElseIsSkippedUntilItComes) {
  sent({Reply::Parse, Reply::Bind, Reply::Execute});
  EXPECT_EQ(failed(), (std::vector{Reply::Parse, Reply::Bind, Reply::Execute}));
  EXPECT_TRUE(queue_.skipping());
  EXPECT_TRUE(queue_.empty());
  sent({Reply::Sync});
  EXPECT_FALSE(queue_.skipping());
  EXPECT_EQ(waiting(), std::vector{Reply::Sync});
}

TEST_F(ReplyQueueTest, AnErrorOfAQueryDropsNothingAndOnlyItsReadyForQueryMayFollow) {
  sent({Reply::Query, Reply::Query});
  EXPECT_TRUE(failed().empty());
  EXPECT_TRUE(queue_.failed_query());
  EXPECT_FALSE(queue_.skipping());
  EXPECT_EQ(queue_.size(), 2U);
  queue_.pop();
  EXPECT_FALSE(queue_.failed_query()) << "the second query did not fail";
  EXPECT_EQ(waiting(), std::vector{Reply::Query});
}

TEST_F(ReplyQueueTest, AnErrorOfAFunctionCallOrOfTheSyncItselfStillHasItsReadyForQuery) {
  for (const Reply reply : {Reply::FunctionCall, Reply::Sync}) {
    sent({reply, Reply::Parse});
    EXPECT_TRUE(failed().empty());
    EXPECT_TRUE(queue_.failed_query());
    EXPECT_EQ(waiting(), (std::vector{reply, Reply::Parse}));
  }
}

TEST_F(ReplyQueueTest, EachExtendedMessageMayFail) {
  for (const Reply reply : {Reply::Parse, Reply::Bind, Reply::DescribeStatement,
                            Reply::DescribePortal, Reply::Execute, Reply::Close}) {
    sent({reply, Reply::Bind, Reply::Sync});
    EXPECT_EQ(failed(), (std::vector{reply, Reply::Bind}));
    EXPECT_EQ(waiting(), std::vector{Reply::Sync});
  }
}

TEST_F(ReplyQueueTest, TheDroppedEntriesKeepWhatWasRememberedOfThem) {
  Expected parse{Reply::Parse, Origin::Client, Command::Other, true};
  parse.detail = std::make_unique<ReplyDetail>();
  parse.detail->name = "s";
  queue_.push(std::move(parse));
  sent({Reply::Sync});
  std::vector<Expected> dropped;
  queue_.fail(dropped);
  ASSERT_EQ(dropped.size(), 1U);
  ASSERT_NE(dropped[0].detail, nullptr);
  EXPECT_EQ(dropped[0].detail->name, "s");
}

TEST_F(ReplyQueueTest, OrderSurvivesALongPipeline) {
  // 138,000 statements were seen in one kernel buffer (4.22): the front moves while the back grows.
  constexpr std::size_t kStatements = 20'000;
  std::size_t popped = 0;
  for (std::size_t i = 0; i < kStatements; ++i) {
    sent({i % 2 == 0 ? Reply::Parse : Reply::Execute});
    if (i % 3 == 0) {
      EXPECT_EQ(queue_.front().reply, popped % 2 == 0 ? Reply::Parse : Reply::Execute);
      queue_.pop();
      ++popped;
    }
  }
  EXPECT_EQ(queue_.size(), kStatements - popped);
  while (!queue_.empty()) {
    ASSERT_EQ(queue_.front().reply, popped % 2 == 0 ? Reply::Parse : Reply::Execute) << popped;
    queue_.pop();
    ++popped;
  }
  EXPECT_EQ(popped, kStatements);
}

TEST_F(ReplyQueueTest, ASyncBehindACopyIsNoneUntilItsDataIsOver) {
  sent({Reply::Execute, Reply::Sync, Reply::Sync});
  queue_.back().copy_ends = 1;
  sent({Reply::Sync, Reply::Parse});
  const ReplyQueue::IgnoredSyncs ignored = queue_.drop_ignored_syncs();
  EXPECT_EQ(ignored.count, 2U);
  EXPECT_TRUE(ignored.data_ended);
  EXPECT_EQ(waiting(), (std::vector{Reply::Execute, Reply::Sync, Reply::Parse}));
}

TEST_F(ReplyQueueTest, WhileTheDataOfACopyIsNotOverEverySyncIsNone) {
  sent({Reply::Execute, Reply::Sync, Reply::Sync});
  const ReplyQueue::IgnoredSyncs ignored = queue_.drop_ignored_syncs();
  EXPECT_EQ(ignored.count, 2U);
  EXPECT_FALSE(ignored.data_ended);
  EXPECT_EQ(waiting(), std::vector{Reply::Execute});
}

TEST_F(ReplyQueueTest, ACopyWhoseDataIsOverBeforeAnySyncIgnoresNone) {
  sent({Reply::Execute});
  queue_.back().copy_ends = 1;
  sent({Reply::Sync});
  EXPECT_EQ(queue_.drop_ignored_syncs().count, 0U);
  EXPECT_EQ(waiting(), (std::vector{Reply::Execute, Reply::Sync}));
}

TEST_F(ReplyQueueTest, EndsOfDataSentAheadBelongToTheCopiesOfAQueryInTheirOrder) {
  sent({Reply::Query, Reply::Sync});
  queue_.back().copy_ends = 2;
  EXPECT_TRUE(queue_.drop_ignored_syncs().data_ended);
  sent({Reply::Sync});
  const ReplyQueue::IgnoredSyncs second = queue_.drop_ignored_syncs();
  EXPECT_EQ(second.count, 0U);
  EXPECT_TRUE(second.data_ended);
  EXPECT_FALSE(queue_.drop_ignored_syncs().data_ended);
}

TEST_F(ReplyQueueTest, ClearedItExpectsNothingAndSkipsNothing) {
  sent({Reply::Parse});
  failed();
  sent({Reply::Query});
  queue_.clear();
  EXPECT_TRUE(queue_.empty());
  EXPECT_FALSE(queue_.skipping());
  EXPECT_FALSE(queue_.failed_query());
}

}  // namespace
}  // namespace pgconcord::session
