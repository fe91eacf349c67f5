#include "tests/wire/wire_script.h"

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "policies/catalog.h"
#include "tests/support/golden.h"
#include "tests/support/message_text.h"

namespace pgconcord::wire_test {
namespace {

using test_support::message_bytes;

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// As a string of message_text.h.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::vector<std::string> look_up(std::string_view sql, std::string_view type,
                                 std::string_view parameter) {
  const std::string name = "\"__pgconcord_look_up\"";
  return {"Close S " + name,
          "Parse " + name + ' ' + quoted(sql) + ' ' + std::string(type),
          "Bind " + name + ' ' + name + ' ' + std::string(parameter),
          "Execute " + name + " 0",
          "Close P " + name,
          "Close S " + name,
          "Sync"};
}

// Status `-`: inside a batch, where our question has no Sync.
std::vector<std::string> answer(const std::string& row, std::string_view status) {
  std::vector<std::string> lines = {
      "CloseComplete", "ParseComplete", "BindComplete", row, "CommandComplete \"SELECT 1\"",
      "CloseComplete", "CloseComplete"};
  if (status != "-") lines.push_back("ReadyForQuery " + std::string(status));
  return lines;
}

constexpr std::string_view kNameQuery =
    "/* pgconcord */ SELECT pg_catalog.to_regclass($1)::pg_catalog.oid::pg_catalog.text";

// The lines a line stands for: itself, but for the words of this suite.
std::vector<std::string> expanded(const std::string& line) {
  std::istringstream words(line);
  std::string name;
  std::string first;
  std::string second;
  words >> name >> first >> second;
  if (name == "Violation") {
    return {
        "ErrorResponse S=ERROR V=ERROR C=23505 M=\"duplicate key value\" "
        "D=\"Key (email)=(secret@example.org) already exists.\" s=public t=" +
        first + " n=" + second + " R=_bt_check_unique"};
  }
  if (name == "CatalogLookUp") return look_up(policies::kCatalogQuery, "1009", first);
  if (name == "NameLookUp") return look_up(kNameQuery, "25", quoted(first));
  if (name == "NameLookUpInBatch") {
    std::vector<std::string> lines = look_up(kNameQuery, "25", quoted(first));
    lines.back() = "Flush";
    return lines;
  }
  if (name == "CatalogAnswer") {
    return answer("DataRow " + quoted(known_catalog_json()), first.empty() ? "I" : first);
  }
  if (name == "NameAnswer") return answer("DataRow " + first, second.empty() ? "I" : second);
  return {line};
}

class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {}

  tl::expected<std::vector<Script>, std::string> read() {
    std::istringstream lines(content_of(path_));
    std::string line;
    while (std::getline(lines, line) && error_.empty()) {
      ++number_;
      read_line(line);
    }
    if (error_.empty() && scripts_.empty()) fail("no script");
    if (!error_.empty()) return tl::unexpected(error_);
    return std::move(scripts_);
  }

 private:
  void fail(const std::string& what) {
    if (error_.empty()) error_ = path_ + ':' + std::to_string(number_) + ": " + what;
  }

  void read_line(const std::string& line) {
    if (line.starts_with("=== ")) {
      scripts_.push_back({});
      scripts_.back().name = line.substr(4);
      scripts_.back().file = path_;
      scripts_.back().line = number_;
      in_header_ = true;
      in_reload_ = false;
      return;
    }
    if (line.starts_with("# law: ") && !scripts_.empty()) scripts_.back().law = line.substr(7);
    if (line.empty() || line[0] == '#' || scripts_.empty()) return;
    if (in_reload_ && line[0] == ' ') {
      scripts_.back().reloaded += line.substr(2) + '\n';
    } else if (!conversation(line)) {
      header(line);
    }
  }

  void header(const std::string& line) {
    Script& script = scripts_.back();
    if (!in_header_) return fail("cannot read the line: " + line);
    if (line == "catalog: known") {
      script.known_catalog = true;
    } else {
      script.configuration += line + '\n';
    }
  }

  bool conversation(const std::string& line) {
    if (scripts_.back().steps.empty() && line[0] == ' ') return false;
    const bool understood = peer_line(line) || output_line(line) || event_line(line);
    if (understood) in_header_ = false;
    return understood;
  }

  bool peer_line(const std::string& line) {
    struct Form {
      std::string_view prefix;
      StepKind kind;
      bool verbatim;
    };
    constexpr auto kForms = std::to_array<Form>({
        {"client>>server ", StepKind::ClientBytes, true},
        {"server>>client ", StepKind::ServerBytes, true},
        {"client> ", StepKind::ClientBytes, false},
        {"server> ", StepKind::ServerBytes, false},
    });
    for (const Form& form : kForms) {
      if (!line.starts_with(form.prefix)) continue;
      const std::string text = line.substr(form.prefix.size());
      const bool client = form.kind == StepKind::ClientBytes;
      if (text == "EOF") {
        event(client ? StepKind::ClientEof : StepKind::ServerEof);
        return true;
      }
      Step& step = step_of(form.kind);
      for (const std::string& message : bytes_of(text)) {
        step.messages.push_back(message);
        if (form.verbatim) (client ? step.to_server : step.to_client) += message;
      }
      return true;
    }
    return false;
  }

