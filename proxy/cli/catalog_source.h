// Where a statement to be explained gets its catalog from: an own connection, or a running proxy.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "parser/statement.h"
#include "policies/catalog.h"

namespace pgconcord::cli {

// Errors are sentences.
class CatalogSource {
 public:
  // Of the tables with these bare names, as one role sees them.
  [[nodiscard]] virtual tl::expected<policies::Catalog, std::string> catalog(
      const std::vector<std::string>& bare_names) const = 0;
  // The table that a name means; 0 = none.
  [[nodiscard]] virtual tl::expected<policies::Oid, std::string> resolve(
      const parser::RelationName& name) const = 0;

 protected:
  CatalogSource() = default;
  CatalogSource(const CatalogSource&) = default;
  CatalogSource(CatalogSource&&) = default;
  CatalogSource& operator=(const CatalogSource&) = default;
  CatalogSource& operator=(CatalogSource&&) = default;
  ~CatalogSource() = default;
};

}  // namespace pgconcord::cli
