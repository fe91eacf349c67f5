// The state of a session and its parts; private to session/. One object per client, methods spread
// over files by idea: session.cc (streams and phases), start_up.cc, negotiation.cc, login.cc,
// console.cc (the virtual database), facts.cc (what operators see),
// client_side.cc, candidate.cc and group.cc (INSERTs under a policy), savepoint.cc (on_violation in
// blocks), copy_candidate.cc and copy_replies.cc (COPYs under a policy), server_side.cc, replay.cc
// (on_violation), no_rows.cc (violations of UPDATE), rewritten_error.cc, look_up.cc (own questions
// to the server).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parser/outline.h"
#include "proxy/console/dialogue.h"
#include "proxy/session/accounts.h"
#include "proxy/session/copy_error.h"
#include "proxy/session/copy_run.h"
#include "proxy/session/guard.h"
#include "proxy/session/pipe_watch.h"
#include "proxy/session/policy_scope.h"
#include "proxy/session/prepared_statements.h"
#include "proxy/session/replay.h"
#include "proxy/session/reply_queue.h"
#include "proxy/session/scram_login.h"
#include "proxy/session/server_choice.h"
#include "proxy/session/session.h"
#include "proxy/wire/backend_messages.h"
#include "proxy/wire/framer.h"
#include "proxy/wire/frontend_messages.h"
#include "proxy/wire/startup.h"

namespace pgconcord::session {

// The rewritten statement in the extended protocol; parsed anew each time it is bound (5.6).
inline constexpr std::string_view kRewrittenStatement = "__pgconcord_rewritten";
inline constexpr std::string_view kReplayStatement = "__pgconcord_replay";

// What sessions of one worker share and never keep across calls.
struct Workspace {
  explicit Workspace(metrics::Shard& shard) : accounts(shard) {}
  Accounts accounts;
  parser::Outline outline;
  std::vector<Expected> dropped;
};

// A question of our own that is under way (protocol.md section 5).
struct LookUp {
  enum class Purpose : std::uint8_t { SessionStart, Statement, Name, Replay, Settings };
  bool waits_for_statement() const {
    return purpose == Purpose::Statement || purpose == Purpose::Name;
  }
  Purpose purpose = Purpose::SessionStart;
  std::chrono::milliseconds started{0};
  std::string name;    // Purpose::Name: the unqualified table name
  std::string answer;  // first column of the last row
  bool has_answer = false;
  bool failed = false;
  bool in_batch = false;  // asked inside the client's batch: its failure is the batch's
  std::string ready;      // SessionStart: the client's first ReadyForQuery, held back
  std::string cancelled;  // the error of a cancel that was meant for the waiting statement
};

// Bind, Execute and what belongs to them of one candidate, held until it is known whether more
// follows before the Sync or Flush.
struct Group {
  std::string bytes;           // the messages, whole, in order
  std::vector<Reply> replies;  // one for each
  StatementRef statement;
  std::string portal;
  std::string bind;               // body of the Bind
  std::size_t execute_at = 0;     // the Execute in `bytes`; 0 until it came
  std::size_t execute_index = 0;  // and in `replies`
};

enum class Blocked : std::uint8_t {
  No,
  Login,      // bytes behind the start-up packet wait for the end of authentication
  LookUp,     // a statement waits for a look-up
  Console,    // a statement of the console waits for its answer
  CopyStart,  // a Sync waits for what a COPY turns out to be (protocol.md 4.31)
};

enum class CopyIn : std::uint8_t { No, Starting, Running };

// client_side.cc: one of the statements of a Query is a COPY.
bool may_copy(const Expected& query);

// attribution.cc: a violation of it can be explained by its text.
bool is_write(parser::Command command);

// What the client asked of the protocol beyond what is certain to be understood here (protocol.md
// 1.14).
struct Negotiation {
  bool version_lowered = false;         // the client does not know yet
  std::vector<std::string> extensions;  // `_pq_.` options the server has not refused
};

class Conversation {
 public:
  Conversation(Environment& environment, std::uint64_t id, ClientAccess access);
  ~Conversation();

  // session.cc
  void client_bytes(std::string_view bytes);
  void server_bytes(std::string_view bytes);
  void client_eof();
  void server_eof();
  void server_connected();
  std::string take_tls_bytes();
  void tick();
  void drain();
  void shut_down();
  void fail(const wire::FatalText& text, std::string_view reason);
  bool idle() const;
  metrics::SessionFacts facts() const;
  void note_client_input() { client_at_ = env.now; }
  void note_server_input() { server_at_ = env.now; }
  void count_sent(const Actions& out);

