// The running proxy: owns the acceptor, the workers, the admin interface and what they share. Lives
// on the main thread; signals arrive here. What operators ask is in requests.cc.
//
//   Running --SIGTERM--> Draining --`shutdown.drain`--> Ending --kEnding--> Stopped
// Draining: sessions go on, new clients are turned away. Ending: each session ends at its next idle
// point. Both stop early when no session is left; SIGINT or a second SIGTERM stops at once.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "metrics/registry.h"
#include "policies/catalog_cache.h"
#include "policies/suspensions.h"
#include "proxy/net/acceptor.h"
#include "proxy/net/errands.h"
#include "proxy/net/file_watch.h"
#include "proxy/net/serve.h"
#include "proxy/net/service_manager.h"
#include "proxy/net/tls_context.h"
#include "proxy/net/upstream_health.h"
#include "proxy/net/upstream_probe.h"
#include "proxy/net/uv_handle.h"
#include "proxy/net/worker.h"

namespace pgconcord::net {

class Server final : Controllable {
 public:
  explicit Server(ServeOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Everything bound and every thread started, or the reason why not.
  [[nodiscard]] Result<void> open();
  // Serves until drained or stopped.
  void run();

 private:
  enum class State : std::uint8_t { Running, Draining, Ending, Stopped };
  // A worker that has not turned its loop for so long is stuck.
  static constexpr std::chrono::milliseconds kStuck{10'000};

  Result<void> open_workers();
  Result<void> open_admin();
  Result<void> open_loop();
  Result<void> write_files() const;
  bool watch(int signal_number);
  void on_signal(int signal_number);
  Result<void> watch_files();
  tl::expected<void, policies::ConfigErrors> reload();
  void refuse_reload(const policies::ConfigErrors& errors);
  void take_tls(TlsRef material);
  void install(policies::Config config);
  void publish(policies::Config config);
  void spread();
  void finish_spreading();
  void finish_reload(const session::Settings& running);
  policies::InForce in_force() const;
  policies::Change change(const std::function<void(const Errands::Reply&)>& work);
  void log_token(const policies::Admin& admin) const;
  void drain();
  void end_sessions();
  void set_deadline(std::chrono::milliseconds limit, uv_timer_cb reached);
  std::size_t sessions() const;
  void feed_watchdog() const;
  void stop();
  void stop_if_drained();
  void set_gauges(metrics::Shard& shard) const;
  session::SettingsRef settings() const;
  std::string exposition() override;
  Vitals vitals() override;
  std::vector<metrics::IncidentGroup> violations() override;
  const metrics::Registry& registry() override { return registry_; }
  policies::Config configuration() override { return settings()->config; }
  bool is_suspended(const std::string& policy) override;
  std::vector<metrics::SessionFacts> session_facts() override;
  std::vector<policies::CatalogCache::Known> catalogs() override { return catalogs_.all(); }
  policies::Change change_configuration() override;
  policies::Change change_mode(const std::string& policy, policies::Mode mode) override;
  policies::Change begin_drain() override;
  void log_violations();

  ServeOptions options_;
  uv_loop_t loop_{};
  metrics::Registry registry_;
  metrics::Shard& metrics_;
  policies::CatalogCache catalogs_;
  policies::Suspensions suspensions_;
  metrics::Incidents incidents_;
  UpstreamHealth health_;
  TlsStore tls_;
  ConsoleDesk console_;
  Shared shared_;
  mutable std::mutex settings_mutex_;  // the admin thread reads them
  session::SettingsRef settings_;
  std::unique_ptr<Acceptor> acceptor_;
  std::vector<std::string> addresses_;
  Acceptor::Workers workers_;
  std::vector<UvHandle<uv_signal_t>> signals_;
  UvHandle<uv_async_t> wake_;      // Shared::on_change, Errands
  UvHandle<uv_timer_t> deadline_;  // of draining, then of ending
  ServiceManager service_manager_;
  UvHandle<uv_timer_t> watchdog_;
  UvHandle<uv_timer_t> report_;       // of violations, into the log
  std::unique_ptr<FileWatch> files_;  // null unless asked for
  std::unique_ptr<UpstreamProbe> probe_;
  Errands errands_;
  std::vector<Errands::Reply> awaiting_;  // the settings that are on their way to the workers
  std::unique_ptr<AdminInterface> admin_;
  std::atomic<State> state_{State::Running};
  bool is_spreading_ = false;  // new settings are on their way to the workers
  bool is_reloading_ = false;  // and they are those of a reload
  std::atomic<double> reload_success_time_{0};
  std::atomic<bool> last_reload_successful_{true};
};

}  // namespace pgconcord::net
