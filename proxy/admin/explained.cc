#include "proxy/admin/explained.h"

#include <nlohmann/json.hpp>

namespace pgconcord::admin {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const ExplainedOutcome& outcome) {
  Json json = {{"moment", outcome.moment}};
  if (!outcome.violated.empty()) json["violated"] = outcome.violated;
  json["policy"] = outcome.policy;
  json["mode"] = outcome.mode;
  json["action"] = outcome.action;
  json["result"] = outcome.result;
  if (!outcome.tag.empty()) {
    json["tag"] = outcome.tag;
  } else if (outcome.reason.empty()) {
    json["sql"] = outcome.sql;
  } else {
    json["reason"] = outcome.reason;
    json["explanation"] = outcome.explanation;
  }
  return json;
}

}  // namespace

std::string explained_json(const Explained& statements) {
  Json json = {{"statements", Json::array()}};
  for (const ExplainedStatement& each : statements) {
    Json statement = {{"original", each.original}, {"outcomes", Json::array()}};
    if (!each.unread.empty()) statement["unread"] = each.unread;
    for (const ExplainedOutcome& outcome : each.outcomes) {
      statement["outcomes"].push_back(json_of(outcome));
    }
    json["statements"].push_back(std::move(statement));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace pgconcord::admin
