// One client's conversation with the console behind its log-in, sans-IO: whole messages in, bytes
// and questions out. Simple and extended protocol as the server would answer them (protocol.md
// section 4): errors skip to the Sync, a failed block takes nothing but its end.
//
// Flow: send greeting(); hand in messages while !waits(); after each call send take_output(). When
// it waits, take_question() is for whoever knows, and answered() goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/console/encoding.h"
#include "proxy/console/statement.h"

namespace pgconcord::console {

class Dialogue {
 public:
  explicit Dialogue(Identity who) : who_(std::move(who)) {}

  // ParameterStatus messages; BackendKeyData and ReadyForQuery are the caller's.
  std::string greeting() const;
  void client_message(char type, std::string_view body);
  void answered(const Answer& answer);

  std::string take_output() { return std::exchange(out_, {}); }
  bool waits() const { return waits_; }
  Question take_question() { return std::exchange(question_, {}); }
  bool ended() const { return ended_; }  // Terminate came
  // Between two transactions: nothing is lost when it ends here.
  bool idle() const { return status_ == 'I' && !waits_ && !batch_open_; }

 private:
  using StatementRef = std::shared_ptr<const Statement>;
  struct Portal {
    StatementRef statement;
    Formats formats;
    Rows rows;
    std::size_t next_row = 0;
    bool has_run = false;
  };
  // The statements of one Query.
  struct Script {
    std::vector<Statement> statements;
    std::size_t next = 0;
  };

  void query(std::string_view body);
  void run_script();
  void parse(std::string_view body);
  void bind(std::string_view body);
  void describe(std::string_view body);
  void execute(std::string_view body);
  void close(std::string_view body);
  void sync();
  void function_call();

  bool begin(const Statement& statement);
  std::string effect_of(const Statement& statement);
  void send_rows(const Statement& statement, const Rows& rows);
  void go_on(Portal& portal);
  void ask(const Question& question);
  void fail(const Refusal& refusal);
  void fail_protocol(std::string_view what);
  void ready();

  const Identity who_;
  std::string out_;
  char status_ = 'I';
  std::map<std::string, StatementRef, std::less<>> statements_;
  std::map<std::string, Portal, std::less<>> portals_;
  std::optional<Script> script_;
  Question question_;
  std::string executing_;        // the portal that waits
  std::uint32_t row_limit_ = 0;  // of its Execute
  bool waits_ = false;
  bool skips_ = false;  // up to the Sync
  bool batch_open_ = false;
  bool ended_ = false;
};

}  // namespace pgconcord::console
