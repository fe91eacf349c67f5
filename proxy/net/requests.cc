// What operators ask of the running proxy, over HTTP or the console: on their threads.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "proxy/net/log.h"
#include "proxy/net/server.h"
#include "proxy/net/survey.h"

namespace pgconcord::net {
namespace {

// How long workers are waited for that were asked for their sessions.
constexpr std::chrono::milliseconds kSurvey{2000};
// Groups an operator is shown.
constexpr std::size_t kViolationsShown = 500;

}  // namespace

std::string Server::exposition() { return registry_.render(); }

std::vector<metrics::IncidentGroup> Server::violations() {
  return incidents_.top(kViolationsShown);
}

std::vector<metrics::SessionFacts> Server::session_facts() {
  const auto survey = std::make_shared<Survey>(workers_.size());
  for (const auto& worker : workers_) worker->describe_sessions(survey);
  return survey->wait(kSurvey);
}

policies::Change Server::change(const std::function<void(const Errands::Reply&)>& work) {
  return errands_.ask([this, work](const Errands::Reply& reply) {
    if (state_ == State::Running) return work(reply);
    reply(tl::unexpected(policies::ChangeRefusal{policies::Obstacle::Unavailable,
                                                 "the proxy is draining",
                                                 "ask the one that follows it",
                                                 {}}));
  });
}

policies::Change Server::change_configuration() {
  return change([this](const Errands::Reply& reply) {
    auto done = reload();
    if (done) {
      awaiting_.push_back(reply);
      return;
    }
    reply(tl::unexpected(policies::ChangeRefusal{
        policies::Obstacle::Invalid, "the configuration has errors; the running one stays",
        "`pgconcord check` shows them with their lines", std::move(done.error())}));
  });
}

policies::Change Server::change_mode(const std::string& policy, policies::Mode mode) {
  return change([this, policy, mode](const Errands::Reply& reply) {
    auto changed = policies::with_policy_mode(settings()->config, policy, mode);
    if (!changed) return reply(tl::unexpected(std::move(changed.error())));
    publish(std::move(*changed));
    spread();
    awaiting_.push_back(reply);
    spdlog::info("policy mode changed policy={} mode={} generation={} until=\"the next reload\"",
                 policy, policies::label(mode), settings()->generation);
  });
}

policies::Change Server::begin_drain() {
  return errands_.ask([this](const Errands::Reply& reply) {
    const bool begins = state_ == State::Running;
    if (begins) state_ = State::Draining;
    // Before it begins: with no session left it ends at once.
    reply(in_force());
    if (begins) drain();
  });
}

bool Server::is_suspended(const std::string& policy) {
  const auto all = suspensions_.all();
  return std::any_of(all.begin(), all.end(),
                     [&](const policies::Suspension& each) { return each.policy == policy; });
}

Vitals Server::vitals() {
  Vitals vitals;
  for (const auto& worker : workers_) {
    if (!worker->is_alive(kStuck)) vitals.live = {false, "an event loop does not turn"};
  }
  if (state_ != State::Running) {
    vitals.ready = {false, "draining"};
  } else if (!vitals.live.holds) {
    vitals.ready = vitals.live;
  } else if (!probe_->is_reachable()) {
    vitals.ready = {false, "upstream not reachable"};
  }
  return vitals;
}

policies::InForce Server::in_force() const {
  const auto running = settings();
  return {running->generation, running->config.mode, running->config.policies.size(), sessions()};
}

}  // namespace pgconcord::net
