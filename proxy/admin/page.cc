#include "proxy/admin/page.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "proxy/admin/report.h"

namespace pgconcord::admin {
namespace {

constexpr std::size_t kRowsMax = 50;

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--line:#8884;--quiet:#777}
body{font:15px/1.45 system-ui,sans-serif;max-width:78rem;margin:1.5rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%;display:block;overflow-x:auto}
th,td{text-align:left;vertical-align:top;padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--line)}
td.n{text-align:right;font-variant-numeric:tabular-nums}th{font-weight:600;white-space:nowrap}
code,pre{font:13px/1.4 ui-monospace,monospace}pre{padding:.6rem;border:1px solid var(--line);overflow-x:auto}
textarea,input{font:13px/1.4 ui-monospace,monospace;box-sizing:border-box;padding:.4rem}
textarea{width:100%;height:6rem}
.q{color:var(--quiet)}.w{font-weight:600}
)";

std::string escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '&':
        html += "&amp;";
        break;
      case '"':
        html += "&quot;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string whole(double number) { return std::to_string(std::llround(number)); }

std::string cell(std::string_view text) { return "<td>" + escaped(text) + "</td>"; }
std::string number_cell(std::string_view text) {
  return "<td class=\"n\">" + escaped(text) + "</td>";
}
std::string code_cell(std::string_view text) {
  return "<td><code>" + escaped(text) + "</code></td>";
}

std::string table_head(std::initializer_list<std::string_view> titles) {
  std::string html = "<table><thead><tr>";
  for (const std::string_view title : titles) html += "<th>" + escaped(title) + "</th>";
  return html + "</tr></thead><tbody>\n";
}

// "race 12, unknown 3"
template <class Label, std::size_t kSize>
std::string listed(const std::array<std::uint64_t, kSize>& counts) {
  std::string text;
  for (std::size_t i = 0; i < kSize; ++i) {
    if (counts[i] == 0) continue;
    if (!text.empty()) text += ", ";
    text += std::string(metrics::label(static_cast<Label>(i))) + " " + std::to_string(counts[i]);
  }
  return text;
}

std::string violation_rows(const std::vector<metrics::IncidentGroup>& groups) {
  std::string html;
  for (std::size_t i = 0; i < std::min(groups.size(), kRowsMax); ++i) {
    const metrics::IncidentGroup& group = groups[i];
    const metrics::Violation& violation = group.violation;
    html += "<tr>" + number_cell(std::to_string(group.count)) +
            cell(violation.schema + "." + violation.table) + cell(violation.constraint) +
            cell(std::string(violation.kind) + " by " + std::string(violation.statement)) +
            cell(group.application) + cell(listed<metrics::Cause>(group.causes)) +
            cell(listed<metrics::Outcome>(group.outcomes)) + cell(utc(group.last_seen)) +
            code_cell(group.text) + "</tr>\n";
  }
  return html;
}

std::string violations_section(const Overview& overview) {
  std::string html = "<h2>Violations</h2>\n";
  if (overview.violations.empty()) {
    return html + "<p class=\"q\">None has been seen since the start.</p>\n";
  }
  html += table_head({"count", "table", "constraint", "kind", "application", "cause", "outcome",
                      "last seen", "statement"});
  return html + violation_rows(overview.violations) + "</tbody></table>\n";
}

std::string left_alone_text(const PolicyEffect& effect) {
  std::string text;
  for (const auto& [reason, count] : effect.left_alone) {
    text += (text.empty() ? "" : ", ") + reason + " " + whole(count);
  }
  return text;
}

std::string policies_section(const Overview& overview) {
  std::string html = "<h2>Policies</h2>\n";
  if (overview.policies.empty()) {
    return html + "<p class=\"q\">There are none: nothing is rewritten.</p>\n";
  }
  html += table_head({"policy", "mode", "table", "constraint", "action", "rewritten", "observed",
                      "absorbed", "left alone"});
  for (const PolicyEffect& effect : overview.policies) {
    html += "<tr>" + cell(effect.name) +
            cell(effect.suspended ? effect.mode + ", suspended" : effect.mode) +
            cell(effect.table) + cell(effect.constraint) +
            cell(effect.action + " (" + effect.apply + ")") + number_cell(whole(effect.rewritten)) +
            number_cell(whole(effect.observed)) + number_cell(whole(effect.absorbed)) +
            cell(left_alone_text(effect)) + "</tr>\n";
  }
  return html + "</tbody></table>\n";
}

std::string sessions_section(const Overview& overview) {
  const auto& sessions = overview.sessions;
  std::string html =
      "<h2>Sessions <span class=\"q\">" + std::to_string(sessions.size()) + "</span></h2>\n";
  if (sessions.empty()) return html + "<p class=\"q\">Nobody is connected.</p>\n";
  html += table_head({"session", "database", "user", "application", "state", "since", "statements",
                      "violations", "rewritten", "server process"});
  for (std::size_t i = 0; i < std::min(sessions.size(), kRowsMax); ++i) {
    const metrics::SessionFacts& session = sessions[i];
    html += "<tr>" + number_cell(std::to_string(session.id)) + cell(session.database) +
            cell(session.user) + cell(session.application) + cell(metrics::label(session.state)) +
            cell(utc(session.since)) + number_cell(std::to_string(session.statements)) +
            number_cell(std::to_string(session.violations)) +
            number_cell(std::to_string(session.rewrites)) +
            number_cell(std::to_string(session.backend_pid)) + "</tr>\n";
  }
  return html + "</tbody></table>\n";
}

