// One run of a script through a Session: with a way of cutting the streams, checked; or up to a
// fault, unchecked. Every call gets its own copy of its bytes, which is gone right after it, so
// that a view kept too long is seen by the sanitizers.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/registry.h"
#include "proxy/session/session.h"
#include "tests/wire/wire_script.h"

namespace pgconcord::wire_test {

// How the messages of one call are handed in.
struct Cut {
  enum class Kind : std::uint8_t { Whole, Bytes, Messages, Inside };
  Kind kind = Kind::Whole;
  int offset = 0;  // Inside: bytes from the message's start; below 0 from its end
  std::string name() const;
};
std::vector<std::string> pieces(const Step& step, const Cut& cut);

class ScriptRun {
 public:
  explicit ScriptRun(const Script& script);

  // Every step, each compared with its expectations. Failures are GoogleTest's.
  void check(const Cut& cut);
  // Steps [begin, end), whole, whatever comes out.
  void play(std::size_t begin, std::size_t end);
  void perform(const Step& step, const Cut& cut);
  void client_bytes(std::string_view bytes);
  void server_bytes(std::string_view bytes);
  void client_eof();
  void server_eof();
  // The console's questions, which are answered sooner or later.
  void answer_what_is_open();

  session::Phase phase() const { return session_->phase(); }
  // All series, without process_* and the times of the wall clock.
  std::string metrics() const;
  std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  void call(std::string_view bytes,
            void (session::Session::*method)(std::string_view, session::Actions&));
  void call(void (session::Session::*method)(session::Actions&));
  void answer(const std::string& text);
  void absorb();
  void deliver_waiting();

  const Script& script_;
  metrics::Registry registry_;
  policies::PlanCache plans_;
  policies::CatalogCache catalogs_;
  policies::Suspensions suspensions_;
  metrics::Incidents incidents_;
  session::Environment environment_;
  std::unique_ptr<session::Session> session_;
  session::Actions actions_;
  std::deque<std::string> waiting_;  // read from the client while the session does not want it
  bool client_ended_ = false;
  bool is_asked_ = false;  // by the console, and not answered yet
  std::string to_client_, to_server_;
  std::set<std::string> flags_;
  std::uint64_t bytes_out_ = 0;
};

}  // namespace pgconcord::wire_test
