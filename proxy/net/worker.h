// One event loop on its own thread with the sessions it was given. Everything a session touches
// belongs to its worker; other threads speak to it through the inbox only. Sessions never move.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "policies/plan.h"
#include "proxy/net/connection.h"
#include "proxy/net/console_desk.h"
#include "proxy/net/context.h"
#include "proxy/net/proxy_prelude.h"
#include "proxy/net/survey.h"

namespace pgconcord::net {

// What all workers share; outlives them.
struct Shared {
  policies::CatalogCache& catalogs;
  policies::Suspensions& suspensions;
  metrics::Incidents& incidents;
  UpstreamHealth& health;
  TlsStore& tls;
  ConsoleDesk& console;
  // On a worker's thread: new settings are in force there, or it has no session left while the
  // proxy drains.
  std::function<void()> on_change;
  std::atomic<bool> is_draining{false};
};

class Worker final : ConnectionOwner, PreludeEvents {
 public:
  // Starts the thread.
  [[nodiscard]] static Result<std::unique_ptr<Worker>> start(session::SettingsRef settings,
                                                             Shared& shared,
                                                             metrics::Shard& metrics);
  // stop() first.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Any thread.
  void accept(Accepted accepted);
  void apply(session::SettingsRef settings);
  // Tells every session, also those still to come, to end at its next idle point.
  void drain();
  // Its sessions are added to the survey soon.
  void describe_sessions(std::shared_ptr<Survey> survey);
  // Drops every session and ends the thread; returns when it has ended.
  void stop();
  // Of the settings in force on this worker.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  std::size_t sessions() const { return sessions_.load(std::memory_order_relaxed); }
  // False when sessions live and the loop has not turned for `age`.
  bool is_alive(std::chrono::milliseconds age) const;
  // CPU time of the thread: what the loop did not spend waiting. Measured by the asking thread, at
  // no cost to the loop.
  double busy_seconds() const;

 private:
  struct Inbox {
    std::vector<Accepted> accepted;
    session::SettingsRef settings;
    std::vector<std::shared_ptr<Survey>> surveys;
    std::vector<std::pair<std::uint64_t, console::Answer>> answers;
    bool drain = false;
    bool stop = false;
  };

  Worker(session::SettingsRef settings, Shared& shared, metrics::Shard& metrics);
  void run();
  void post(const std::function<void(Inbox&)>& write);
  void read_inbox();
  void take(session::SettingsRef settings);
  void add(Accepted accepted);
  void drain_sessions();
  void answer(Survey& survey);
  void ask_console(std::uint64_t id, console::Question question);
  void deliver(std::uint64_t id, const console::Answer& answer);
  void on_tick();
  void on_finished(Connection& connection) override;
  void on_header_read(ProxyPrelude& prelude) override;
  void on_header_failed(ProxyPrelude& prelude, std::string_view reason) override;
  void await_header(Accepted accepted);
  void drop_silent_preludes();
  void start_ticking();
  void note_end();
  void publish();
  void stamp();

  Shared& shared_;
  metrics::Shard& metrics_;
  uv_loop_t loop_{};
  bool has_loop_ = false;
  policies::PlanCache plans_;
  std::unique_ptr<Context> context_;
  UvHandle<uv_async_t> wake_;
  UvHandle<uv_timer_t> tick_;  // runs while there are sessions
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::unordered_map<std::uint64_t, std::unique_ptr<ProxyPrelude>> preludes_;
  bool is_draining_ = false;
  bool has_thread_ = false;
  uv_thread_t thread_{};

  std::mutex inbox_mutex_;
  Inbox inbox_;
  std::atomic<std::size_t> sessions_{0};  // counted from the hand-over on
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<std::int64_t> heartbeat_ms_{0};
};

}  // namespace pgconcord::net
