#include "proxy/net/reload.h"

#include <string_view>
#include <tuple>

namespace pgconcord::net {
namespace {

using policies::Config;

// TLS is not among them: it is made anew at each reload.
bool is_same(const policies::Listener& a, const policies::Listener& b) {
  const auto fields = [](const policies::Listener& each) {
    return std::tie(each.address, each.proxy_trusted);
  };
  return fields(a) == fields(b);
}

bool is_same(const std::vector<policies::Listener>& a, const std::vector<policies::Listener>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!is_same(a[i], b[i])) return false;
  }
  return true;
}

// The timeout is not among them: it is read at each connect. Neither is TLS: it is made anew at
// each reload.
auto fixed_fields(const policies::Upstream& each) {
  return std::tie(each.addresses, each.target_session_attrs);
}

// The token is not among them: it is read anew at each reload.
auto fixed_fields(const policies::Admin& each) { return std::tie(each.address); }

auto fixed_fields(const policies::MetricsSettings& each) {
  return std::tie(each.max_constraint_series, each.max_applications);
}

}  // namespace

std::vector<std::string> keep_fixed_settings(const Config& running, Config& next) {
  std::vector<std::string> ignored;
  const auto keep = [&](std::string_view name, bool same, const auto& value, auto& target) {
    if (same) return;
    target = value;
    ignored.emplace_back(name);
  };
  keep("listen", is_same(running.listeners, next.listeners), running.listeners, next.listeners);
  policies::Upstream upstream = running.upstream;
  upstream.connect_timeout = next.upstream.connect_timeout;
  upstream.tls = next.upstream.tls;
  keep("upstream", fixed_fields(running.upstream) == fixed_fields(next.upstream), upstream,
       next.upstream);
  policies::Admin admin = next.admin;
  admin.address = running.admin.address;
  keep("admin", fixed_fields(running.admin) == fixed_fields(next.admin), admin, next.admin);
  keep("workers", running.workers == next.workers, running.workers, next.workers);
  keep("limits.plan_cache", running.limits.plan_cache == next.limits.plan_cache,
       running.limits.plan_cache, next.limits.plan_cache);
  keep("metrics", fixed_fields(running.metrics) == fixed_fields(next.metrics), running.metrics,
       next.metrics);
  return ignored;
}

}  // namespace pgconcord::net
