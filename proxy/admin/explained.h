// What would become of a statement, in words: for the API, the status page, the console and the
// verb `explain`, which share one form of JSON.
#pragma once

#include <string>
#include <vector>

namespace pgconcord::admin {

// Whose statement it would be; empty names match policies that ask for none.
struct ExplainRequest {
  std::string sql, database, user, application;
};

struct ExplainedOutcome {
  std::string moment;    // up_front, on_violation
  std::string violated;  // the constraint; empty up front
  std::string policy, mode, action;
  std::string result;               // rewritten, answered, observed, left_alone
  std::string tag;                  // that the client sees instead of the violation; else empty
  std::string sql;                  // rewritten; empty when left alone
  std::string reason, explanation;  // when left alone
};

struct ExplainedStatement {
  std::string original;
  std::string unread;                      // why nothing is known of it; empty = it was parsed
  std::vector<ExplainedOutcome> outcomes;  // empty: no policy concerns it
};
using Explained = std::vector<ExplainedStatement>;

std::string explained_json(const Explained& statements);

}  // namespace pgconcord::admin
