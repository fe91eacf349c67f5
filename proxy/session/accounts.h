// What sessions count, as named events; the cells behind them are looked up once per worker or
// database. One per worker, used by its thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "metrics/evidence.h"
#include "metrics/registry.h"
#include "metrics/violation.h"
#include "parser/command.h"
#include "policies/decide.h"

namespace pgconcord::session {

// The values of the label `command`.
enum class StatementKind : std::uint8_t { Insert, Update, Delete, Select, Copy, Other };

// Cells of one database; sessions keep a pointer, which lives as long as the worker.
struct DatabaseCells {
  static constexpr std::size_t kCommands = 6;  // insert update delete select copy other
  std::string database;
  std::array<std::array<metrics::Cell*, 2>, kCommands> statements{};
};

class Accounts {
 public:
  explicit Accounts(metrics::Shard& shard);

  metrics::Cell &received_client, &received_server, &sent_client, &sent_server;
  metrics::Cell &sessions_starting, &sessions_open;  // client_connections by state

  DatabaseCells& database(std::string_view name);
  void connected(std::string_view database, std::string_view tls);  // yes or no
  void connection_failed(std::string_view reason);
  StatementKind statement(DatabaseCells& cells, std::string_view tag_command, bool extended);
  void error(const DatabaseCells& cells, std::string_view sqlstate);
  void violation(const DatabaseCells& cells, const metrics::Violation& violation);
  void explained(const DatabaseCells& cells, const metrics::Violation& violation,
                 metrics::Cause cause, std::string_view application);
  void outcome(const DatabaseCells& cells, const metrics::Violation& violation,
               metrics::Outcome outcome);
  void sequence_drift(const DatabaseCells& cells, const metrics::Violation& violation,
                      std::string_view sequence);
  void left_alone(const policies::Policy& policy, policies::Reason reason);
  void rewrite(const DatabaseCells& cells, const policies::Decision& decision,
               std::string_view result);
  void absorbed(const DatabaseCells& cells, const policies::Decision& decision,
                std::string_view apply, std::uint64_t count);
  void rewrite_error(const policies::Policy& policy, std::string_view sqlstate);
  void parse_failure(policies::Reason reason);
  void savepoint(const DatabaseCells& cells, std::string_view result);
  void catalog_refresh(const DatabaseCells& cells, std::string_view result);

 private:
  metrics::Shard& shard_;
  std::map<std::string, std::unique_ptr<DatabaseCells>, std::less<>> databases_;
};

}  // namespace pgconcord::session
