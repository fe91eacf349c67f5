// A Session under an enforcing policy, driven by both peers as the input says: never a crash, never
// more output than a bound, and the end of both streams is the end of the session. The input is a
// list of events: one byte that says which, and for bytes of a peer two of length and the bytes.
// Bit 3 of the first says that the proxy ends SCRAM itself, bit 4 that it is off at first, bit 6
// that `app` may use the console, whose questions are answered behind the next event. Event 7 with
// bit 5 is a reload to the other of `off` and `enforce`.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policies/load.h"
#include "policies/users.h"
#include "proxy/session/session.h"

using namespace pgconcord;

namespace {

session::SettingsRef settings() {
  constexpr std::string_view kYaml =
      "version: 1\nmode: enforce\npolicies: [{name: p, table: public.users, constraint: "
      "users_email_key, statement: insert, action: do_nothing}]\n";
  auto made = std::make_shared<session::Settings>();
  made->config = policies::load_text(kYaml, "fuzz").value();
  return made;
}

session::SettingsRef off_settings() {
  auto made = std::make_shared<session::Settings>(*settings());
  made->config.mode = policies::Mode::Off;
  return made;
}

session::SettingsRef scram_settings() {
  // The user and password of tests/wire/scram.trace.
  constexpr std::string_view kVerifier =
      "SCRAM-SHA-256$4096:c2FsdCBvZiAxNiBieXRlcw==$V+jWVUdaSBvi2Y0J9/2AKuFtPLAfxC4Yn7wob1bt0jk=:"
      "ZDIm0MctjjO3zzZnKPLFZy3kVPTaXejCXvYPE5mIeNQ=";
  auto made = std::make_shared<session::Settings>(*settings());
  made->config.auth_mode = "scram";
  made->config.users = std::make_shared<const policies::Users>(
      policies::Users{{"app", policies::parse_verifier(kVerifier).value()}});
  return made;
}

session::SettingsRef console_settings() {
  auto made = std::make_shared<session::Settings>(*settings());
  made->config.console.users = {"app"};
  return made;
}

policies::CatalogRef catalog() {
  policies::Table users;
  users.oid = 16384;
  users.schema = "public";
  users.name = "users";
  policies::Column email;
  email.name = "email";
  email.number = 2;
  email.may_select = true;
  users.columns = {email};
  policies::UniqueIndex key;
  key.oid = 7;
  key.name = "users_email_key";
  key.elements = "email";
  key.columns = key.referenced_columns = {"email"};
  users.indexes = {key};
  return std::make_shared<const policies::Catalog>("app", 150000U, std::vector{users});
}

std::size_t taken(session::Actions& actions) {
  std::size_t bytes = 0;
  for (const session::Outbox* out : {&actions.to_client, &actions.to_server}) {
    for (std::size_t i = 0; i < out->piece_count(); ++i) bytes += out->piece(i).size();
    if (bytes > std::size_t{1} << 30) std::abort();
  }
  actions.clear();
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const session::SettingsRef kSettings = settings();
  static const session::SettingsRef kScram = scram_settings();
  static const session::SettingsRef kOff = off_settings();
  static const session::SettingsRef kConsole = console_settings();
  const bool ends_scram = size > 0 && (data[0] & 8) != 0;
  const bool is_off = size > 0 && (data[0] & 16) != 0;
  const bool has_console = size > 0 && (data[0] & 64) != 0;
  metrics::Registry registry{metrics::Caps{}};
  policies::PlanCache plans{policies::PlanLimits{}};
  policies::CatalogCache catalogs;
  policies::Suspensions suspensions;
  metrics::Incidents incidents;
  const session::SettingsRef on = ends_scram ? kScram : has_console ? kConsole : kSettings;
  session::Environment environment{is_off ? kOff : on,    plans,    catalogs, suspensions,
                                   registry.make_shard(), incidents};
  environment.random_bytes = [](std::size_t count) { return std::string(count, 'A'); };
  if (size % 2 == 0) catalogs.store("shop", catalog(), environment.now);
  session::Session session(environment, 1);
  session::Actions actions;
  std::size_t bytes_out = 0;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::size_t events = 0;
  while (!input.empty()) {
    const int event = input[0] & 7;
    const bool reloads = (input[0] & 32) != 0;
    input.remove_prefix(1);
    std::string_view bytes;
    if (event < 2 && input.size() >= 2) {
      const auto at = [&](std::size_t i) {
        return std::size_t{static_cast<unsigned char>(input[i])};
      };
      bytes = input.substr(2, at(0) << 8 | at(1));
      input.remove_prefix(2 + bytes.size());
    }
    const std::unique_ptr<std::string> copy = std::make_unique<std::string>(bytes);
    switch (event) {
      case 0:
        session.on_client_bytes(*copy, actions);
        break;
      case 1:
        session.on_server_bytes(*copy, actions);
        break;
      case 2:
        session.on_client_eof(actions);
        break;
      case 3:
        session.on_server_eof(actions);
        break;
      case 4:
        session.on_server_connected(actions);
        break;
      case 5:
        environment.now += std::chrono::seconds(3);
        session.on_tick(actions);
        break;
      case 6:
        session.drain(actions);
        break;
      default:
        if (reloads) {
          environment.settings = environment.settings == kOff ? on : kOff;
          break;
        }
        session.on_server_unavailable(actions);
        break;
    }
    const bool asks = actions.opening == session::Opening::Console;
    bytes_out += taken(actions);
    if (asks) {
      session.take_question();
      session.on_console_answer(console::Rows{}, actions);
      bytes_out += taken(actions);
    }
    ++events;
  }
  session.on_client_eof(actions);
  session.on_server_eof(actions);
  bytes_out += taken(actions);
  // A look-up's text is some 12 kB; a message of the client may start one.
  if (bytes_out > 64 * size + (events + 2) * 65536) std::abort();
  if (session.phase() != session::Phase::Closing) std::abort();
  return 0;
}
