#include "proxy/console/statement.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "proxy/console/select_list.h"
#include "proxy/console/words.h"

namespace pgconcord::console {
namespace {

using Words = std::vector<Word>;
using Read = tl::expected<Statement, Refusal>;

struct Subject {
  std::string_view name;
  Topic topic;
  std::string_view tells;
};
constexpr std::array<Subject, 9> kSubjects = {{
    {"violations", Topic::Violations, "what was violated, by whom, how often and why"},
    {"policies", Topic::Policies, "mode, state and effect of each policy"},
    {"rewrites", Topic::Rewrites, "statements that were rewritten or, in observe, would have been"},
    {"left_alone", Topic::LeftAlone, "writes a policy left alone, by reason"},
    {"suggestions", Topic::Suggestions, "what to do about each violated constraint, with YAML"},
    {"sessions", Topic::Sessions, "who is connected, and in which state"},
    {"catalog", Topic::Catalog, "the unique constraints that are known to the proxy"},
    {"config", Topic::Config, "the effective configuration, without secrets"},
    {"version", Topic::Version, "what this build is"},
}};

// Commands that drivers send and that mean nothing here. Their tag is their first word in capitals,
// except where PostgreSQL's has two.
struct Ignored {
  std::string_view first, second, tag;  // an empty second word = any
};
constexpr std::array<Ignored, 9> kIgnored = {{
    {"set", "", "SET"},
    {"reset", "", "RESET"},
    {"discard", "all", "DISCARD ALL"},
    {"discard", "", "DISCARD"},
    {"unlisten", "", "UNLISTEN"},
    {"close", "all", "CLOSE CURSOR ALL"},
    {"savepoint", "", "SAVEPOINT"},
    {"release", "", "RELEASE"},
    {"checkpoint", "", "CHECKPOINT"},
}};

bool is_name(const Words& words, std::size_t at, std::string_view name) {
  return at < words.size() && words[at].kind == Word::Kind::Name && words[at].text == name;
}

bool is_identifier(const Words& words, std::size_t at) {
  return at < words.size() &&
         (words[at].kind == Word::Kind::Name || words[at].kind == Word::Kind::Quoted);
}

Statement simple(Kind kind, std::string tag) {
  Statement statement;
  statement.kind = kind;
  statement.tag = std::move(tag);
  return statement;
}

Statement asks(Question question, std::string tag) {
  Statement statement = simple(Kind::Asks, std::move(tag));
  statement.columns = columns_of(question.topic);
  statement.question = std::move(question);
  return statement;
}

tl::unexpected<Refusal> unknown() {
  return tl::unexpected(Refusal{"42601", "the console does not know this statement", "",
                                "Use SHOW HELP for a list."});
}

Statement help() {
  Statement statement = simple(Kind::Tells, "SHOW");
  statement.columns = {{"statement"}, {"tells"}};
  const auto add = [&](std::string name, std::string_view tells) {
    statement.rows.push_back({std::move(name), std::string(tells)});
  };
  for (const Subject& each : kSubjects) {
    std::string name(each.name);
    for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    add("SHOW " + name, each.tells);
  }
  add("SHOW HELP", "this list");
  add("EXPLAIN REWRITE <sql>", "what would become of a statement, and why");
  add("RELOAD", "reads the configuration anew");
  add("SET POLICY <name> MODE <mode>",
      "off, observe or enforce, up to the file's ceiling, until the next reload");
  return statement;
}

// Joined as in `SHOW TRANSACTION ISOLATION LEVEL`, `SHOW TIME ZONE`.
std::string setting_name(const Words& words) {
  std::string name;
  for (std::size_t i = 1; i < words.size(); ++i) name += (i > 1 ? " " : "") + words[i].text;
  if (name == "transaction isolation level") return "transaction_isolation";
  if (name == "session authorization") return "session_authorization";
  return name == "time zone" ? "timezone" : name;
}

Read read_show(const Words& words, const Identity& who) {
  if (words.size() == 2) {
    if (words[1].text == "help") return help();
    for (const Subject& each : kSubjects) {
      if (is_name(words, 1, each.name)) return asks({each.topic}, "SHOW");
    }
  }
  const std::string name = setting_name(words);
  auto value = setting(name, who);
  if (!value) return unknown();
  Statement statement = simple(Kind::Tells, "SHOW");
  statement.columns = {{name}};
  statement.rows = {{*std::move(value)}};
  return statement;
}

// A policy's name holds hyphens, which are symbols here: it is the text up to MODE.
Read read_set_policy(std::string_view sql, const Words& words) {
  const tl::unexpected<Refusal> wrong(
      Refusal{"42601", "SET POLICY needs a name and a mode", "",
              "Write SET POLICY <name> MODE off, observe or enforce."});
  const std::size_t count = words.size();
  if (count < 5 || !is_name(words, count - 2, "mode")) return wrong;
  const Word& mode = words[count - 1];
  if (mode.kind == Word::Kind::Symbol || mode.kind == Word::Kind::Number) return wrong;
  std::string name;
  if (count == 5 && words[2].kind != Word::Kind::Name) {
    name = words[2].text;
  } else {
    name = sql.substr(words[2].begin, words[count - 3].end - words[2].begin);
  }
  return asks({Topic::SetPolicy, std::move(name), mode.text}, "SET");
}

// The console writes UTF-8 only, and says so in client_encoding.
bool asks_for_other_encoding(const Words& words) {
  const std::size_t name = is_name(words, 1, "session") || is_name(words, 1, "local") ? 2 : 1;
  const bool names = is_name(words, name, "names");
  if (!names && !is_name(words, name, "client_encoding")) return false;
  std::string value = words.back().text;
  std::erase_if(value, [](char c) { return c == '-' || c == '_'; });
  for (char& c : value) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  constexpr auto kFits =
      std::to_array<std::string_view>({"utf8", "unicode", "sqlascii", "default"});
  return std::find(kFits.begin(), kFits.end(), value) == kFits.end();
}

Read read_set(std::string_view sql, const Words& words) {
  if (is_name(words, 1, "policy")) return read_set_policy(sql, words);
  if (words.size() < 3) return unknown();
  if (asks_for_other_encoding(words)) {
    return tl::unexpected(
        Refusal{"22023", "the console speaks UTF8 only", "", "Use client_encoding = 'UTF8'."});
  }
  return simple(Kind::Nothing, "SET");
}

Read read_explain(std::string_view sql, const Words& words) {
  if (!is_name(words, 1, "rewrite")) return unknown();
  if (words.size() < 3) {
    return tl::unexpected(Refusal{"42601", "EXPLAIN REWRITE needs a statement", "",
                                  "Write EXPLAIN REWRITE INSERT INTO ..."});
  }
  return asks({Topic::Explain, std::string(sql.substr(words[2].begin))}, "EXPLAIN");
}

std::optional<Statement> read_transaction(const Words& words) {
  const std::string& first = words[0].text;
  if (first == "begin") return simple(Kind::Begin, "BEGIN");
  if (first == "start" && is_name(words, 1, "transaction")) {
    return simple(Kind::Begin, "START TRANSACTION");
  }
  if (first == "commit" || first == "end") return simple(Kind::Commit, "COMMIT");
  if (first != "rollback" && first != "abort") return std::nullopt;
  const bool to_savepoint = std::any_of(words.begin(), words.end(), [](const Word& word) {
    return word.kind == Word::Kind::Name && word.text == "to";
  });
  return simple(to_savepoint ? Kind::RollbackTo : Kind::Rollback, "ROLLBACK");
}

Read read_deallocate(const Words& words) {
  const std::size_t at = is_name(words, 1, "prepare") && words.size() == 3 ? 2 : 1;
  if (words.size() != at + 1 || !is_identifier(words, at)) return unknown();
  Statement statement = simple(Kind::Deallocate, "DEALLOCATE");
  const bool all = is_name(words, at, "all");
  if (all) {
    statement.tag = "DEALLOCATE ALL";
  } else {
    statement.name = words[at].text;
  }
  return statement;
}

Read read_select(const Words& words, const Identity& who) {
  auto statement = read_select_list({words.begin() + 1, words.end()}, who);
  if (statement) return *std::move(statement);
  return tl::unexpected(Refusal{"0A000", "the console knows no tables and no such expression",
                                "It is a virtual database: its statements are fixed.",
                                "Use SHOW HELP for a list."});
}

}  // namespace

Read read_statement(std::string_view sql, const Identity& who) {
  const Words words = words_of(sql);
  if (words.empty()) return Statement{};
  if (words[0].kind != Word::Kind::Name) return unknown();
  const std::string& first = words[0].text;
  if (first == "show") return words.size() > 1 ? read_show(words, who) : unknown();
  if (first == "explain") return read_explain(sql, words);
  if (first == "select") return read_select(words, who);
  if (first == "set") return read_set(sql, words);
  if (first == "reload" && words.size() == 1) return asks({Topic::Reload}, "RELOAD");
  if (first == "deallocate") return read_deallocate(words);
  if (auto transaction = read_transaction(words)) return *std::move(transaction);
  for (const Ignored& each : kIgnored) {
    const bool fits =
        first == each.first && (each.second.empty() || is_name(words, 1, each.second));
    if (fits) return simple(Kind::Nothing, std::string(each.tag));
  }
  return unknown();
}

}  // namespace pgconcord::console
