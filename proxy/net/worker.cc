#include "proxy/net/worker.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <ctime>
#include <utility>

namespace pgconcord::net {
namespace {

using metrics::Metric;

constexpr std::uint64_t kTickMilliseconds = 1000;

std::int64_t monotonic_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

policies::PlanLimits plan_limits(const policies::Limits& limits) {
  policies::PlanLimits result;
  result.parse_depth = limits.parse_depth;
  result.entries = limits.plan_cache;
  return result;
}

}  // namespace

Result<std::unique_ptr<Worker>> Worker::start(session::SettingsRef settings, Shared& shared,
                                              metrics::Shard& metrics) {
  std::unique_ptr<Worker> worker(new Worker(std::move(settings), shared, metrics));
  if (!worker->wake_ || !worker->tick_) {
    return tl::unexpected(NetError{0, "cannot create an event loop"});
  }
  uv_thread_options_t options{UV_THREAD_HAS_STACK_SIZE, kWorkerStack};
  const int status = uv_thread_create_ex(
      &worker->thread_, &options, [](void* self) { static_cast<Worker*>(self)->run(); },
      worker.get());
  if (status != 0) {
    return tl::unexpected(
        NetError{0, std::string("cannot start a worker thread: ") + uv_strerror(status)});
  }
  worker->has_thread_ = true;
  return worker;
}

Worker::Worker(session::SettingsRef settings, Shared& shared, metrics::Shard& metrics)
    : shared_(shared),
      metrics_(metrics),
      has_loop_(uv_loop_init(&loop_) == 0),
      plans_(plan_limits(settings->config.limits)) {
  session::Environment environment{std::move(settings), plans_,   shared.catalogs,
                                   shared.suspensions,  metrics_, shared.incidents};
  context_ = std::make_unique<Context>(loop_, std::move(environment), shared.health, shared.tls);
  context_->ask_console = [this](std::uint64_t id, console::Question question) {
    ask_console(id, std::move(question));
  };
  if (!has_loop_) return;
  wake_ = make_handle<uv_async_t>(this, [&](uv_async_t* handle) {
    return uv_async_init(
        &loop_, handle, [](uv_async_t* async) { static_cast<Worker*>(async->data)->read_inbox(); });
  });
  tick_ = make_handle<uv_timer_t>(
      this, [&](uv_timer_t* handle) { return uv_timer_init(&loop_, handle); });
  stamp();
}

Worker::~Worker() {
  if (has_thread_) stop();
  preludes_.clear();
  connections_.clear();
  wake_.reset();
  tick_.reset();
  context_->handshakes.close();
  if (!has_loop_) return;
  uv_run(&loop_, UV_RUN_DEFAULT);  // the close callbacks
  uv_loop_close(&loop_);
}

void Worker::run() { uv_run(&loop_, UV_RUN_DEFAULT); }

void Worker::post(const std::function<void(Inbox&)>& write) {
  {
    const std::lock_guard lock(inbox_mutex_);
    write(inbox_);
  }
  uv_async_send(wake_.get());
}

void Worker::accept(Accepted accepted) {
  if (sessions_.fetch_add(1, std::memory_order_relaxed) == 0) stamp();
  post([&](Inbox& inbox) { inbox.accepted.push_back(std::move(accepted)); });
}

void Worker::apply(session::SettingsRef settings) {
  post([&](Inbox& inbox) { inbox.settings = std::move(settings); });
}

void Worker::drain() {
  post([](Inbox& inbox) { inbox.drain = true; });
}

void Worker::describe_sessions(std::shared_ptr<Survey> survey) {
  post([&](Inbox& inbox) { inbox.surveys.push_back(std::move(survey)); });
}

void Worker::stop() {
  if (!has_thread_) return;
  post([](Inbox& inbox) { inbox.stop = true; });
  uv_thread_join(&thread_);
  has_thread_ = false;
}

void Worker::read_inbox() {
  Inbox inbox;
  {
    const std::lock_guard lock(inbox_mutex_);
    std::swap(inbox, inbox_);
  }
  stamp();
  if (inbox.settings) take(std::move(inbox.settings));
  for (Accepted& accepted : inbox.accepted) {
    accepted.prelude == Prelude::ProxyHeader ? await_header(std::move(accepted))
                                             : add(std::move(accepted));
  }
  if (inbox.drain && !is_draining_) drain_sessions();
  for (const auto& survey : inbox.surveys) answer(*survey);
  for (const auto& [id, answer] : inbox.answers) deliver(id, answer);
  if (!inbox.stop) return;
  sessions_.fetch_sub(connections_.size() + preludes_.size(), std::memory_order_relaxed);
  preludes_.clear();
  connections_.clear();
  uv_stop(&loop_);
}

void Worker::take(session::SettingsRef settings) {
  generation_.store(settings->generation, std::memory_order_release);
  context_->environment.settings = std::move(settings);
  shared_.on_change();
}

void Worker::start_ticking() {
  if (!connections_.empty() || !preludes_.empty()) return;
  stamp();
  uv_timer_start(
      tick_.get(), [](uv_timer_t* timer) { static_cast<Worker*>(timer->data)->on_tick(); },
      kTickMilliseconds, kTickMilliseconds);
}

void Worker::await_header(Accepted accepted) {
  start_ticking();
  PreludeEvents& events = *this;
  auto prelude = ProxyPrelude::open(loop_, events, std::move(accepted));
  if (!prelude) return note_end();
  const std::uint64_t id = prelude->id();
  preludes_.emplace(id, std::move(prelude));
}

void Worker::on_header_read(ProxyPrelude& prelude) {
  const std::string balancer = prelude.peer_of_socket();
  Accepted accepted = prelude.take();
  preludes_.erase(accepted.id);
  spdlog::debug("client named client={} by={}", accepted.peer, balancer);
  add(std::move(accepted));
}

void Worker::on_header_failed(ProxyPrelude& prelude, std::string_view reason) {
  if (!reason.empty()) {
    metrics_.cell(Metric::ClientConnectionFailures, {reason}).add();
    spdlog::warn("no PROXY header from={} reason={}", prelude.peer_of_socket(), reason);
  }
  preludes_.erase(prelude.id());
  note_end();
}

void Worker::drop_silent_preludes() {
  const bool is_ending = shared_.is_draining.load(std::memory_order_relaxed);
  const auto limit =
      is_ending ? kTurnedAwayMax : context_->environment.settings->config.limits.startup_timeout;
  for (auto entry = preludes_.begin(); entry != preludes_.end();) {
    ProxyPrelude& prelude = *(entry++)->second;
    const std::chrono::milliseconds age(uv_now(&loop_) - prelude.opened());
    if (age > limit) on_header_failed(prelude, "timeout");
  }
}

void Worker::add(Accepted accepted) {
  start_ticking();
  // The session's deadlines start now, not when the last event of another one was handled.
  context_->refresh_clock();
  ConnectionOwner& owner = *this;
  const std::uint64_t id = accepted.id;
  auto& connection =
      *connections_.emplace(id, std::make_unique<Connection>(*context_, owner, std::move(accepted)))
           .first->second;
  connection.start();
  if (!is_draining_) return;
  const auto still_there = connections_.find(id);
  if (still_there != connections_.end()) still_there->second->drain();
}

void Worker::drain_sessions() {
  is_draining_ = true;
  for (auto entry = connections_.begin(); entry != connections_.end();) {
    Connection& connection = *(entry++)->second;  // may end itself
    connection.drain();
  }
  if (sessions() == 0) shared_.on_change();
}

void Worker::answer(Survey& survey) {
  context_->refresh_clock();
  std::vector<metrics::SessionFacts> facts;
  facts.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) facts.push_back(connection->facts());
  survey.add(std::move(facts));
}