  Actions* actions = nullptr;  // of the call under way
  Environment& env;
  Phase phase = Phase::Startup;
  Blocked blocked = Blocked::No;
  std::string database, user, application;
  std::int32_t backend_pid = 0;
  bool refused = false, draining = false;
  bool cancels = false;                          // the session is a CancelRequest
  std::optional<LegTls> client_tls, server_tls;  // nullopt: the leg is in the clear

 private:
  friend class Session;
  Workspace& work() { return *workspace_; }
  Accounts& accounts() { return workspace_->accounts; }

  // session.cc
  void feed_client(std::string_view input);
  void feed_server(std::string_view input);
  bool take_client_step(const wire::Step& step);
  bool take_server_step(const wire::Step& step);
  void resume_client();
  void to_server(const wire::Frame& frame);
  void to_client(const wire::Frame& frame) const;
  void set_phase(Phase next);
  void idle_point();
  void select_policies();
  metrics::SessionState state() const;
  wire::Wanted wanted_from_client() const;

  // bypass.cc
  void enter_bypass();
  void bypassed_client_bytes(std::string_view bytes);
  void piped_server_bytes(std::string_view bytes);
  void leave_bypass(std::string_view bytes);

  // start_up.cc
  void start_up(std::string_view bytes);
  void start_up_packet(const wire::StartupPacket& packet, std::size_t size);
  void answer_encryption(const wire::StartupPacket& packet, std::size_t size);
  bool offers_tls() const;
  void accept_start_up(const wire::StartupPacket& packet);
  void choose_among_servers(std::string_view packet);
  void server_unavailable();
  bool keeps_login(const wire::Frame& frame);
  bool server_will_do();
  void refuse_server();
  void begin_login(std::string_view packet);
  void client_is_asked();
  void release_login();
  bool refuse_client();
  void relay_authentication(const wire::Frame& frame);
  bool server_login_frame(const wire::Frame& frame);
  void first_ready(const wire::Frame& frame);

  // negotiation.cc
  void note_negotiation(const wire::StartupPacket& packet);
  void send_start_up_packet(std::string_view packet);
  void server_negotiates(const wire::Frame& frame);
  void negotiation_over();
  void become_pipe();
  void login_to_client(std::string_view message);

  // console.cc
  bool opens_console(const wire::StartupPacket& packet);
  void console_login_frame(const wire::Frame& frame);
  void enter_console();
  void feed_console(std::string_view input);
  void console_frame(const wire::Frame& frame);
  void console_answered(const console::Answer& answer);
  console::Question take_question() { return console_->take_question(); }
  void after_console();
  void end_console();
  bool console_is_allowed();

  // login.cc
  bool is_to_be_relayed(const wire::Frame& frame);
  void open_login();
  void login_answer(const wire::Frame& frame);
  void carry_out(const LoginStep& step);
  std::string_view login_trouble() const { return login_ ? login_->trouble() : ""; }

  // client_side.cc: false = blocked, the message is to be handed in again
  bool client_frame(const wire::Frame& frame);
  bool client_message(const wire::Frame& frame);
  bool client_query(const wire::Frame& frame);
  bool client_parse(const wire::Frame& frame);
  bool client_bind(const wire::Frame& frame);
  void client_describe(const wire::Frame& frame);
  bool client_execute(const wire::Frame& frame);
  void client_close(const wire::Frame& frame);
  void copy_starts(Expected& expected);
  bool client_sync(const wire::Frame& frame);
  void expect(Expected&& expected);
  void remember_statement(std::string_view name, StatementRef statement);
  void forget_renamed(parser::Command command, std::string_view sql);
  void note_effects(const ClientStatement& statement);
  void note_guard(parser::Command command, std::string_view look_up);
  void split_statements(std::string_view sql, Expected& expected);
  StatementRef statement_of(const wire::ParseMessage& message, parser::Command command) const;
  StatementRef written_statement(const wire::ParseMessage& message, parser::Command command) const;

