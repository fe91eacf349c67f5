#include "proxy/cli/build_facts.h"

#include <nlohmann/json.hpp>

namespace pgconcord::cli {

net::BuildFacts build_facts() {
#if defined(__clang__)
  const std::string compiler = "clang " + std::to_string(__clang_major__);
#else
  const std::string compiler = "gcc " + std::to_string(__GNUC__);
#endif
  return {PGCONCORD_VERSION, PGCONCORD_REVISION, compiler, PGCONCORD_PG_QUERY};
}

std::string build_facts_json() {
  const net::BuildFacts facts = build_facts();
  const nlohmann::ordered_json json = {{"version", facts.version},
                                       {"revision", facts.revision},
                                       {"compiler", facts.compiler},
                                       {"pg_query", facts.pg_query}};
  return json.dump();
}

}  // namespace pgconcord::cli
