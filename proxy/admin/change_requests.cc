#include "proxy/admin/change_requests.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "policies/token.h"

namespace pgconcord::admin {
namespace {

using Json = nlohmann::ordered_json;
using policies::Obstacle;

constexpr std::string_view kPolicies = "/api/v1/policies/";
constexpr std::string_view kMode = "/mode";
constexpr std::string_view kBearer = "bearer ";

// What works without a token.
std::string_view other_way(ChangeRequest::Kind kind) {
  switch (kind) {
    case ChangeRequest::Kind::Reload:
      return "send the process SIGHUP to reload";
    case ChangeRequest::Kind::Drain:
      return "send the process SIGTERM to drain";
    case ChangeRequest::Kind::Mode:
      return "change the file and send the process SIGHUP";
  }
  return {};
}

// The scheme's name is read in any case (RFC 9110, 11.1).
std::string_view bearer_token(std::string_view header) {
  if (header.size() < kBearer.size()) return {};
  for (std::size_t i = 0; i < kBearer.size(); ++i) {
    const char c = header[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != kBearer[i]) return {};
  }
  const std::size_t begin = header.find_first_not_of(' ', kBearer.size());
  return begin == std::string_view::npos ? std::string_view() : header.substr(begin);
}

std::shared_ptr<const policies::Token> token_of(const Sources& sources) {
  return sources.token ? sources.token() : nullptr;
}

Answer forbidden(const ChangeRequest& change, const Sources& sources) {
  if (!token_of(sources)) {
    return error_answer(403, "changes over HTTP are switched off: set admin.token_file, or " +
                                 std::string(other_way(change.kind)));
  }
  Answer refused = error_answer(
      401, "this needs the token of admin.token_file, as `Authorization: Bearer TOKEN`");
  refused.challenge = "Bearer realm=\"pgconcord\"";
  return refused;
}

int status_of(Obstacle obstacle) {
  switch (obstacle) {
    case Obstacle::NoSuchPolicy:
      return 404;
    case Obstacle::AboveCeiling:
      return 409;
    case Obstacle::Invalid:
      return 422;
    case Obstacle::Unavailable:
      return 503;
  }
  return 500;
}

Answer told(const policies::ChangeRefusal& refusal) {
  Json json = {{"error", refusal.message}, {"help", refusal.help}};
  for (const policies::ConfigError& each : refusal.errors) {
    json["errors"].push_back({{"file", each.file},
                              {"line", each.line},
                              {"column", each.column},
                              {"path", each.path},
                              {"message", each.message},
                              {"help", each.help}});
  }
  return {status_of(refusal.obstacle), "application/json",
          json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"};
}

Answer told(const policies::Change& change) {
  if (!change) return told(change.error());
  const Json json = {{"generation", change->generation},
                     {"mode", policies::label(change->mode)},
                     {"policies", change->policies},
                     {"sessions", change->sessions}};
  return {200, "application/json", json.dump(2) + "\n"};
}

Answer set_mode(const std::string& policy, const Request& request, const Sources& sources) {
  const Json body = Json::parse(request.body, nullptr, false);
  const bool has_mode = body.is_object() && body.contains("mode") && body["mode"].is_string();
  if (!has_mode) return error_answer(400, R"(the body must be {"mode": "off|observe|enforce"})");
  const auto mode = policies::mode_named(body["mode"].get<std::string>());
  if (!mode) return told(mode.error());
  return told(sources.set_mode(policy, *mode));
}

}  // namespace

std::optional<ChangeRequest> change_for(std::string_view path) {
  using Kind = ChangeRequest::Kind;
  if (path == "/api/v1/reload") return ChangeRequest{Kind::Reload};
  if (path == "/api/v1/drain") return ChangeRequest{Kind::Drain};
  if (!path.starts_with(kPolicies) || !path.ends_with(kMode)) return std::nullopt;
  path.remove_prefix(kPolicies.size());
  if (path.size() <= kMode.size()) return std::nullopt;
  path.remove_suffix(kMode.size());
  if (path.find('/') != std::string_view::npos) return std::nullopt;
  return ChangeRequest{Kind::Mode, std::string(path)};
}

bool is_allowed(const Request& request, const Sources& sources) {
  const auto token = token_of(sources);
  return token && policies::is_token(bearer_token(request.authorization), token->text);
}

Answer carry_out(const ChangeRequest& change, const Request& request, const Sources& sources) {
  if (!is_allowed(request, sources)) return forbidden(change, sources);
  switch (change.kind) {
    case ChangeRequest::Kind::Reload:
      return told(sources.reload());
    case ChangeRequest::Kind::Drain:
      return told(sources.drain());
    case ChangeRequest::Kind::Mode:
      return set_mode(change.policy, request, sources);
  }
  return error_answer(500, "the answer could not be made");
}

}  // namespace pgconcord::admin
