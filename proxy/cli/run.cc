// `pgconcord run`: the effective configuration, the proxy, and the HTTP interface that answers for
// it.
#include <algorithm>
#include <iostream>
#include <string_view>
#include <utility>
#include <vector>

#include "policies/load.h"
#include "proxy/admin/console_answers.h"
#include "proxy/admin/server.h"
#include "proxy/cli/build_facts.h"
#include "proxy/cli/configuration.h"
#include "proxy/cli/effective_json.h"
#include "proxy/cli/live_explanation.h"
#include "proxy/cli/verbs.h"
#include "proxy/net/serve.h"
#include "proxy/net/tls_context.h"

namespace pgconcord::cli {
namespace {

class HttpInterface final : public net::AdminInterface {
 public:
  HttpInterface(std::unique_ptr<admin::Server> server, admin::Sources sources)
      : sources_(std::move(sources)), server_(std::move(server)) {}
  std::string address() const override {
    return server_->url().substr(std::string_view("http://").size());
  }
  console::Answer answer(const console::Question& question) override {
    return admin::console_answer(question, sources_);
  }

 private:
  const admin::Sources sources_;
  std::unique_ptr<admin::Server> server_;
};

admin::Condition condition(net::Condition condition) {
  return {condition.holds, std::move(condition.reason)};
}

// The oldest first.
std::vector<metrics::SessionFacts> sorted(std::vector<metrics::SessionFacts> sessions) {
  std::sort(sessions.begin(), sessions.end(),
            [](const auto& left, const auto& right) { return left.id < right.id; });
  return sessions;
}

void add_changes(admin::Sources& sources, net::Controllable& proxy) {
  sources.token = [&proxy] { return proxy.configuration().admin.token; };
  sources.reload = [&proxy] { return proxy.change_configuration(); };
  sources.drain = [&proxy] { return proxy.begin_drain(); };
  sources.set_mode = [&proxy](const std::string& policy, policies::Mode mode) {
    return proxy.change_mode(policy, mode);
  };
}

admin::Sources sources(net::Controllable& proxy) {
  admin::Sources sources;
  sources.exposition = [&proxy] { return proxy.exposition(); };
  sources.health = [&proxy] {
    net::Vitals vitals = proxy.vitals();
    return admin::Health{condition(std::move(vitals.live)), condition(std::move(vitals.ready))};
  };
  sources.version_json = build_facts_json();
  sources.version = build_facts().version;
  sources.mode = [&proxy] { return std::string(policies::label(proxy.configuration().mode)); };
  sources.violations = [&proxy] { return proxy.violations(); };
  sources.policies = [&proxy] {
    return admin::policy_effects(
        proxy.configuration(), proxy.registry(),
        [&proxy](const std::string& policy) { return proxy.is_suspended(policy); });
  };
  sources.rewrites = [&proxy] { return admin::rewrite_counts(proxy.registry()); };
  sources.catalogs = [&proxy] { return proxy.catalogs(); };
  sources.sessions = [&proxy] { return sorted(proxy.session_facts()); };
  sources.configuration = [&proxy] { return effective_json(proxy.configuration()); };
  sources.explain = [&proxy](const admin::ExplainRequest& request) {
    return explain_live(request, proxy.configuration(), proxy.catalogs());
  };
  add_changes(sources, proxy);
  return sources;
}

// The effective configuration, and the files of certificates and keys that it names.
tl::expected<policies::Config, policies::ConfigErrors> usable_configuration(
    const Options& options) {
  auto config = effective_configuration(options);
  if (!config) return config;
  if (auto tls = net::load_tls(*config); !tls) return tl::unexpected(std::move(tls.error()));
  return config;
}

}  // namespace

int run(const Options& options) {
  auto config = usable_configuration(options);
  if (!config) {
    std::cerr << policies::render(config.error());
    return kProblem;
  }
  net::ServeOptions serve;
  serve.open_admin = [address = config->admin.address](net::Controllable& proxy) {
    return admin::Server::start(address, sources(proxy))
        .map([&proxy](
                 std::unique_ptr<admin::Server>&& server) -> std::unique_ptr<net::AdminInterface> {
          return std::make_unique<HttpInterface>(std::move(server), sources(proxy));
        });
  };
  serve.config = std::move(*config);
  serve.reload = [options] { return usable_configuration(options); };
  if (options.take_over) serve.sharing = net::Sharing::TakeOver;
  serve.watch_files = options.watch;
  serve.pid_file = options.pid_file;
  serve.port_file = options.port_file;
  serve.build = build_facts();
  return net::serve(std::move(serve));
}

}  // namespace pgconcord::cli