  // candidate.cc
  enum class Sent : std::uint8_t { No, Yes, Blocked };
  enum class Verdict : std::uint8_t { Forward, Blocked, Rewrite };
  enum class When : std::uint8_t {
    Always,
    OnlyExplicit
  };  // OnlyExplicit: the policy says `apply: up_front`
  struct UpFront {
    Verdict verdict = Verdict::Forward;
    std::vector<std::pair<std::size_t, policies::PlanRef>>
        plans;  // statement of the text, its plan
  };
  bool lexing_safe() const { return conforming_strings_ && utf8_ && !lexing_in_doubt_; }
  bool may_concern_policy(parser::Command command, std::string_view sql) const;
  bool may_be_answered(parser::Command command) const;
  static When when_to_plan(parser::Command command, bool may_wait);
  bool is_candidate(const ClientStatement& statement) const;
  void check_parameters(const ClientStatement& statement, std::string_view bind, UpFront& up_front);
  bool alone() const;           // autocommit, nothing in flight, no batch open
  bool alone_in_batch() const;  // the same but for the batch's own Parse and Describe
  bool holds_binds() const;
  UpFront plan_up_front(std::string_view sql, When when);
  Verdict plan_statement(std::string_view sql, std::size_t index,
                         const parser::Statement& statement, When when, UpFront& up_front);
  Verdict plan_write(std::string_view sql, std::size_t index, const parser::RelationName& table,
                     When when, policies::PlanRef& plan);
  void count_refusal(std::string_view sql, policies::Reason reason);
  void count_hidden(const parser::Other& other);
  bool may_change_names(parser::Command command, std::string_view sql) const;
  Sent query_to_be_planned(std::string_view sql, When when, Expected& expected);
  void watch_query(std::string_view sql, bool may_stand_alone, Expected& expected);
  bool guards(std::string_view sql) const;
  Sent query_of_candidate(std::string_view sql, Expected& expected);
  void send_edited_query(std::string_view sql, const UpFront& up_front, Expected& expected);
  void hold_bind(const wire::Frame& frame, const StatementRef& statement, std::string_view portal);
  bool group_takes(const wire::Frame& frame);
  std::optional<Reply> reply_in_group(const wire::Frame& frame);
  bool end_group(char next);
  void arm_group(char next, const UpFront* up_front);
  void flush_group(bool armed);
  bool bind_in_pipeline(const wire::Frame& frame, const wire::BindNames& names,
                        const StatementRef& statement);
  void redirect_bind(const UpFront& up_front, const ClientStatement& statement,
                     std::string_view body, std::uint32_t length);
  std::vector<Rewritten> edit_text(const UpFront& up_front, std::string_view sql,
                                   std::string& edited);
  std::unique_ptr<ReplyDetail> take_rewritten(std::string_view portal);
  std::unique_ptr<ReplyDetail> executed_rewritten(std::string_view portal);
  void suspended_portal(Expected& head);

  // copy_candidate.cc
  bool may_concern_copy(parser::Command command, std::string_view sql) const;
  Verdict plan_copy(std::string_view sql, bool alone, policies::PlanRef& plan);
  CopyRun& start_copy(policies::PlanRef plan, std::string_view sql);
  Sent query_of_copy(std::string_view sql, Expected& expected);
  Sent execute_of_copy(std::string_view portal, const ClientStatement& statement);
  void send_staged(std::string_view sql, Origin executed);
  void close_staged();
  void send_merge();
  void send_copy_as_written(std::string_view sqlstate);

  // copy_replies.cc
  CopyNames copy_names() const;
  void staged_begins(const wire::Frame& frame);
  void staged_notice(const wire::Frame& frame);
  void staged_complete(const wire::CommandTag& tag);
  void staged_error(const wire::Frame& frame, const wire::ErrorResponse& error);
  bool may_copy_as_written(const wire::Frame& frame, const wire::ErrorResponse& error);
  void tell_staged_error(std::string raw, const wire::Frame& frame);
  std::string error_of_copy(const std::string& raw) const;
  bool staged_ready(const wire::Frame& frame);
  void copy_begins_as_written(const ReplyDetail& detail);

  // savepoint.cc
  enum class Control : std::uint8_t { Set, Back, Release };
  bool alone_in_block() const;
  bool block_batch_stands_alone() const;
  Verdict savepoint_verdict(std::string_view sql);
  bool may_be_cured(std::string_view sql, const parser::RelationName& name);
  void send_guarded_query(std::string_view sql, Expected& expected);
  void send_control(Control control);
  void control_error(const wire::Frame& frame, const wire::ErrorResponse& error);

