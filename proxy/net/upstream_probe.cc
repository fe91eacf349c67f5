#include "proxy/net/upstream_probe.h"

#include <utility>

namespace pgconcord::net {
namespace {

// A success this fresh needs no new connection; an answer this fresh is not asked for again.
constexpr std::chrono::milliseconds kFresh{5000};
constexpr std::chrono::milliseconds kAnswerFresh{1000};
// Probes of orchestrators give up after a second.
constexpr std::chrono::milliseconds kPatience{300};

}  // namespace

std::unique_ptr<UpstreamProbe> UpstreamProbe::open(Connector::Setup setup, const TlsStore& tls) {
  std::unique_ptr<UpstreamProbe> probe(new UpstreamProbe(setup, tls));
  probe->wake_ = make_handle<uv_async_t>(probe.get(), [&](uv_async_t* handle) {
    return uv_async_init(&setup.loop, handle, [](uv_async_t* async) {
      static_cast<UpstreamProbe*>(async->data)->start();
    });
  });
  return probe->wake_ ? std::move(probe) : nullptr;
}

UpstreamProbe::UpstreamProbe(const Connector::Setup& setup, const TlsStore& tls)
    : loop_(setup.loop),
      upstream_(setup.upstream),
      health_(setup.health),
      metrics_(setup.metrics),
      tls_(tls) {}

bool UpstreamProbe::is_reachable() {
  if (health_.was_reached_within(kFresh)) return true;
  std::unique_lock lock(mutex_);
  const auto is_answered = [&] { return Clock::now() - answer_time_ < kAnswerFresh; };
  if (!is_answered()) {
    uv_async_send(wake_.get());
    answered_.wait_for(lock, kPatience, is_answered);
  }
  return is_reachable_;
}

void UpstreamProbe::start() {
  if (connector_) return;  // one at a time
  connector_ = std::make_unique<Connector>(
      Connector::Setup{loop_, upstream_, health_, metrics_, tls_.current()});
  connector_->start(*this);
}

void UpstreamProbe::on_connect(Result<Connected> outcome) {
  {
    const std::lock_guard lock(mutex_);
    is_reachable_ = outcome.has_value();
    answer_time_ = Clock::now();
  }
  answered_.notify_all();
  connector_.reset();
}

}  // namespace pgconcord::net
