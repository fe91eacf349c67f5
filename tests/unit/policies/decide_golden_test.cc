// tests/golden/decide: policies, a situation and a statement -> the clause or the reason, through
// the whole of plan() (parse, decide, splice, proof), on the catalogs that a real server gave for
// tables.sql.
//   policy: {...}            YAML of one policy; `name` is added (p1, p2, ...)
//   role: editor             whose catalog; default owner
//   violation: S T N         after this violation (schema, table, constraint); default: up front
//   situation: a, b          guarded, unresolved, no catalog, no temporary tables, suspended,
//                            observe, share N
//   INSERT ...               everything else
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <variant>

#include "parser/outline.h"
#include "policies/load.h"
#include "policies/plan.h"
#include "tests/support/golden.h"

namespace pgconcord::policies {
namespace {

Catalog read_catalog(const std::string& role) {
  const std::string path =
      test_support::source_path("tests/golden/decide/catalog." + role + ".json");
  std::ifstream file(path);
  const std::string json{std::istreambuf_iterator<char>(file), {}};
  auto catalog = catalog_from_json(json);
  EXPECT_TRUE(catalog) << path << ": " << catalog.error();
  return catalog ? std::move(*catalog) : Catalog("", 0, {});
}

const Catalog& catalog_of(const std::string& role) {
  static std::map<std::string, Catalog> read;
  const auto known = read.find(role);
  return known != read.end() ? known->second : read.emplace(role, read_catalog(role)).first->second;
}

struct Case {
  std::string policies;
  std::string role = "owner";
  std::optional<std::array<std::string, 3>> violation;
  std::string situation;
  std::string sql;

  bool says(std::string_view word) const { return situation.find(word) != std::string::npos; }
};

void add_policy(Case& out, std::string_view yaml, int number) {
  out.policies +=
      "  - {name: p" + std::to_string(number) + ", " + std::string(yaml.substr(1)) + "\n";
}

Case read_case(const std::string& input) {
  Case out;
  std::istringstream lines(input);
  int policies = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(": ");
    const std::string key = line.substr(0, colon);
    const std::string value = colon == std::string::npos ? "" : line.substr(colon + 2);
    if (key == "policy") {
      add_policy(out, value, ++policies);
    } else if (key == "role") {
      out.role = value;
    } else if (key == "violation") {
      std::istringstream words(value);
      out.violation.emplace();
      for (std::string& word : *out.violation) words >> word;
    } else if (key == "situation") {
      out.situation = value;
    } else {
      out.sql += (out.sql.empty() ? "" : "\n") + line;
    }
  }
  return out;
}

std::uint8_t share(const Case& wanted) {
  const std::size_t at = wanted.situation.find("share ");
  return at == std::string::npos
             ? std::uint8_t{0}
             : static_cast<std::uint8_t>(std::stoi(wanted.situation.substr(at + 6)));
}

// What a session with search_path = public would find.
Oid resolved(const Case& wanted, const parser::Statement& statement, const Catalog& catalog) {
  const auto* insert = std::get_if<parser::Insert>(&statement);
  const auto* update = std::get_if<parser::Update>(&statement);
  const auto* copy = std::get_if<parser::Copy>(&statement);
  if (std::holds_alternative<parser::Other>(statement) || wanted.says("unresolved")) return 0;
  const parser::RelationName& name = insert != nullptr   ? insert->table
                                     : update != nullptr ? update->table
                                                         : copy->table;
  const Table* table = catalog.find(name.schema.empty() ? "public" : name.schema, name.name);
  return table == nullptr ? 0 : table->oid;
}

// The clause, or the whole statement where it is another one.
std::string changed_text(const Plan& plan, const std::string& sql, const parser::Outline& outline) {
  switch (plan.decision.remedy) {
    case Remedy::AddClause:
      return plan.edit ? parser::apply(sql, {*plan.edit}) : plan.clause;
    case Remedy::InsertForm:
      return plan.decision.insert_form.columns.empty()
                 ? "an insert form"
                 : parser::apply(sql, {edit_of(plan, sql, outline.statements[0])});
    case Remedy::StageRows:
      return plan.decision.staging.columns.empty()
                 ? "a staging table"
                 : parser::apply(sql, {edit_of(plan, sql, outline.statements[0])});
    case Remedy::ReportNoRows:
      return "UPDATE 0 is reported";
  }
  return "";
}

std::string describe(const Plan& plan, const std::string& sql, const parser::Outline& outline) {
  const Decision& decision = plan.decision;
  if (decision.policy == nullptr) {
    return decision.reason == Reason::None
               ? "no policy concerns it\n"
               : "no facts: " + std::string(label(decision.reason)) + "\n";
  }
  std::string by = " by " + decision.policy->name + "\n";
  if (decision.reason != Reason::None) {
    return "left alone: " + std::string(label(decision.reason)) + by;
  }
  std::string text = changed_text(plan, sql, outline) + "\n" + decision.constraint + " of " +
                     decision.schema + "." + decision.table_name;
  if (decision.tag_counts_skipped_rows) text += ", the tag counts skipped rows";
  return text + by;
}

std::string run(const test_support::GoldenCase& golden) {
  const Case wanted = read_case(golden.input);
  const std::string yaml = std::string("version: 1\nmode: ") +
                           (wanted.says("observe") ? "observe" : "enforce") + "\npolicies:\n" +
                           wanted.policies;
  const auto config = load_text(yaml, "case.yaml");
  if (!config) return render(config.error());
  const Selection selection = select(config->policies, "db", "user", "app", share(wanted), 1);
  const Catalog& known = catalog_of(wanted.role);
  const Catalog without_temporary_tables(known.role(), known.server_version_num(), known.tables());
  const Catalog& catalog = wanted.says("no temporary tables") ? without_temporary_tables : known;
  Suspensions suspensions;
  if (wanted.says("suspended")) suspensions.add({"p1", "public", "users", catalog.role(), "42P10"});

  parser::Outline outline;
  parser::outline(wanted.sql, outline);
  PlanCache plans(PlanLimits{});
  const ShapeRef shape = plans.shape(wanted.sql, outline);
  if (shape->statements.empty()) return "no facts: " + std::string(label(shape->reason)) + "\n";

  Situation situation;
  situation.selection = &selection;
  situation.suspensions = &suspensions;
  situation.guarded = wanted.says("guarded");
  if (!wanted.says("no catalog")) {
    situation.catalog = &catalog;
    situation.table = resolved(wanted, shape->statements[0], catalog);
  }
  if (wanted.violation) {
    situation.moment = Moment::AfterViolation;
    situation.violated_schema = (*wanted.violation)[0];
    situation.violated_table = (*wanted.violation)[1];
    situation.violated_constraint = (*wanted.violation)[2];
  }
  return describe(*plans.plan(wanted.sql, outline, 0, situation), wanted.sql, outline);
}

class DecideGolden : public testing::TestWithParam<std::string> {};

TEST_P(DecideGolden, DecidesAsWritten) { test_support::expect_golden(GetParam(), run); }

INSTANTIATE_TEST_SUITE_P(Files, DecideGolden,
                         testing::ValuesIn(test_support::golden_files("tests/golden/decide")),
                         [](const auto& file) {
                           std::string name = file.param.substr(file.param.rfind('/') + 1);
                           name.resize(name.rfind('.'));
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace pgconcord::policies