void Worker::ask_console(std::uint64_t id, console::Question question) {
  shared_.console.ask(std::move(question), [this, id](console::Answer answer) {
    post([&](Inbox& inbox) { inbox.answers.emplace_back(id, std::move(answer)); });
  });
}

void Worker::deliver(std::uint64_t id, const console::Answer& answer) {
  const auto found = connections_.find(id);
  if (found != connections_.end()) found->second->answer(answer);  // may end itself
}

void Worker::on_tick() {
  stamp();
  for (auto entry = connections_.begin(); entry != connections_.end();) {
    Connection& connection = *(entry++)->second;  // may end itself
    connection.on_tick();
  }
  drop_silent_preludes();
  publish();
}

void Worker::on_finished(Connection& connection) {
  connections_.erase(connection.id());
  note_end();
}

void Worker::note_end() {
  if (connections_.empty() && preludes_.empty()) {
    uv_timer_stop(tick_.get());
    publish();
  }
  const bool was_last = sessions_.fetch_sub(1, std::memory_order_relaxed) == 1;
  if (was_last && shared_.is_draining.load(std::memory_order_relaxed)) shared_.on_change();
}

void Worker::publish() {
  metrics_.cell(Metric::PlanCacheRequests, {"hit"}).set(static_cast<double>(plans_.hits()));
  metrics_.cell(Metric::PlanCacheRequests, {"miss"}).set(static_cast<double>(plans_.misses()));
  metrics_.cell(Metric::PlanCacheEntries, {}).set(static_cast<double>(plans_.entries()));
}

void Worker::stamp() { heartbeat_ms_.store(monotonic_ms(), std::memory_order_relaxed); }

bool Worker::is_alive(std::chrono::milliseconds age) const {
  return sessions() == 0 ||
         monotonic_ms() - heartbeat_ms_.load(std::memory_order_relaxed) <= age.count();
}

double Worker::busy_seconds() const {
  clockid_t clock{};
  timespec used{};
  if (!has_thread_ || pthread_getcpuclockid(thread_, &clock) != 0) return 0;
  if (clock_gettime(clock, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

}  // namespace pgconcord::net
