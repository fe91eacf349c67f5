// The proxy as the rest of the program sees it: one call that returns when the proxy has ended.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "metrics/incidents.h"
#include "metrics/registry.h"
#include "policies/config.h"
#include "policies/load.h"
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

 protected:
  ~Observable() = default;
};

// Answers questions about an Observable until it is destroyed; net/ does not know how (proxy/admin
// does).
class AdminInterface {
 public:
  virtual ~AdminInterface() = default;
  // host:port as bound.
  virtual std::string address() const = 0;
};

using ReadConfig = std::function<tl::expected<policies::Config, policies::ConfigErrors>()>;
using OpenAdmin =
    std::function<tl::expected<std::unique_ptr<AdminInterface>, std::string>(Observable&)>;

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
