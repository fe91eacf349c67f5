// The replies a session waits for, in order, with PostgreSQL's rule of what an ErrorResponse
// discards (protocol.md 4.1 to 4.4). One entry per message that the server answers.
//
// clang-format off
//   server message  head of the queue                  effect
//   1 2 3           Parse, Bind, Close                 consumed
//   t               DescribeStatement                  stays (T or n follows)
//   T n             DescribeStatement, DescribePortal  consumed; T under Query, Execute: stays
//   D d c G H       Query, Execute                     stays
//   C I             Query                              stays; under Execute: consumed
//   s               Execute                            consumed
//   V               FunctionCall                       stays
//   E               Query, FunctionCall                stays, only Z may follow
//   E               Sync                               stays
//   E               any other                          drops up to the next Sync
//   Z               Query, FunctionCall, Sync          consumed
// clang-format on
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "parser/command.h"
#include "policies/plan.h"
#include "proxy/session/prepared_statements.h"

namespace pgconcord::session {

enum class Reply : std::uint8_t {
  Parse,
  Bind,
  DescribeStatement,
  DescribePortal,
  Execute,
  Close,
  Sync,
  Query,
  FunctionCall,
};

// Whose message it answers, hence what the client may see of the reply.
enum class Origin : std::uint8_t {
  Client,    // everything
  Inserted,  // ours inside the client's batch: its success is hidden, its error is the client's
  LookUp,    // ours alone: nothing but asynchronous messages
  Staged,    // ours in the place of the client's COPY: see copy_run.h
};

// One statement of a text that was rewritten up front; positions are characters of the text that
// was sent, 0-based.
struct Rewritten {
  std::size_t index = 0;  // of the statement in the text
  policies::PlanRef plan;
  std::size_t value_rows = 0;  // rows of its VALUES list
  std::uint32_t edit_begin = 0;
  std::uint32_t edit_length = 0;
  std::uint32_t edit_removed = 0;  // characters of the client's text that stood there
};

// What is remembered of the few entries that need more than two bytes.
struct ReplyDetail {
  // Parse, Close: the statement's name. Execute of a rewritten statement: the portal's.
  std::string name;
  StatementRef statement;                 // Query, Execute under a policy: its text
  StatementRef before;                    // Parse, Close of a name: what it meant until then
  std::vector<parser::Command> commands;  // Query with several statements
  std::size_t done = 0;                   // of which so many have completed
  std::vector<Rewritten> rewritten;       // in the order of the text
  policies::Reason refusal = policies::Reason::None;  // why a violation of it cannot be replayed
  bool guarded = false;  // the application handles its violation itself

  // The COPY runs as the client wrote it because its staging table could not be made: the plan,
  // and the SQLSTATE it failed with.
  policies::PlanRef staging_failed;
  std::string failed_with;

  bool resumed = false;  // rows of it were fetched before, and it was counted then

  // The statement that is under way, when it was rewritten; nullptr otherwise.
  const Rewritten* current() const;
};

struct Expected {
  Expected(Reply r, Origin o, parser::Command c, bool is_extended)
      : reply(r), origin(o), command(c), extended(is_extended) {}

  Reply reply = Reply::Sync;
  Origin origin = Origin::Client;
  parser::Command command = parser::Command::Other;  // Query, Execute
  bool extended = true;                              // for counting: protocol of the statement
  bool armed = false;                                // a violation may be replayed
  bool replayed = false;                             // it belongs to a replay
  bool starts_copy = false;     // it is not known yet whether it becomes a COPY FROM STDIN
  std::uint16_t copy_ends = 0;  // CopyDone and CopyFail that went out right behind it
  bool ends_look_up = false;    // the last message of a question of ours
  bool ready_hidden = false;    // its ReadyForQuery is not the one the client waits for
  bool tells_no_rows = false;   // with its success the client is told that no row was updated
  std::unique_ptr<ReplyDetail> detail;
  StatementRef write;  // Execute of a write: what it says, should it be violated
};

class ReplyQueue {
 public:
  void push(Expected&& expected);
  bool empty() const { return head_ == entries_.size(); }
  std::size_t size() const { return entries_.size() - head_; }
  Expected& front() { return entries_[head_]; }
  const Expected& front() const { return entries_[head_]; }
  Expected& back() { return entries_.back(); }
  void pop();

  // Applies an ErrorResponse. For an extended message everything up to the next Sync goes, the
  // failed entry first; what went is moved to `dropped`. Without a Sync yet, all further messages
  // but Sync are skipped: skipping().
  void fail(std::vector<Expected>& dropped);
  // Of the front, which turned out to be a COPY FROM STDIN: the Syncs behind it up to the end of
  // its data are ignored by the server (protocol.md 4.31). A Query may hold several COPYs.
  struct IgnoredSyncs {
    std::size_t count = 0;
    bool data_ended = false;  // CopyDone or CopyFail went out already
  };
  IgnoredSyncs drop_ignored_syncs();
  // The last message of the question of our own at the front.
  const Expected& end_of_look_up() const;
  // True while the server discards messages because no Sync followed a failed one.
  bool skipping() const { return skipping_; }
  // True between the ErrorResponse of a Query or FunctionCall and its ReadyForQuery.
  bool failed_query() const { return failed_query_; }
  void clear();

 private:
  std::vector<Expected> entries_;
  std::size_t head_ = 0;
  bool skipping_ = false;
  bool failed_query_ = false;
};

}  // namespace pgconcord::session