  // server_side.cc
  void server_frame(const wire::Frame& frame);
  bool matches_queue(char type) const;
  void server_error(const wire::Frame& frame);
  void look_up_error(const wire::Frame& frame, const wire::ErrorResponse& error);
  void client_error(const wire::Frame& frame, const wire::ErrorResponse& error,
                    const Expected& head);
  void server_ready(const wire::Frame& frame);
  void server_complete(const wire::Frame& frame);
  void server_parameter(const wire::Frame& frame);
  void consume(const wire::Frame& frame);
  void copy_response(char type);
  bool copies() const { return copies_starting_ > 0 || copy_in_ != CopyIn::No; }
  void copy_decided(Expected& head, CopyIn outcome);
  void return_copy_sync(const wire::ErrorResponse& error);
  void learn_unseen(const ClientStatement& statement, std::string_view command);
  void statement_ended(Expected& head);
  void drop_failed();
  void restore_name(Expected& entry);
  void schema_may_have_changed();
  void count_error(const wire::ErrorResponse& error, const Expected& head);
  void count_violation(const wire::ErrorResponse& error, parser::Command command,
                       std::string_view sql);
  void count_complete(const wire::CommandTag& tag, Expected& head);
  static std::string reported_tag(const wire::CommandTag& tag, const Expected& head);
  void server_notice(const wire::Frame& frame);
  void desynchronised(std::string_view what);

  // attribution.cc
  struct LastWrite {
    std::string text;         // of the last Query that writes; cut
    metrics::SameWrite same;  // of the last write
  };
  struct OpenIncident {
    metrics::Violation violation;
    std::uint64_t group = 0;
    bool in_autocommit = false;  // no transaction block was open before it
  };
  std::uint32_t session_number() const;
  void note_write(std::string_view sql);
  void note_bound_write(const ClientStatement& statement, std::string_view rest);
  void note_same_write(std::uint64_t hash);
  std::string_view violated_text(const Expected& head) const;
  void explain_violation(const metrics::Violation& violation, const wire::ErrorResponse& error,
                         std::string_view sql, parser::Command command);
  metrics::TemplateId read_violated(std::string_view sql, const std::vector<std::string>& key,
                                    const policies::Table* table, metrics::Evidence& evidence);
  void settle_incidents();
  void abandon_incidents();
  void end_incident(const OpenIncident& incident, metrics::Outcome outcome);

  // replay.cc
  Replay& armed_replay(std::string_view sql, parser::Command command);
  void overtake_replay();
  bool hold_violation(const wire::Frame& frame, const wire::ErrorResponse& error);
  void replay_behind_flush();
  bool catalog_knows(const wire::ErrorResponse& error) const;
  bool decide_replay(const wire::ErrorResponse& error);
  policies::Situation situation_after(const wire::ErrorResponse& error) const;
  policies::Situation situation_of(std::string_view schema, std::string_view table,
                                   std::string_view constraint) const;
  bool must_not_replay(const policies::Policy& policy) const;
  bool replay_or_release(const wire::Frame& ready);
  void replay_after_look_up();
  void send_replay();
  void send_simple_replay(const std::string& edited, std::unique_ptr<ReplyDetail> detail);
  void send_extended_replay(const std::string& edited, std::unique_ptr<ReplyDetail> detail);
  Expected& expect_again(Reply reply, Origin origin);
  void end_extended_replay();
  void release_violation();
  void end_replay();
  bool replay_failed(const wire::ErrorResponse& error);
  bool is_repeated_notice(const wire::Frame& frame);
  void count_unarmed_violation(const wire::ErrorResponse& error, const ReplyDetail& detail);

  // rewritten_error.cc
  static bool may_come_from_clause(std::string_view sqlstate);
  void suspend(const policies::Decision& decision, std::string_view sqlstate);
  bool caused_by_rewrite(const wire::ErrorResponse& error, const Rewritten& part) const;
  static std::string position_mapped(const wire::Frame& frame, std::uint32_t position,
                                     const ReplyDetail& detail);
  std::string error_of_rewritten(const wire::Frame& frame, const wire::ErrorResponse& error,
                                 const Expected& head);
  void keep_original(policies::PlanRef plan);
  bool keeps_original() const;
  bool hold_error(const wire::Frame& frame, const wire::ErrorResponse& error, const Expected& head);
  void send_original();
  void send_original_group(const StatementRef& text);

  // no_rows.cc
  bool reports_no_rows() const;
  bool no_rows_at_once() const;
  void tell_no_rows();
  void ask_for_no_rows();
  void describe_no_rows();
  void bind_for_no_rows();

