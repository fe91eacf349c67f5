// The catalog query and its decoder at the command line, for tests against real servers.
//   catalog_probe --query               the text of the query
//   catalog_probe --names NAME...       the value of its parameter
//   catalog_probe < answer              one line per table and index as decoded; 1 and the error
//   when it is refused
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "policies/catalog.h"

namespace {

using pgconcord::policies::Catalog;
using pgconcord::policies::Table;

void print(const Table& table) {
  std::cout << table.schema << '.' << table.name << ' ' << table.relkind << ' '
            << table.columns.size() << " columns\n";
  for (const auto& index : table.indexes) {
    std::cout << "  " << index.name << " (" << index.elements << ")";
    if (!index.predicate.empty()) std::cout << " WHERE " << index.predicate;
    std::cout << '\n';
  }
}

int decode() {
  const std::string answer{std::istreambuf_iterator<char>(std::cin), {}};
  const auto catalog = pgconcord::policies::catalog_from_json(answer);
  if (!catalog) {
    std::cerr << catalog.error() << '\n';
    return 1;
  }
  std::cout << catalog->role() << ' ' << catalog->server_version_num() << '\n';
  for (const Table& table : catalog->tables()) print(table);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty()) return decode();
  if (arguments[0] == "--query") {
    std::cout << pgconcord::policies::kCatalogQuery;
    return 0;
  }
  if (arguments[0] == "--names") {
    std::cout << pgconcord::policies::catalog_query_names({arguments.begin() + 1, arguments.end()});
    return 0;
  }
  std::cerr << "usage: catalog_probe [--query | --names NAME...]\n";
  return 2;
}
