#include "metrics/metric.h"

#include <array>

namespace pgconcord::metrics {
namespace {

using Label = std::string_view;

constexpr std::array<Label, 6> kViolation = {"database",   "schema", "table",
                                             "constraint", "kind",   "statement"};
constexpr std::array<Label, 5> kOutcomeOf = {"database", "schema", "table", "constraint",
                                             "outcome"};
constexpr std::array<Label, 5> kCauseOf = {"database", "schema", "table", "constraint", "cause"};
constexpr std::array<Label, 3> kApplication = {"database", "application", "kind"};
constexpr std::array<Label, 4> kSequence = {"database", "schema", "table", "sequence"};
constexpr std::array<Label, 5> kRewrite = {"policy", "database", "schema", "table", "result"};
constexpr std::array<Label, 6> kAbsorbed = {"policy", "database",   "schema",
                                            "table",  "constraint", "apply"};
constexpr std::array<Label, 2> kPolicyReason = {"policy", "reason"};
constexpr std::array<Label, 2> kPolicySqlstate = {"policy", "sqlstate"};
constexpr std::array<Label, 1> kPolicy = {"policy"};
constexpr std::array<Label, 6> kPolicyInfo = {"policy", "mode",       "schema",
                                              "table",  "constraint", "action"};
constexpr std::array<Label, 3> kStatement = {"database", "command", "protocol"};
constexpr std::array<Label, 2> kError = {"database", "sqlstate_class"};
constexpr std::array<Label, 1> kState = {"state"};
constexpr std::array<Label, 2> kDatabaseTls = {"database", "tls"};
constexpr std::array<Label, 1> kReason = {"reason"};
constexpr std::array<Label, 1> kUpstream = {"upstream"};
constexpr std::array<Label, 2> kUpstreamReason = {"upstream", "reason"};
constexpr std::array<Label, 1> kSide = {"side"};
constexpr std::array<Label, 1> kResult = {"result"};
constexpr std::array<Label, 2> kDatabaseResult = {"database", "result"};
constexpr std::array<Label, 1> kDatabase = {"database"};
constexpr std::array<Label, 1> kWorker = {"worker"};
constexpr std::array<Label, 4> kBuild = {"version", "revision", "compiler", "pg_query"};
constexpr std::span<const Label> kNone;

// From a unix socket on the same machine to the longest connect_timeout that makes sense.
constexpr std::array<double, 14> kConnectBounds = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5, 10};

constexpr auto kCounter = MetricType::Counter;
constexpr auto kGauge = MetricType::Gauge;
constexpr auto kSum = Combine::Sum;
constexpr auto kLargest = Combine::Largest;
constexpr bool kCapped = true;

constexpr std::array<MetricDefinition, kMetricCount> kDefinitions = {{
    {Metric::ConstraintViolations, "pgconcord_constraint_violations_total",
     "Integrity violations that reached the client. Those handled inside the server (PL/pgSQL "
     "EXCEPTION, ON CONFLICT) are not seen.",
     kCounter, kViolation, kSum, kCapped},
    {Metric::ViolationOutcomes, "pgconcord_violation_outcomes_total",
     "How the transactions of violations went on: recovered (ROLLBACK TO a savepoint), "
     "rolled_back, "
     "autocommit (nothing but the statement was lost).",
     kCounter, kOutcomeOf, kSum, kCapped},
    {Metric::ViolationCauses, "pgconcord_violation_causes_total",
     "Violations by the cause that the traffic around them suggests.", kCounter, kCauseOf, kSum,
     kCapped},
    {Metric::ApplicationViolations, "pgconcord_application_violations_total",
     "Violations by application: its sqlcommenter tag, else application_name.", kCounter,
     kApplication},
    {Metric::SequenceDrift, "pgconcord_sequence_drift_total",
     "Violations of a key that a sequence made: the sequence is behind its table.", kCounter,
     kSequence, kSum, kCapped},
    {Metric::Rewrites, "pgconcord_rewrites_total",
     "Writes sent rewritten (rewritten), or that enforce mode would have rewritten (observed).",
     kCounter, kRewrite, kSum, kCapped},
    {Metric::ConflictsAbsorbed, "pgconcord_conflicts_absorbed_total",
     "Rows or statements that would have failed and did not, where it can be known.", kCounter,
     kAbsorbed, kSum, kCapped},
    {Metric::LeftAlone, "pgconcord_left_alone_total",
     "Writes a policy matched that were forwarded unchanged, by reason.", kCounter, kPolicyReason},
    {Metric::RewriteErrors, "pgconcord_rewrite_errors_total",
     "Rewritten statements that failed with an error the original could not have raised.", kCounter,
     kPolicySqlstate},
    {Metric::Savepoints, "pgconcord_savepoints_total",
     "Savepoints set around writes in transaction blocks for policies that say on_violation: "
     "released, rolled_back behind a violation, or not set because the transaction had too many "
     "(over_budget).",
     kCounter, kDatabaseResult},
    {Metric::PolicySuspended, "pgconcord_policy_suspended",
     "1 while the policy is suspended because a rewritten statement failed where the original "
     "could not.",
     kGauge, kPolicy, kLargest},
    {Metric::PolicyInfo, "pgconcord_policy_info", "1 for every policy of the configuration.",
     kGauge, kPolicyInfo, kLargest},
    {Metric::Statements, "pgconcord_statements_total", "Statements clients sent.", kCounter,
     kStatement},
    {Metric::Errors, "pgconcord_errors_total",
     "Errors the server reported, by the first two characters of the SQLSTATE.", kCounter, kError},
    {Metric::ClientConnections, "pgconcord_client_connections", "Open client connections.", kGauge,
     kState},
    {Metric::ClientConnectionsTotal, "pgconcord_client_connections_total",
     "Client connections the server accepted.", kCounter, kDatabaseTls},
    {Metric::ClientConnectionFailures, "pgconcord_client_connection_failures_total",
     "Client connections that ended before the server accepted them.", kCounter, kReason},
    {Metric::ClientConnectionsLimit, "pgconcord_client_connections_limit",
     "Client connections allowed at once (limits.max_clients).", kGauge, kNone, kLargest},
    {Metric::UpstreamUp, "pgconcord_upstream_up", "1 if the latest connect to the server worked.",
     kGauge, kUpstream, kLargest},
    {Metric::UpstreamConnections, "pgconcord_upstream_connections", "Open server connections.",
     kGauge, kUpstream},
    {Metric::UpstreamConnectDuration, "pgconcord_upstream_connect_duration_seconds",
     "Time until a connect to the server succeeded.", MetricType::Histogram, kUpstream, kSum,
     !kCapped, kConnectBounds},
    {Metric::UpstreamConnectFailures, "pgconcord_upstream_connect_failures_total",
     "Connects to the server that failed.", kCounter, kUpstreamReason},
    {Metric::ReceivedBytes, "pgconcord_received_bytes_total", "Bytes read from this side.",
     kCounter, kSide},
    {Metric::SentBytes, "pgconcord_sent_bytes_total", "Bytes written to this side.", kCounter,
     kSide},
    {Metric::PlanCacheRequests, "pgconcord_plan_cache_requests_total",
     "Look-ups of statement plans.", kCounter, kResult},
    {Metric::PlanCacheEntries, "pgconcord_plan_cache_entries", "Statement plans in the caches.",
     kGauge, kNone},
    {Metric::ParseFailures, "pgconcord_parse_failures_total",
     "Statements that could not be parsed and were forwarded unchanged.", kCounter, kReason},
    {Metric::CatalogRefreshes, "pgconcord_catalog_refreshes_total", "Reads of a database catalog.",
     kCounter, kDatabaseResult},
    {Metric::CatalogLastRefresh, "pgconcord_catalog_last_refresh_timestamp_seconds",
     "Unix time of the latest successful read of the database catalog.", kGauge, kDatabase,
     kLargest},
    {Metric::EventLoopBusySeconds, "pgconcord_event_loop_busy_seconds_total",
     "Time an event loop spent working instead of waiting.", kCounter, kWorker},
    {Metric::MetricSeries, "pgconcord_metric_series",
     "Series that count against metrics.max_constraint_series.", kGauge, kNone},
    {Metric::MetricSeriesDropped, "pgconcord_metric_series_dropped_total",
     "Look-ups of a series that got the __other__ one because a limit was reached.", kCounter,
     kNone},
    {Metric::ConfigLastReloadSuccessful, "pgconcord_config_last_reload_successful",
     "1 if the latest load of the configuration worked.", kGauge, kNone, kLargest},
    {Metric::ConfigLastReloadSuccessTimestamp,
     "pgconcord_config_last_reload_success_timestamp_seconds",
     "Unix time of the latest load of the configuration that worked.", kGauge, kNone, kLargest},
    {Metric::BuildInfo, "pgconcord_build_info", "1, with what this program was built from.", kGauge,
     kBuild, kLargest},
}};

constexpr bool in_order_of_the_enumerators() {
  for (std::size_t i = 0; i < kDefinitions.size(); ++i) {
    if (static_cast<std::size_t>(kDefinitions[i].metric) != i) return false;
  }
  return true;
}
static_assert(in_order_of_the_enumerators(), "definition() indexes the table by the enumerator");

}  // namespace

std::span<const MetricDefinition> metric_definitions() { return kDefinitions; }

const MetricDefinition& definition(Metric metric) {
  return kDefinitions[static_cast<std::size_t>(metric)];
}

}  // namespace pgconcord::metrics
