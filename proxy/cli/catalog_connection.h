// An own connection to the server, for the verbs that look at the live catalog. The only code that
// uses libpq.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "proxy/cli/catalog_source.h"

struct pg_conn;

namespace pgconcord::cli {

struct QueryError {
  std::string sqlstate;  // empty: the connection is gone
  std::string message;   // the server's, on one line
};

// Nothing = NULL.
using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;

class CatalogConnection final : public CatalogSource {
 public:
  // `target`: a URL or keywords as libpq takes them; what is missing comes from PGHOST and its
  // like, ~/.pgpass included. The error is a sentence without password.
  [[nodiscard]] static tl::expected<CatalogConnection, std::string> open(const std::string& target);

  std::string database() const;
  std::string user() const;
  [[nodiscard]] tl::expected<policies::Catalog, std::string> catalog(
      const std::vector<std::string>& bare_names) const override;
  [[nodiscard]] tl::expected<policies::Oid, std::string> resolve(
      const parser::RelationName& name) const override;
  // Rows of the user's own tables: in a read-only transaction of its own, so that no lock or
  // snapshot outlives the answer, waiting for a lock no longer than two seconds and for the answer
  // no longer than `timeout`. Names without schema are the server's own.
  [[nodiscard]] tl::expected<Rows, QueryError> read(const std::string& sql,
                                                    std::chrono::seconds timeout) const;

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };

  explicit CatalogConnection(pg_conn* connection) : connection_(connection) {}
  tl::expected<std::string, std::string> single_value(const char* sql,
                                                      const std::string& parameter) const;

  std::unique_ptr<pg_conn, Finish> connection_;
};

}  // namespace pgconcord::cli
