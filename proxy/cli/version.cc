// `pgconcord version`
#include <iostream>

#include "proxy/cli/build_facts.h"
#include "proxy/cli/verbs.h"

namespace pgconcord::cli {

int version(const Options& options) {
  if (options.format == Format::Json) {
    std::cout << build_facts_json() << '\n';
    return kOk;
  }
  const net::BuildFacts facts = build_facts();
  std::cout << "pgconcord " << facts.version << " (revision " << facts.revision << ", "
            << facts.compiler << ", PostgreSQL grammar " << facts.pg_query << ")\n";
  return kOk;
}

}  // namespace pgconcord::cli
