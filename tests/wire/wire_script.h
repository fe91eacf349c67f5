// Wire scripts: one conversation of a client and a server through a Session, as text.
//
//   === A name, a sentence
//   # law: the rule that it pins
//   auth: {mode: scram, users_file: users.txt}    users.txt is read, both nonces are 18 times `A`
//   policies: [...]            configuration, everything up to the first line of the conversation
//   catalog: known             catalog.json is in the cache for role `app` beforehand
//   login [NAME=VALUE...]      the start-up of a session, with its outputs
//   start [NAME=VALUE...]      the same up to the server's first ReadyForQuery
//   begin                      Query "BEGIN" and its reply
//   client> MESSAGE            input; lines of one peer in a row are one call
//   server> MESSAGE
//   >server MESSAGE            expected output of the call above, exactly
//   >client MESSAGE
//   client>>server MESSAGE     input that comes out verbatim
//   server>>client MESSAGE
//   cut                        what follows is another call
//   client> EOF, server> EOF, connected, unavailable, tick MILLISECONDS, drain, refuse, reload
//   client secured [certificate], connected with tls
//   answer KEY=VALUE...        the console's question is answered with a row of two texts each, or
//   answer refused             with a refusal
//   >ask                       a question of the console
//   >connect, >relay cancel, >client tls, >shutdown server, >close client, >close server, >waiting
//   whole                      the moment of arrival matters: this one is not cut
//   metric left_alone{policy="signup",reason="guarded"} 1
//
// MESSAGE is a line of tests/support/message_text.h or one of: Violation TABLE CONSTRAINT,
// CatalogLookUp "{names}", CatalogAnswer [STATUS], NameLookUp "table", NameAnswer "oid"|NULL
// [STATUS],

// `>waiting`: the session does not want to read the client. A metric's labels are those to be
// looked at; matching series are summed. What is counted for violations, rewrites and refusals must
// be listed to the last one.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace pgconcord::wire_test {

enum class StepKind : std::uint8_t {
  ClientBytes,
  ServerBytes,
  ClientEof,
  ServerEof,
  Connected,
  ConnectedWithTls,
  ClientSecured,
  ClientSecuredWithCertificate,
  Unavailable,
  Tick,
  Drain,
  Refuse,
  Reload,
  Answer,
};

struct Step {
  StepKind kind = StepKind::ClientBytes;
  std::uint32_t line = 0;
  std::vector<std::string> messages;     // the input, in messages
  std::chrono::milliseconds elapsed{0};  // Tick
  std::string answer;                    // Answer
  std::string to_client, to_server;      // the expected outputs
  std::set<std::string> flags;           // the expected changes: "connect", "close client", ...
  bool closed = false;                   // a further line of the same peer is another step
};

struct MetricLine {
  std::uint32_t line = 0;
  std::string family;               // with prefix and suffix
  std::vector<std::string> labels;  // `name="value"`
  double value = 0;
};

struct Script {
  std::string name, file;
  std::uint32_t line = 0;
  std::string law;
  std::string configuration;  // YAML; empty = the defaults
  std::string reloaded;       // YAML behind a `reload` event
  bool known_catalog = false;
  bool only_whole = false;
  std::vector<Step> steps;
  std::vector<MetricLine> metrics;
};

// Every script of a file, or what is wrong with it.
[[nodiscard]] tl::expected<std::vector<Script>, std::string> read_scripts(const std::string& path);

// catalog.json, as the server would send it.
const std::string& known_catalog_json();
// users.txt, for scripts with `users_file`.
const std::string& known_users_text();

}  // namespace pgconcord::wire_test
