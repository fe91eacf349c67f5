// The configuration file as values: validated, defaults filled in, times in milliseconds, sizes in
// bytes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policies/policy.h"

namespace pgconcord::policies {

using Milliseconds = std::chrono::milliseconds;

// A socket address as written: either a unix socket path or host and port.
struct Address {
  std::string host;  // without brackets; empty for a unix socket
  std::uint16_t port = 0;
  std::string unix_path;  // empty for TCP
  std::string text;       // as written, for messages and labels
  friend bool operator==(const Address&, const Address&) = default;
};

struct ListenTls {
  std::string mode = "disable";
  std::string cert;
  std::string key;
  std::string client_ca;
  std::uint32_t line = 0;  // of the listener in the file; 0 = not from a file
};
struct Listener {
  Address address;
  ListenTls tls;
  std::vector<std::string> proxy_trusted;
};

struct UpstreamTls {
  std::string mode = "disable";
  std::string ca;
  std::string cert;
  std::string key;
  std::string negotiation = "postgres";
  std::uint32_t line = 0;  // of `upstream` in the file; 0 = not from a file
};
struct Upstream {
  std::vector<Address> addresses;  // tried in order
  std::string target_session_attrs = "any";
  Milliseconds connect_timeout{5000};
  UpstreamTls tls;
};

enum class CatalogSource : std::uint8_t { Session, Url };
struct CatalogSettings {
  CatalogSource source = CatalogSource::Session;
  std::string url;
  Milliseconds refresh{60'000};
};

struct Token {
  std::string text;
  std::string path;             // of its file
  bool everyone_reads = false;  // every user of the machine may
};
struct Admin {
  Address address;
  std::string token_file;
  std::shared_ptr<const Token> token;  // what stands in it; nullptr = nothing may be changed
};
struct Console {
  std::string database = "pgconcord";
  std::vector<std::string> users;
};

struct Limits {
  std::uint32_t max_clients = 1000;
  std::size_t inspect_bytes = 1024 * 1024;  // longer Query and Parse messages are forwarded unread
  std::size_t parse_depth = 500;
  Milliseconds startup_timeout{60'000};
  std::size_t buffer_bytes = 256 * 1024;     // high-water mark of each direction
  std::size_t prepared_statements = 10'000;  // known names per session
  std::size_t plan_cache = 10'000;           // statement templates per worker
};

struct Log {
  std::string level = "info";
  std::string format = "text";
  std::string statements = "fingerprint";
};
struct MetricsSettings {
  std::size_t max_constraint_series = 2000;
  std::size_t max_applications = 50;
  std::string partitions = "parent";
};

// As in pg_authid.rolpassword: base64, checked for form (users.h).
struct Verifier {
  std::uint32_t iterations = 0;
  std::string salt, stored_key, server_key;
  friend bool operator==(const Verifier&, const Verifier&) = default;
};
using Users = std::map<std::string, Verifier, std::less<>>;

struct Config {
  std::string file;                   // where it was read from; empty = no file
  std::vector<std::string> included;  // patterns of `include`, as paths like `file`
  Mode mode = Mode::Observe;
  std::vector<Listener> listeners;
  Upstream upstream;
  std::string auth_mode = "passthrough";
  std::string users_file;              // of auth_mode scram
  std::shared_ptr<const Users> users;  // what stands in it; nullptr = not read
  std::string channel_binding = "check";
  CatalogSettings catalog;
  Admin admin;
  Console console;
  std::uint32_t workers = 0;  // 0 = one per core
  Limits limits;
  Milliseconds drain{60'000};
  Log log;
  MetricsSettings metrics;
  std::vector<Policy> policies;  // in order: the first that matches decides
};

}  // namespace pgconcord::policies
