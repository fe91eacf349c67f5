#include "proxy/net/server.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string_view>
#include <thread>
#include <utility>

#include "policies/combinations.h"
#include "proxy/net/descriptor_limit.h"
#include "proxy/net/gauges.h"
#include "proxy/net/log.h"
#include "proxy/net/log_bursts.h"
#include "proxy/net/reload.h"
#include "proxy/net/upstream_probe.h"

namespace pgconcord::net {
namespace {

using metrics::Metric;

// Transactions that are open when the drain is over may take so long to end (protocol.md 7.9).
constexpr std::chrono::milliseconds kEnding{10'000};

// Violations of so many milliseconds are one line per constraint, statement and application.
constexpr std::uint64_t kReportEvery = 10'000;

double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::size_t worker_count(const policies::Config& config) {
  if (config.workers != 0) return config.workers;
  return std::max(1U, std::thread::hardware_concurrency());
}

std::string joined(const std::vector<std::string>& words) {
  std::string result;
  for (const std::string& word : words) result += (result.empty() ? "" : ",") + word;
  return result;
}

// Readers never see a half-written file.
Result<void> write_file(const std::string& path, const std::string& content) {
  if (path.empty()) return {};
  const std::string draft = path + ".new";
  {
    std::ofstream file(draft, std::ios::trunc);
    file << content;
    file.flush();
    if (!file) return tl::unexpected(NetError{0, "cannot write " + path});
  }
  if (std::rename(draft.c_str(), path.c_str()) == 0) return {};
  return tl::unexpected(NetError{0, "cannot write " + path});
}

// After an online restart it names the process that took over.
bool is_own_pid_file(const std::string& path) {
  if (path.empty()) return false;
  std::ifstream file(path);
  pid_t pid = 0;
  return file >> pid && pid == ::getpid();
}

std::string upstream_text(const policies::Config& config) {
  std::vector<std::string> addresses;
  for (const auto& address : config.upstream.addresses) addresses.push_back(address.text);
  return joined(addresses);
}

}  // namespace

Server::Server(ServeOptions options)
    : options_(std::move(options)),
      registry_({options_.config.metrics.max_constraint_series,
                 options_.config.metrics.max_applications}),
      metrics_(registry_.make_shard()),
      health_(options_.config.upstream.addresses.size()),
      shared_{catalogs_,
              suspensions_,
              incidents_,
              health_,
              tls_,
              console_,
              [this] { uv_async_send(wake_.get()); }},
      errands_([this] { uv_async_send(wake_.get()); }) {
  uv_loop_init(&loop_);
}

// The desk and the admin threads look at everything else, so they end first.
Server::~Server() {
  console_.close();
  admin_.reset();
  for (const auto& worker : workers_) worker->stop();
  workers_.clear();
  acceptor_.reset();
  probe_.reset();
  files_.reset();
  signals_.clear();
  wake_.reset();
  deadline_.reset();
  watchdog_.reset();
  report_.reset();
  uv_run(&loop_, UV_RUN_DEFAULT);  // the close callbacks
  uv_loop_close(&loop_);
  if (is_own_pid_file(options_.pid_file)) ::unlink(options_.pid_file.c_str());
}

Result<void> Server::open() {
  std::signal(SIGPIPE, SIG_IGN);
  const auto& config = options_.config;
  if (auto enough = provide_descriptors(config.limits.max_clients); !enough) return enough;
  if (auto tls = load_tls(config); tls) {
    take_tls(std::move(*tls));
  } else {
    return tl::unexpected(NetError{0, tls.error().front().message});
  }
  auto acceptor = Acceptor::open(loop_, config.listeners, options_.sharing, metrics_);
  if (!acceptor) return tl::unexpected(std::move(acceptor.error()));
  acceptor_ = std::move(*acceptor);
  addresses_ = acceptor_->addresses();
  if (auto ready = open_loop(); !ready) return ready;
  install(config);
  if (auto watching = watch_files(); !watching) return watching;
  reload_success_time_ = unix_time();
  if (auto started = open_workers(); !started) return started;
  if (auto started = open_admin(); !started) return started;
  acceptor_->start(workers_);
  return write_files();
}

Result<void> Server::open_loop() {
  wake_ = make_handle<uv_async_t>(this, [&](uv_async_t* handle) {
    return uv_async_init(&loop_, handle, [](uv_async_t* async) {
      auto& server = *static_cast<Server*>(async->data);
      server.errands_.run();
      server.finish_spreading();
      server.stop_if_drained();
    });
  });
  deadline_ = make_handle<uv_timer_t>(
      this, [&](uv_timer_t* handle) { return uv_timer_init(&loop_, handle); });
  report_ = make_handle<uv_timer_t>(
      this, [&](uv_timer_t* handle) { return uv_timer_init(&loop_, handle); });
  const bool watching = watch(SIGHUP) && watch(SIGTERM) && watch(SIGINT);
  if (const auto interval = service_manager_.watchdog_interval(); interval.count() != 0) {
    watchdog_ = make_handle<uv_timer_t>(
        this, [&](uv_timer_t* handle) { return uv_timer_init(&loop_, handle); });
    const auto period = static_cast<std::uint64_t>(interval.count());
    uv_timer_start(
        watchdog_.get(),
        [](uv_timer_t* timer) { static_cast<Server*>(timer->data)->feed_watchdog(); }, 0, period);
  }
  probe_ = UpstreamProbe::open({loop_, options_.config.upstream, health_, metrics_, nullptr}, tls_);
  if (!wake_ || !deadline_ || !report_ || !probe_ || !watching) {
    return tl::unexpected(NetError{0, "cannot set up the main event loop"});
  }
  uv_timer_start(
      report_.get(), [](uv_timer_t* timer) { static_cast<Server*>(timer->data)->log_violations(); },
      kReportEvery, kReportEvery);
  return {};
}

Result<void> Server::open_workers() {
  const std::size_t count = worker_count(options_.config);
  for (std::size_t i = 0; i < count; ++i) {
    auto worker = Worker::start(settings(), shared_, registry_.make_shard());
    if (!worker) return tl::unexpected(std::move(worker.error()));
    workers_.push_back(std::move(*worker));
  }
  return {};
}

Result<void> Server::open_admin() {
  registry_.on_scrape([this](metrics::Shard& shard) { set_gauges(shard); });
  auto admin = options_.open_admin(*this);
  if (!admin) return tl::unexpected(NetError{0, admin.error()});
  admin_ = std::move(*admin);
  console_.open([this](const console::Question& question) { return admin_->answer(question); });
  return {};
}

Result<void> Server::write_files() const {
  std::string ports;
  for (const std::string& address : addresses_) ports += "listen " + address + "\n";
  ports += "admin " + admin_->address() + "\n";
  if (auto written = write_file(options_.port_file, ports); !written) return written;
  return write_file(options_.pid_file, std::to_string(::getpid()) + "\n");
}

void Server::run() {
  const auto running = settings();
  spdlog::info(
      "started version={} listen={} upstream={} admin={} mode={} policies={} workers={} config={}",
      options_.build.version, joined(addresses_), quoted(upstream_text(running->config)),
      admin_->address(), policies::label(running->config.mode), running->config.policies.size(),
      workers_.size(), quoted(running->config.file));
  service_manager_.ready("serving " + joined(addresses_));
  uv_run(&loop_, UV_RUN_DEFAULT);
}

bool Server::watch(int signal_number) {
  auto handle = make_handle<uv_signal_t>(
      this, [&](uv_signal_t* created) { return uv_signal_init(&loop_, created); });
  if (!handle) return false;
  const int status = uv_signal_start(
      handle.get(),
      [](uv_signal_t* signal, int number) {
        static_cast<Server*>(signal->data)->on_signal(number);
      },
      signal_number);
  signals_.push_back(std::move(handle));
  return status == 0;
}

void Server::on_signal(int signal_number) {
  if (signal_number == SIGHUP) {
    if (state_ == State::Running) reload();
  } else if (signal_number == SIGTERM && state_ == State::Running) {
    drain();
  } else {
    stop();
  }
}

Result<void> Server::watch_files() {
  if (!options_.watch_files) return {};
  files_ = FileWatch::open(loop_, [this] {
    spdlog::info("configuration files changed");
    if (state_ == State::Running) reload();
  });
  if (!files_) return tl::unexpected(NetError{0, "cannot set up the watch of the configuration"});
  files_->follow(files_of(settings()->config));
  return {};
}

tl::expected<void, policies::ConfigErrors> Server::reload() {
  const auto refused = [this](policies::ConfigErrors errors) {
    refuse_reload(errors);
    return tl::unexpected(std::move(errors));
  };
  service_manager_.reloading();
  if (files_) files_->take_note();  // before they are read: a change meanwhile is told
  auto next = options_.reload();
  if (!next) return refused(std::move(next.error()));
  const auto ignored = keep_fixed_settings(settings()->config, *next);
  auto impossible = policies::impossible_combinations(*next);
  if (!impossible.empty()) return refused(std::move(impossible));
  auto tls = load_tls(*next);
  if (!tls) return refused(std::move(tls.error()));
  take_tls(std::move(*tls));
  if (!ignored.empty()) {
    spdlog::warn("settings need a restart ignored={}", joined(ignored));
  }
  install(std::move(*next));
  spread();
  last_reload_successful_ = true;
  is_reloading_ = true;
  if (files_) files_->follow(files_of(settings()->config));
  return {};
}

void Server::refuse_reload(const policies::ConfigErrors& errors) {
  last_reload_successful_ = false;
  for (const policies::ConfigError& error : errors) {
    spdlog::error(
        "configuration error at={} path={} reason={} help={}",
        quoted(error.file + ":" + std::to_string(error.line) + ":" + std::to_string(error.column)),
        quoted(error.path), quoted(error.message), quoted(error.help));
  }
  spdlog::error("reload failed errors={} effect=\"the running configuration stays\"",
                errors.size());
  service_manager_.ready("serving " + joined(addresses_) + "; the last reload failed, see the log");
}

// In force for every connection from here on; those that are open keep theirs.
void Server::take_tls(TlsRef material) {
  for (const std::string& warning : material->warnings) spdlog::warn("tls {}", quoted(warning));
  tls_.replace(std::move(material));
}

void Server::install(policies::Config config) {
  configure_log(config.log);
  log_token(config.admin);
  acceptor_->set_max_clients(config.limits.max_clients);
  suspensions_.clear();
  publish(std::move(config));
}

void Server::spread() {
  const auto running = settings();
  for (const auto& worker : workers_) worker->apply(running);
  is_spreading_ = true;
}

// To whoever asks for the settings from here on; spread() tells the workers.
void Server::publish(policies::Config config) {
  const auto before = settings();
  auto next = std::make_shared<session::Settings>();
  next->config = std::move(config);
  next->generation = before ? before->generation + 1 : 1;
  next->version = options_.build.version;
  create_policy_series(metrics_, next->config);
  catalogs_.clear();  // other tables may be named
  const std::lock_guard lock(settings_mutex_);
  settings_ = std::move(next);
}

// protocol.md 8.10. Not refused: Kubernetes gives secrets to everyone in their own container.
void Server::log_token(const policies::Admin& admin) const {
  if (!admin.token || !admin.token->everyone_reads) return;
  spdlog::warn("token file={} effect=\"every user of this machine may read it\" help={}",
               quoted(admin.token->path), quoted("chmod 600"));
}

// Told only when every worker follows the new settings: who sees the time or the line may rely on
// it.
void Server::finish_spreading() {
  if (!is_spreading_) return;
  const auto running = settings();
  for (const auto& worker : workers_) {
    if (worker->generation() != running->generation) return;
  }
  is_spreading_ = false;
  if (std::exchange(is_reloading_, false)) finish_reload(*running);
  for (const Errands::Reply& reply : std::exchange(awaiting_, {})) reply(in_force());
}

void Server::finish_reload(const session::Settings& running) {
  reload_success_time_ = unix_time();
  spdlog::info("reloaded generation={} mode={} policies={}", running.generation,
               policies::label(running.config.mode), running.config.policies.size());
  service_manager_.ready("serving " + joined(addresses_));
}

void Server::drain() {
  state_ = State::Draining;
  shared_.is_draining = true;
  const auto limit = settings()->config.drain;
  spdlog::info("draining sessions={} limit_ms={}", sessions(), limit.count());
  service_manager_.stopping("draining, sessions left: " + std::to_string(sessions()));
  acceptor_->drain([this] { stop_if_drained(); });
  set_deadline(limit, [](uv_timer_t* timer) { static_cast<Server*>(timer->data)->end_sessions(); });
  stop_if_drained();
}

void Server::end_sessions() {
  state_ = State::Ending;
  spdlog::info("ending sessions={} limit_ms={}", sessions(), kEnding.count());
  for (const auto& worker : workers_) worker->drain();
  set_deadline(kEnding, [](uv_timer_t* timer) {
    spdlog::warn("sessions did not end in time");
    static_cast<Server*>(timer->data)->stop();
  });
}

void Server::set_deadline(std::chrono::milliseconds limit, uv_timer_cb reached) {
  uv_timer_start(deadline_.get(), reached, static_cast<std::uint64_t>(limit.count()), 0);
}

void Server::stop_if_drained() {
  if (state_ != State::Draining && state_ != State::Ending) return;
  if (sessions() == 0 && !acceptor_->is_handing_over()) stop();
}

void Server::stop() {
  if (state_ == State::Stopped) return;
  state_ = State::Stopped;
  errands_.close();
  log_violations();
  spdlog::info("stopped sessions_cut={}", sessions());
  service_manager_.stopping("stopped");
  uv_stop(&loop_);
}

std::size_t Server::sessions() const {
  std::size_t sessions = 0;
  for (const auto& worker : workers_) sessions += worker->sessions();
  return sessions;
}

// Not while a worker is stuck: then the service manager shall restart us.
void Server::feed_watchdog() const {
  for (const auto& worker : workers_) {
    if (!worker->is_alive(kStuck)) return;
  }
  service_manager_.alive();
}

void Server::set_gauges(metrics::Shard& shard) const {
  const auto running = settings();
  set_policy_gauges(shard, running->config, suspensions_);
  set_upstream_gauges(shard, running->config, health_);
  const auto& build = options_.build;
  shard.cell(Metric::BuildInfo, {build.version, build.revision, build.compiler, build.pg_query})
      .set(1);
  shard.cell(Metric::ClientConnectionsLimit, {}).set(running->config.limits.max_clients);
  shard.cell(Metric::ConfigLastReloadSuccessful, {}).set(last_reload_successful_ ? 1 : 0);
  shard.cell(Metric::ConfigLastReloadSuccessTimestamp, {}).set(reload_success_time_);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    shard.cell(Metric::EventLoopBusySeconds, {std::to_string(i)}).set(workers_[i]->busy_seconds());
  }
}

session::SettingsRef Server::settings() const {
  const std::lock_guard lock(settings_mutex_);
  return settings_;
}

void Server::log_violations() {
  log_bursts(incidents_.take_bursts(), settings()->config.log);
  log_suspensions(suspensions_.take_unreported());
}

int serve(ServeOptions options) {
  configure_log(options.config.log);
  Server server(std::move(options));
  if (const auto opened = server.open(); !opened) {
    spdlog::critical("cannot start reason={}", quoted(opened.error().message));
    return 1;
  }
  server.run();
  return 0;
}

}  // namespace pgconcord::net
