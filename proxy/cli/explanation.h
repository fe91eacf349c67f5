// What would become of each statement of a text, for every moment at which a policy could act on
// it.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "policies/config.h"
#include "policies/decide.h"
#include "proxy/admin/explained.h"
#include "proxy/cli/catalog_source.h"

namespace pgconcord::cli {

struct Outcome {
  policies::Moment moment = policies::Moment::UpFront;
  std::string violated;         // AfterViolation: the constraint
  policies::Decision decision;  // a policy is always set
  std::string sql;              // the whole text rewritten; empty when left alone
};

struct StatementExplanation {
  std::string sql;                // as written
  std::string reason_unread;      // why nothing is known of it; empty = it was parsed
  std::vector<Outcome> outcomes;  // empty: no policy concerns it
};

// Whose statement it would be.
struct Speaker {
  std::string database, user, application;
};

// `source` is null when there is no catalog to ask.
[[nodiscard]] tl::expected<std::vector<StatementExplanation>, std::string> explain_text(
    const std::string& sql, const policies::Config& config, const Speaker& speaker,
    const CatalogSource* source);

// A violation that the client sees as this tag instead: no text is sent.
inline constexpr const char* kNoRows = "UPDATE 0";
bool reports_no_rows(const Outcome& outcome);

// In words.
admin::Explained in_words(const std::vector<StatementExplanation>& explanations);

}  // namespace pgconcord::cli
