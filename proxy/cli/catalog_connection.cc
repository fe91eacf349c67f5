#include "proxy/cli/catalog_connection.h"

#include <libpq-fe.h>

#include <array>
#include <charconv>
#include <string_view>

#include "parser/on_conflict.h"

namespace pgconcord::cli {
namespace {

// libpq ends its messages with a line break and spreads them over several lines.
std::string one_line(std::string_view message) {
  std::string result;
  for (const char c : message) {
    const bool space = c == '\n' || c == '\t' || c == ' ';
    if (!space) {
      result += c;
    } else if (!result.empty() && result.back() != ' ') {
      result += ' ';
    }
  }
  while (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

Result run(PGconn* connection, const std::string& sql) {
  return {PQexec(connection, sql.c_str()), &PQclear};
}

QueryError error_of(const PGresult* result) {
  const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  return {sqlstate == nullptr ? "" : sqlstate,
          one_line(message == nullptr ? PQresultErrorMessage(result) : message)};
}

Rows rows_of(const PGresult* result) {
  Rows rows;
  for (int i = 0; i < PQntuples(result); ++i) {
    Row& row = rows.emplace_back();
    for (int j = 0; j < PQnfields(result); ++j) {
      if (PQgetisnull(result, i, j) != 0) {
        row.emplace_back();
      } else {
        row.emplace_back(PQgetvalue(result, i, j));
      }
    }
  }
  return rows;
}

}  // namespace

void CatalogConnection::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

tl::expected<CatalogConnection, std::string> CatalogConnection::open(const std::string& target) {
  // In this order: what stands in `target` wins over what stands before it.
  const std::array<const char*, 4> keywords{"connect_timeout", "dbname",
                                            "fallback_application_name", nullptr};
  const std::array<const char*, 4> values{"5", target.c_str(), "pgconcord", nullptr};
  CatalogConnection connection(PQconnectdbParams(keywords.data(), values.data(), 1));
  if (PQstatus(connection.connection_.get()) != CONNECTION_OK) {
    return tl::unexpected("cannot connect: " +
                          one_line(PQerrorMessage(connection.connection_.get())));
  }
  return connection;
}

std::string CatalogConnection::database() const { return PQdb(connection_.get()); }
std::string CatalogConnection::user() const { return PQuser(connection_.get()); }

tl::expected<std::string, std::string> CatalogConnection::single_value(
    const char* sql, const std::string& parameter) const {
  const std::array<const char*, 1> values{parameter.c_str()};
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(
      PQexecParams(connection_.get(), sql, 1, nullptr, values.data(), nullptr, nullptr, 0),
      &PQclear);
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
    return tl::unexpected("cannot read the catalog: " +
                          one_line(PQresultErrorMessage(result.get())));
  }
  if (PQntuples(result.get()) != 1 || PQnfields(result.get()) != 1) {
    return tl::unexpected(std::string("cannot read the catalog: unexpected answer"));
  }
  return std::string(PQgetvalue(result.get(), 0, 0));
}

tl::expected<policies::Catalog, std::string> CatalogConnection::catalog(
    const std::vector<std::string>& bare_names) const {
  const auto json = single_value(std::string(policies::kCatalogQuery).c_str(),
                                 policies::catalog_query_names(bare_names));
  if (!json) return tl::unexpected(json.error());
  return policies::catalog_from_json(*json);
}

tl::expected<policies::Oid, std::string> CatalogConnection::resolve(
    const parser::RelationName& name) const {
  std::string quoted = parser::quote_identifier(name.name);
  if (!name.schema.empty()) quoted = parser::quote_identifier(name.schema) + "." + quoted;
  const auto value =
      single_value("SELECT coalesce(pg_catalog.to_regclass($1)::pg_catalog.oid, 0)", quoted);
  if (!value) return tl::unexpected(value.error());
  policies::Oid oid = 0;
  std::from_chars(value->data(), value->data() + value->size(), oid);
  return oid;
}

tl::expected<Rows, QueryError> CatalogConnection::read(const std::string& sql,
                                                       std::chrono::seconds timeout) const {
  PGconn* connection = connection_.get();
  const Result begun =
      run(connection,
          "BEGIN TRANSACTION READ ONLY; SET LOCAL lock_timeout = '2s'; "
          "SET LOCAL statement_timeout = '" +
              std::to_string(timeout.count()) + "s'; SET LOCAL search_path = pg_catalog");
  if (PQresultStatus(begun.get()) != PGRES_COMMAND_OK) return tl::unexpected(error_of(begun.get()));
  const Result result = run(connection, sql);
  const bool worked = PQresultStatus(result.get()) == PGRES_TUPLES_OK;
  run(connection, "ROLLBACK");
  if (!worked) return tl::unexpected(error_of(result.get()));
  return rows_of(result.get());
}

}  // namespace pgconcord::cli