  bool output_line(const std::string& line) {
    if (line[0] != '>') return false;
    if (scripts_.back().steps.empty()) {
      fail("an output before any input");
      return true;
    }
    Step& step = scripts_.back().steps.back();
    if (line.starts_with(">client ")) {
      for (const std::string& message : bytes_of(line.substr(8))) step.to_client += message;
    } else if (line.starts_with(">server ")) {
      for (const std::string& message : bytes_of(line.substr(8))) step.to_server += message;
    } else {
      const std::set<std::string> known = {
          "connect", "relay cancel", "shutdown server", "close client", "close server",
          "waiting", "next server",  "first server",    "start tls",    "ask"};
      if (!known.contains(line.substr(1))) fail("unknown output: " + line);
      step.flags.insert(line.substr(1));
    }
    return true;
  }

  bool event_line(const std::string& line) {
    const std::string word = line.substr(0, line.find(' '));
    if (word == "login") {
      login(line.substr(5));
    } else if (word == "start") {
      log_in_until_ready(line.substr(5));
    } else if (line == "begin") {
      for (const char* each :
           {"client>>server Query \"BEGIN\"", "server>>client CommandComplete \"BEGIN\"",
            "server>>client ReadyForQuery T"}) {
        peer_line(each);
      }
    } else if (line == "cut") {
      if (!scripts_.back().steps.empty()) scripts_.back().steps.back().closed = true;
    } else if (line == "whole") {
      scripts_.back().only_whole = true;
    } else if (line == "connected") {
      event(StepKind::Connected);
    } else if (line == "connected with tls") {
      event(StepKind::ConnectedWithTls);
    } else if (line == "client secured") {
      event(StepKind::ClientSecured);
    } else if (line == "client secured certificate") {
      event(StepKind::ClientSecuredWithCertificate);
    } else if (line == "unavailable") {
      event(StepKind::Unavailable);
    } else if (line == "drain") {
      event(StepKind::Drain);
    } else if (line == "refuse") {
      event(StepKind::Refuse);
    } else if (line == "reload") {
      event(StepKind::Reload);
      in_reload_ = true;
    } else if (word == "answer") {
      event(StepKind::Answer).answer = line.substr(7);
    } else if (word == "tick") {
      event(StepKind::Tick).elapsed = std::chrono::milliseconds(std::atoi(line.c_str() + 5));
    } else if (word == "metric") {
      metric(line.substr(7));
    } else {
      return false;
    }
    return true;
  }

  // The whole way to the first ReadyForQuery, when nothing of our own comes between.
  void login(const std::string& parameters) {
    log_in_until_ready(parameters);
    peer_line("server>>client ReadyForQuery I");
    scripts_.back().steps.back().closed = true;
  }

  void log_in_until_ready(const std::string& parameters) {
    const std::string packet = parameters.empty() ? " user=app database=shop" : parameters;
    peer_line("client> StartupMessage" + packet);
    output_line(">connect");
    event(StepKind::Connected);
    output_line(">server StartupMessage" + packet);
    for (const char* each :
         {"server>>client AuthenticationOk",
          "server>>client ParameterStatus \"client_encoding\" \"UTF8\"",
          "server>>client ParameterStatus \"standard_conforming_strings\" \"on\"",
          "server>>client BackendKeyData 42 7"}) {
      peer_line(each);
    }
  }

  // family{label="value",...} number
  void metric(const std::string& text) {
    MetricLine metric;
    metric.line = number_;
    const std::size_t brace = text.find('{');
    const std::size_t end = text.rfind(' ');
    std::string family = text.substr(0, std::min(brace, end));
    if (!family.starts_with("pgconcord_")) family = "pgconcord_" + family;
    metric.family = family;
    metric.value = std::atof(text.c_str() + end);
    if (brace != std::string::npos) {
      std::istringstream labels(text.substr(brace + 1, text.rfind('}') - brace - 1));
      for (std::string label; std::getline(labels, label, ',');) metric.labels.push_back(label);
    }
    scripts_.back().metrics.push_back(std::move(metric));
  }

  Step& event(StepKind kind) {
    Step step;
    step.kind = kind;
    step.line = number_;
    step.closed = true;
    scripts_.back().steps.push_back(std::move(step));
    return scripts_.back().steps.back();
  }

  Step& step_of(StepKind kind) {
    auto& steps = scripts_.back().steps;
    if (steps.empty() || steps.back().closed || steps.back().kind != kind) {
      event(kind).closed = false;
    }
    return steps.back();
  }

  std::vector<std::string> bytes_of(const std::string& text) {
    std::vector<std::string> messages;
    for (const std::string& line : expanded(text)) {
      auto bytes = message_bytes(line);
      if (!bytes) {
        fail(bytes.error());
        return {};
      }
      messages.push_back(std::move(*bytes));
    }
    return messages;
  }

  std::string path_;
  std::string error_;
  std::vector<Script> scripts_;
  std::uint32_t number_ = 0;
  bool in_header_ = false;
  bool in_reload_ = false;
};

}  // namespace

tl::expected<std::vector<Script>, std::string> read_scripts(const std::string& path) {
  return Reader(path).read();
}

const std::string& known_catalog_json() {
  static const std::string text = content_of(test_support::source_path("tests/wire/catalog.json"));
  return text;
}

const std::string& known_users_text() {
  static const std::string text = content_of(test_support::source_path("tests/wire/users.txt"));
  return text;
}

}  // namespace pgconcord::wire_test
