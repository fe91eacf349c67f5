// Every metric of the program in one table: name, help, type, labels. Adding a metric = one
// enumerator and one row in metric.cc. Names and labels are the public contract; the table in
// metrics/README.md is generated from here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pgconcord::metrics {

enum class Metric : std::uint8_t {
  ConstraintViolations,              // database, schema, table, constraint, kind, statement
  ViolationOutcomes,                 // database, schema, table, constraint, outcome
  ViolationCauses,                   // database, schema, table, constraint, cause
  ApplicationViolations,             // database, application, kind
  SequenceDrift,                     // database, schema, table, sequence
  Rewrites,                          // policy, database, schema, table, result
  ConflictsAbsorbed,                 // policy, database, schema, table, constraint, apply
  LeftAlone,                         // policy, reason
  RewriteErrors,                     // policy, sqlstate
  Savepoints,                        // database, result
  PolicySuspended,                   // policy                                           gauge
  PolicyInfo,                        // policy, mode, schema, table, constraint, action  gauge
  Statements,                        // database, command, protocol
  Errors,                            // database, sqlstate_class
  ClientConnections,                 // state                                            gauge
  ClientConnectionsTotal,            // database, tls
  ClientConnectionFailures,          // reason
  ClientConnectionsLimit,            //                                                  gauge
  UpstreamUp,                        // upstream                                         gauge
  UpstreamConnections,               // upstream                                         gauge
  UpstreamConnectDuration,           // upstream                                         histogram
  UpstreamConnectFailures,           // upstream, reason
  ReceivedBytes,                     // side
  SentBytes,                         // side
  PlanCacheRequests,                 // result
  PlanCacheEntries,                  //                                                  gauge
  ParseFailures,                     // reason
  CatalogRefreshes,                  // database, result
  CatalogLastRefresh,                // database                                         gauge
  EventLoopBusySeconds,              // worker
  MetricSeries,                      //                                                  gauge
  MetricSeriesDropped,               //
  ConfigLastReloadSuccessful,        //                                                  gauge
  ConfigLastReloadSuccessTimestamp,  //                                                  gauge
  BuildInfo,                         // version, revision, compiler, pg_query            gauge
};

enum class MetricType : std::uint8_t { Counter, Gauge, Histogram };

// How the shards' figures become one: amounts add up; of states and points in time the largest
// stands.
enum class Combine : std::uint8_t { Sum, Largest };

struct MetricDefinition {
  Metric metric;
  std::string_view name;  // with the prefix pgconcord_
  std::string_view help;
  MetricType type;
  std::span<const std::string_view> labels;
  Combine combine = Combine::Sum;
  bool capped = false;  // its series count against Caps::constraint_series, the rest is `__other__`
  std::span<const double> bounds = {};  // histograms only: upper bounds in seconds, without +Inf
};

inline constexpr std::size_t kMetricCount = static_cast<std::size_t>(Metric::BuildInfo) + 1;

// In the order of the enumerators, which is the order of the exposition.
std::span<const MetricDefinition> metric_definitions();
const MetricDefinition& definition(Metric metric);

}  // namespace pgconcord::metrics