std::string outcome_html(const ExplainedOutcome& outcome) {
  std::string html = "<li>";
  html += outcome.violated.empty()
              ? "Before it is sent, in a transaction block or pipeline"
              : "After a violation of <code>" + escaped(outcome.violated) + "</code>";
  html += ", policy <b>" + escaped(outcome.policy) + "</b> (" + escaped(outcome.mode) + ", " +
          escaped(outcome.action) + "): ";
  if (!outcome.reason.empty()) {
    return html + "left alone, <b>" + escaped(outcome.reason) + "</b>. " +
           escaped(outcome.explanation);
  }
  if (!outcome.tag.empty()) {
    html += outcome.result == "observed" ? "would be" : "is";
    return html + " answered with <code>" + escaped(outcome.tag) + "</code>";
  }
  html += outcome.result == "observed" ? "would become" : "becomes";
  return html + "<pre>" + escaped(outcome.sql) + "</pre>";
}

std::string statement_html(const ExplainedStatement& statement) {
  std::string html = "<pre>" + escaped(statement.original) + "</pre>\n";
  if (!statement.unread.empty()) {
    return html + "<p>Forwarded as it is: " + escaped(statement.unread) + "</p>\n";
  }
  if (statement.outcomes.empty()) {
    return html + "<p>Forwarded as it is: no policy concerns it.</p>\n";
  }
  html += "<ul>";
  for (const ExplainedOutcome& outcome : statement.outcomes) html += outcome_html(outcome);
  return html + "</ul>\n";
}

std::string field_html(std::string_view name, std::string_view value) {
  const std::string text = escaped(name);
  return R"(<label class="q">as )" + text + " <input name=\"" + text + "\" value=\"" +
         escaped(value) + "\" size=\"14\"></label> ";
}

// Sent without a script: the answer is this page again.
std::string explain_section(const Overview& overview) {
  const ExplainRequest asked =
      overview.explanation ? overview.explanation->request : ExplainRequest{};
  std::string html =
      "<h2>Explain a statement</h2>\n<form method=\"post\" action=\"api/v1/explain\">"
      "<textarea name=\"sql\" aria-label=\"statement\" placeholder=\"INSERT INTO ...\" "
      "required>" +
      escaped(asked.sql) + "</textarea><p>" + field_html("database", asked.database) +
      field_html("user", asked.user) + field_html("application", asked.application) +
      "<button>Explain</button></p></form>\n";
  if (!overview.explanation) return html;
  for (const ExplainedStatement& each : overview.explanation->statements) {
    html += statement_html(each);
  }
  if (overview.explanation->statements.empty()) html += "<p>There is no statement in it.</p>\n";
  return html;
}

std::string suggestion_html(const Suggestion& suggestion) {
  std::string html = "<h3>" + escaped(suggestion.constraint) + " <span class=\"q\">on " +
                     escaped(suggestion.schema + "." + suggestion.table) + ": " +
                     escaped(label(suggestion.verdict)) + "</span></h3>\n<p>" +
                     escaped(suggestion.evidence) + "<br>" + escaped(suggestion.advice) + "</p>\n";
  if (!suggestion.yaml.empty()) {
    html += "<pre>policies:\n" + escaped(suggestion.yaml) + "</pre>\n";
  }
  if (!suggestion.sql.empty()) html += "<pre>" + escaped(suggestion.sql) + "</pre>\n";
  if (suggestion.cautions.empty()) return html;
  html += "<ul class=\"q\">";
  for (const std::string& caution : suggestion.cautions) html += "<li>" + escaped(caution);
  return html + "</ul>\n";
}

std::string suggestions_section(const Overview& overview) {
  const std::vector<Suggestion> list = suggestions(overview.violations);
  if (list.empty()) return {};
  std::string html = "<h2>Suggestions</h2>\n";
  for (std::size_t i = 0; i < std::min(list.size(), kRowsMax); ++i)
    html += suggestion_html(list[i]);
  return html;
}

}  // namespace

std::string page(const Overview& overview, unsigned refresh_seconds) {
  std::string html =
      "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\">";
  if (refresh_seconds > 0) {
    html += R"(<meta http-equiv="refresh" content=")" + std::to_string(refresh_seconds) + "\">";
  }
  // Answered at api/v1/explain: the links are those of the page all the same.
  if (overview.explanation) html += R"(<base href="../../">)";
  html += "<title>pgconcord</title><style>" + std::string(kStyle) +
          "</style></head>\n<body>\n<h1>pgconcord <span class=\"q\">" + escaped(overview.version) +
          "</span></h1>\n<p>mode <b>" + escaped(overview.mode) + "</b>, ";
  html += overview.not_ready.empty()
              ? "ready"
              : "<span class=\"w\">not ready: " + escaped(overview.not_ready) + "</span>";
  html += refresh_seconds > 0 ? " &middot; <a href=\".\">stop refreshing</a>"
                              : " &middot; <a href=\"live\">refresh every 10 s</a>";
  html += "</p>\n";
  if (overview.explanation) html += explain_section(overview);
  html += violations_section(overview) + policies_section(overview) +
          suggestions_section(overview) + sessions_section(overview);
  if (!overview.explanation) html += explain_section(overview);
  return html +
         "<p class=\"q\"><a href=\"metrics\">metrics</a> <a href=\"healthz\">healthz</a> "
         "<a href=\"readyz\">readyz</a> <a href=\"version\">version</a> "
         "<a href=\"api/v1/violations\">violations</a> <a href=\"api/v1/policies\">policies</a> "
         "<a href=\"api/v1/suggestions\">suggestions</a> "
         "<a href=\"api/v1/sessions\">sessions</a> <a "
         "href=\"api/v1/config\">config</a></p>\n</body>\n</html>\n";
}

}  // namespace pgconcord::admin