  // look_up.cc
  bool may_look_up() const;
  void ask(std::string_view sql, std::string_view parameter, std::uint32_t parameter_type);
  void look_up_catalog(LookUp::Purpose purpose);
  void look_up_name(const std::string& name);
  void look_up_settings();
  std::vector<std::string> settings_table_names() const;
  bool catalog_ready();
  bool may_ask_catalog_again() const;
  bool catalog_lacks(const parser::RelationName& name, policies::Oid oid) const;
  void look_up_row(const wire::Frame& frame);
  void store_catalog();
  void look_up_done();
  void look_up_over();
  void answer_cancelled(const std::string& error);
  void skip_cancelled(const wire::Frame& frame);

  const ClientAccess access_;
  std::uint64_t id_;
  std::shared_ptr<Workspace> workspace_;
  SettingsRef settings_;
  DatabaseCells* cells_ = nullptr;
  std::unique_ptr<PolicyScope> scope_;  // nullptr: no policy concerns this session
  wire::Framer client_framer_{wire::Peer::Client};
  wire::Framer server_framer_{wire::Peer::Server};
  std::string held_;  // client bytes not handled yet
  ReplyQueue queue_;
  NamedStatements statements_, portals_;
  std::unique_ptr<Group> group_;
  std::unique_ptr<Replay> replay_;
  std::unique_ptr<LookUp> look_up_;
  std::unique_ptr<CopyRun> copy_run_;
  std::unique_ptr<LastWrite> last_write_;
  std::vector<OpenIncident> open_incidents_;
  bool checked_first_ = false;                // the last statement was a SELECT that found nothing
  std::unique_ptr<PipeWatch> pipe_;           // while the session is bypassed
  std::unique_ptr<Negotiation> negotiation_;  // nullptr: nothing to settle
  std::unique_ptr<ScramLogin> login_;         // nullptr: the log-in passes through, or is over
  std::unique_ptr<console::Dialogue> console_;  // from the end of its log-in on
  std::unique_ptr<std::string> console_key_;    // BackendKeyData until then; nullptr: no console
  std::uint32_t auth_inspect_ = 0;              // of password messages: how much is to be read
  std::chrono::milliseconds opened_{0}, client_at_{0}, server_at_{0};
  std::uint64_t statements_seen_ = 0, violations_seen_ = 0, rewrites_seen_ = 0;
  char status_ = 'I';  // of the last ReadyForQuery
  bool conforming_strings_ =
      true;  // ParameterStatus: is SQL text read as the server reads it (6.8)?
  bool utf8_ = true;
  bool lexing_in_doubt_ = false;  // what may have changed one of them is under way
  CopyIn copy_in_ = CopyIn::No;
  bool copy_sync_ =
      false;  // a Sync was taken out ahead of the data of the COPY, which has not begun
  std::uint32_t copies_starting_ = 0;  // entries of the queue with `starts_copy`
  bool ssl_asked_ = false, gss_asked_ = false;
  std::unique_ptr<ServerChoice> choice_;  // nullptr: there is none, or it is made
  bool held_start_up_sent_ = false;       // the client's packet is no longer in held_
  bool opaque_ = false;         // a replication connection: a byte pipe from the start-up packet on
  bool authenticated_ = false;  // the server said AuthenticationOk
  int auth_due_ = 0;  // the server's authentication requests that the client has not answered
  bool copying_input_ = false;      // the input dies before the actions are carried out
  bool drop_client_rest_ = false;   // the client's body under way goes nowhere
  bool drop_server_rest_ = false;   // likewise the server's
  bool client_ended_ = false;       // Terminate or end of stream: no complaint when the server goes
  bool client_frame_whole_ = true;  // the message at hand; only a whole one can be handed in again
  bool shutdown_due_ = false;       // the client's end of stream came while its bytes were held
  bool batch_open_ = false;         // extended messages were sent since the last Sync
  bool batch_executed_ = false;
  Guard guard_;
  std::uint32_t savepoints_ = 0;  // of the transaction, ours and the client's
  std::uint32_t batch_number_ = 0;
  bool ddl_seen_ = false;
  std::uint32_t readies_due_ = 0;  // ReadyForQuery the client still waits for
  std::vector<std::pair<std::string, std::unique_ptr<ReplyDetail>>>
      rewritten_;                 // portals bound to rewritten statements
  bool reselect_due_ = false;     // application_name changed: other policies may apply
  bool skips_cancelled_ = false;  // the client's messages up to its Sync never reach the server
  bool look_up_failed_ = false;   // the last one failed: decide without it, once
  std::string block_error_;  // of a look-up that failed in a block: the client has not heard it yet
};

}  // namespace pgconcord::session
