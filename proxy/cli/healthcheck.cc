// `pgconcord healthcheck`: GET /readyz of a running proxy, for container health checks.
#include <iostream>

#include "proxy/admin/client.h"
#include "proxy/cli/verbs.h"

namespace pgconcord::cli {

int healthcheck(const Options& options) {
  const auto reply = admin::get(options.admin_url, "/readyz");
  if (!reply) {
    std::cerr << reply.error() << '\n';
    return kProblem;
  }
  const bool ready = reply->status == 200;
  (ready ? std::cout : std::cerr) << reply->body;
  return ready ? kOk : kProblem;
}

}  // namespace pgconcord::cli
