#include "proxy/net/descriptor_limit.h"

#include <sys/resource.h>

#include <string>

namespace pgconcord::net {
namespace {

constexpr std::size_t kReserved = 64;

}  // namespace

std::size_t descriptors_needed(std::size_t max_clients) { return 2 * max_clients + kReserved; }

Result<void> provide_descriptors(std::size_t max_clients) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  const std::size_t needed = descriptors_needed(max_clients);
  if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= needed) return {};
  return tl::unexpected(
      NetError{0, "the limit of open files is " + std::to_string(limit.rlim_cur) +
                      ", but limits.max_clients " + std::to_string(max_clients) + " needs " +
                      std::to_string(needed) + " (two per client and " + std::to_string(kReserved) +
                      " more): raise it (ulimit -n, LimitNOFILE=) or lower limits.max_clients"});
}

}  // namespace pgconcord::net
