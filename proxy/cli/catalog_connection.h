// An own connection to the server, for the verbs that look at the live catalog. The only code that
// uses libpq.
#pragma once

#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "proxy/cli/catalog_source.h"

struct pg_conn;

namespace pgconcord::cli {

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
