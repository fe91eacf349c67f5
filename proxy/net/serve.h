// The proxy as the rest of the program sees it: one call that returns when the proxy has ended.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "metrics/incidents.h"
#include "metrics/registry.h"
#include "metrics/session_facts.h"
#include "policies/catalog_cache.h"
#include "policies/change.h"
#include "policies/config.h"
#include "policies/load.h"
#include "proxy/console/question.h"
#include "proxy/net/socket.h"

namespace pgconcord::net {

struct BuildFacts {
  std::string version, revision, compiler, pg_query;
};

struct Condition {
  bool holds = true;
  std::string reason;  // one short line; empty while it holds
};

struct Vitals {
  Condition live;   // every event loop turns
  Condition ready;  // accepts sessions, does not drain, the server can be reached
};

// What may be asked of the running proxy. Any thread.
class Observable {
 public:
  virtual std::string exposition() = 0;
  virtual Vitals vitals() = 0;
  // The most frequent first.
  virtual std::vector<metrics::IncidentGroup> violations() = 0;
  virtual const metrics::Registry& registry() = 0;
  virtual policies::Config configuration() = 0;
  virtual bool is_suspended(const std::string& policy) = 0;
  // Waits for the workers, but not long.
  virtual std::vector<metrics::SessionFacts> session_facts() = 0;
  virtual std::vector<policies::CatalogCache::Known> catalogs() = 0;

 protected:
  ~Observable() = default;
};

// What may be asked of it to do. Any thread but the main one and the workers'; waits until it is
// done, or for so long that something must be wrong.
class Controllable : public Observable {
 public:
  // Done once every worker follows the new configuration.
  virtual policies::Change change_configuration() = 0;
  // Until the next reload. Sessions follow at their next idle point.
  virtual policies::Change change_mode(const std::string& policy, policies::Mode mode) = 0;
  // Done once it has begun.
  virtual policies::Change begin_drain() = 0;

 protected:
  ~Controllable() = default;
};

// Asks a Controllable on behalf of others until it is destroyed; net/ does not know how
// (proxy/admin does).
class AdminInterface {
 public:
  virtual ~AdminInterface() = default;
  // host:port as bound.
  virtual std::string address() const = 0;
  // Of the console's statements. Any thread but the main one and the workers'.
  virtual console::Answer answer(const console::Question& question) = 0;
};

using ReadConfig = std::function<tl::expected<policies::Config, policies::ConfigErrors>()>;
using OpenAdmin =
    std::function<tl::expected<std::unique_ptr<AdminInterface>, std::string>(Controllable&)>;

struct ServeOptions {
  policies::Config config;
  ReadConfig reload;  // the configuration anew, with the same flags and environment; main thread
  bool watch_files = false;  // reload when the configuration's files change, too
  OpenAdmin open_admin;
  Sharing sharing = Sharing::Alone;  // TakeOver: another process listens there already
  std::string pid_file;              // written once ready, removed at the end; empty = none
  std::string port_file;  // written once ready: `listen ADDRESS` for each listener, then `admin
                          // ADDRESS`; empty = none
  BuildFacts build;
};

// Listens, serves, reloads on SIGHUP (and when its files change, if asked), drains on SIGTERM,
// stops on SIGINT or a second SIGTERM; tells systemd where NOTIFY_SOCKET says so. The exit code: 0
// after a drain or stop, 1 when it could not start (the log says why).
int serve(ServeOptions options);

}  // namespace pgconcord::net
