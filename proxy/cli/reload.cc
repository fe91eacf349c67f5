// `pgconcord reload` and `drain`: a signal to the process, or a request where a token is given.
#include <sys/types.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "policies/token.h"
#include "proxy/admin/client.h"
#include "proxy/cli/verbs.h"

namespace pgconcord::cli {
namespace {

using Json = nlohmann::ordered_json;

// What differs between the two verbs.
struct Wish {
  const char* verb;
  int signal;
  const char* path;
  const char* sent;  // behind "asked process N "
};

std::optional<pid_t> pid_in(const std::string& path) {
  std::ifstream file(path);
  pid_t pid = 0;
  if (!(file >> pid) || pid <= 1) return std::nullopt;
  return pid;
}

int by_signal(const Options& options, const Wish& wish) {
  if (!options.pid && options.pid_file.empty()) {
    std::cerr << wish.verb
              << " needs --pid-file FILE (as given to run), --pid NUMBER, or --token-file FILE to "
                 "ask over HTTP\n";
    return kUsage;
  }
  const auto pid = options.pid ? std::optional<pid_t>(*options.pid) : pid_in(options.pid_file);
  if (!pid) {
    std::cerr << options.pid_file
              << " holds no process id: is the proxy running, with this --pid-file?\n";
    return kProblem;
  }
  if (::kill(*pid, wish.signal) != 0) {
    std::cerr << "cannot signal process " << *pid << ": " << std::strerror(errno) << '\n';
    return kProblem;
  }
  std::cout << "asked process " << *pid << ' ' << wish.sent << '\n';
  return kOk;
}

std::optional<std::string> token_in(const std::string& path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) {
    std::cerr << "--token-file: " << path << " cannot be read\n";
    return std::nullopt;
  }
  const auto token = policies::parse_token(text);
  if (token) return *token;
  std::cerr << "--token-file: " << path << " holds no token: " << token.error().message << '\n';
  return std::nullopt;
}

std::string text_at(const Json& json, const char* name) {
  const bool has_text = json.is_object() && json.contains(name) && json[name].is_string();
  return has_text ? json[name].get<std::string>() : "";
}

void print_refusal(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  std::cerr << text_at(json, "error");
  if (const std::string help = text_at(json, "help"); !help.empty()) std::cerr << ": " << help;
  std::cerr << '\n';
  if (!json.is_object() || !json.contains("errors")) return;
  for (const Json& each : json["errors"]) {
    std::cerr << text_at(each, "file") << ':' << each.value("line", 0) << ": "
              << text_at(each, "message") << '\n';
  }
}

int over_http(const Options& options, const Wish& wish) {
  const auto token = token_in(options.token_file);
  if (!token) return kProblem;
  const auto reply = admin::post(options.admin_url, wish.path, *token);
  if (!reply) {
    std::cerr << reply.error() << '\n';
    return kProblem;
  }
  if (reply->status != 200) {
    print_refusal(reply->body);
    return kProblem;
  }
  const Json json = Json::parse(reply->body, nullptr, false);
  if (json.is_object()) {
    std::cout << wish.verb << ": mode " << text_at(json, "mode") << ", policies "
              << json.value("policies", 0) << ", sessions " << json.value("sessions", 0) << '\n';
  }
  return kOk;
}

int carry_out(const Options& options, const Wish& wish) {
  // A process that is named outright is meant, whatever the environment says.
  const bool by_http = !options.token_file.empty() && !options.pid;
  return by_http ? over_http(options, wish) : by_signal(options, wish);
}

}  // namespace

int reload(const Options& options) {
  return carry_out(options,
                   {"reload", SIGHUP, "/api/v1/reload", "to reload; its log tells the outcome"});
}

int drain(const Options& options) {
  return carry_out(options, {"drain", SIGTERM, "/api/v1/drain",
                             "to drain; it ends when its sessions have ended"});
}

}  // namespace pgconcord::cli
