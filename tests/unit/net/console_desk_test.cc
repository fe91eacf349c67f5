#include "proxy/net/console_desk.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "proxy/limits.h"

namespace pgconcord::net {
namespace {

using console::Answer;
using console::Question;
using console::Topic;

std::future<Answer> asked(ConsoleDesk& desk, Topic topic = Topic::Version) {
  auto promise = std::make_shared<std::promise<Answer>>();
  auto future = promise->get_future();
  desk.ask({topic}, [promise](Answer answer) { promise->set_value(std::move(answer)); });
  return future;
}

TEST(ConsoleDesk, AnswersOnAThreadOfItsOwn) {
  std::atomic<std::thread::id> where{};
  ConsoleDesk desk;
  desk.open([&where](const Question& question) {
    where = std::this_thread::get_id();
    EXPECT_EQ(question.topic, Topic::Catalog);
    return Answer(console::Rows(3));
  });
  EXPECT_EQ(asked(desk, Topic::Catalog).get()->size(), 3U);
  EXPECT_NE(where.load(), std::this_thread::get_id());
}

TEST(ConsoleDesk, RefusesWhatItCannotKeep) {
  std::promise<void> go;
  auto may_go = go.get_future().share();
  ConsoleDesk desk;
  desk.open([may_go](const Question&) {
    may_go.wait();
    return Answer(console::Rows{});
  });
  std::vector<std::future<Answer>> answers;
  for (std::size_t i = 0; i < kConsoleQuestionsMax + 2; ++i) answers.push_back(asked(desk));
  EXPECT_EQ(answers.back().get().error().sqlstate, "53300");
  answers.pop_back();
  go.set_value();
  EXPECT_TRUE(answers.front().get().has_value());
}

TEST(ConsoleDesk, RefusesBeforeItOpensAndBehindItsEnd) {
  ConsoleDesk desk;
  EXPECT_FALSE(asked(desk).get().has_value());
  desk.open([](const Question&) { return Answer(console::Rows{}); });
  EXPECT_TRUE(asked(desk).get().has_value());
  desk.close();
  EXPECT_FALSE(asked(desk).get().has_value());
}

}  // namespace
}  // namespace pgconcord::net
