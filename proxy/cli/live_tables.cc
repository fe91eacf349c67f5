// `pgconcord violations`, `policies`, `sessions` and `suggest`: what a running proxy says of
// itself, as tables.
#include "proxy/cli/live_tables.h"

#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "proxy/admin/client.h"
#include "proxy/cli/table.h"
#include "proxy/cli/verbs.h"

namespace pgconcord::cli {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kWatchEvery{2};
constexpr const char* kClearScreen = "\x1b[H\x1b[2J";

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// {"race": 3} -> "race 3"
std::string counts_of(const Json& counts) {
  std::string text;
  for (const auto& [name, count] : counts.items()) {
    text += (text.empty() ? "" : ", ") + name + " " + std::to_string(count.get<long>());
  }
  return text.empty() ? "-" : text;
}

std::string violations_text(const Json& document, std::size_t most) {
  Table table({"COUNT", "TABLE", "CONSTRAINT", "KIND", "BY", "APPLICATION", "CAUSE", "OUTCOME",
               "LAST SEEN", "STATEMENT"});
  std::size_t shown = 0;
  for (const Json& each : document.at("violations")) {
    if (shown++ == most) break;
    table.add({text_of(each.at("count")),
               text_of(each.at("schema")) + "." + text_of(each.at("table")),
               text_of(each.at("constraint")), text_of(each.at("kind")),
               text_of(each.at("statement")), text_of(each.at("application")),
               counts_of(each.at("causes")), counts_of(each.at("outcomes")),
               text_of(each.at("last_seen")), text_of(each.at("text")).substr(0, 80)});
  }
  return shown == 0 ? "no violations since the start\n" : table.text();
}

std::string policies_text(const Json& document, std::size_t) {
  Table table({"POLICY", "MODE", "TABLE", "CONSTRAINT", "ACTION", "REWRITTEN", "OBSERVED",
               "ABSORBED", "LEFT ALONE"});
  for (const Json& each : document.at("policies")) {
    const bool suspended = each.at("suspended").get<bool>();
    table.add({text_of(each.at("name")),
               text_of(each.at("mode")) + (suspended ? " (suspended)" : ""),
               text_of(each.at("table")), text_of(each.at("constraint")),
               text_of(each.at("action")), std::to_string(each.at("rewritten").get<long>()),
               std::to_string(each.at("observed").get<long>()),
               std::to_string(each.at("absorbed").get<long>()), counts_of(each.at("left_alone"))});
  }
  return document.at("policies").empty() ? "no policies: nothing is rewritten\n" : table.text();
}

std::string sessions_text(const Json& document, std::size_t most) {
  Table table({"SESSION", "DATABASE", "USER", "APPLICATION", "STATE", "SINCE", "STATEMENTS",
               "VIOLATIONS", "REWRITTEN", "SERVER PID"});
  std::size_t shown = 0;
  for (const Json& each : document.at("sessions")) {
    if (shown++ == most) break;
    table.add({text_of(each.at("id")), text_of(each.at("database")), text_of(each.at("user")),
               text_of(each.at("application")), text_of(each.at("state")),
               text_of(each.at("since")), text_of(each.at("statements")),
               text_of(each.at("violations")), text_of(each.at("rewrites")),
               text_of(each.at("backend_pid"))});
  }
  if (shown == 0) return "nobody is connected\n";
  const std::size_t all = document.at("sessions").size();
  return table.text() + (all > most ? std::to_string(all - most) + " more\n" : "");
}

using Render = std::string (*)(const Json&, std::size_t);

int show_once(const Options& options, const std::string& path, Render render) {
  const auto reply = admin::get(options.admin_url, path);
  if (!reply) {
    std::cerr << reply.error() << '\n';
    return kProblem;
  }
  if (reply->status != 200) {
    std::cerr << options.admin_url << path << " answered " << reply->status << '\n';
    return kProblem;
  }
  if (options.format == Format::Json) {
    std::cout << reply->body << std::flush;
    return kOk;
  }
  try {
    std::cout << render(Json::parse(reply->body), options.top) << std::flush;
  } catch (const Json::exception&) {
    std::cerr << options.admin_url << path << " is not the interface of a pgconcord\n";
    return kProblem;
  }
  return kOk;
}

int show(const Options& options, const std::string& path, Render render) {
  while (options.watch) {
    std::cout << kClearScreen;
    if (const int status = show_once(options, path, render); status != kOk) return status;
    std::this_thread::sleep_for(kWatchEvery);
  }
  return show_once(options, path, render);
}

}  // namespace

std::string suggestions_text(const Json& document, std::size_t most) {
  std::string text = "policies:\n";
  std::size_t shown = 0;
  for (const Json& each : document.at("suggestions")) {
    if (shown++ == most) break;
    text += "  # " + text_of(each.at("schema")) + "." + text_of(each.at("table")) + " " +
            text_of(each.at("constraint")) + ": " + text_of(each.at("verdict")) + "\n  #   " +
            text_of(each.at("evidence")) + "\n  #   " + text_of(each.at("advice")) + "\n";
    if (!each.at("sql").empty() && !text_of(each.at("sql")).empty()) {
      text += "  #   " + text_of(each.at("sql")) + "\n";
    }
    for (const Json& caution : each.at("cautions")) {
      text += "  #   - " + text_of(caution) + "\n";
    }
    text += text_of(each.at("policy"));
  }
  return shown == 0 ? "no violations since the start: nothing to suggest\n" : text;
}

int violations(const Options& options) {
  return show(options, "/api/v1/violations", violations_text);
}
int policies_in_force(const Options& options) {
  return show(options, "/api/v1/policies", policies_text);
}
int sessions(const Options& options) { return show(options, "/api/v1/sessions", sessions_text); }
int suggest(const Options& options) {
  if (!options.from_log.empty()) return suggest_from_log(options);
  return show(options, "/api/v1/suggestions", suggestions_text);
}

}  // namespace pgconcord::cli
