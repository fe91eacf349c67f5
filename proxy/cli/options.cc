#include "proxy/cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <string_view>

#include "proxy/cli/build_facts.h"
#include "proxy/cli/completion.h"
#include "proxy/cli/planned_key.h"

namespace pgconcord::cli {
namespace {

const char* const kFooter =
    "Flags of `run` can also be set as PGCONCORD_<FLAG>; a flag wins over the environment, that "
    "over the file.\n"
    "DATABASE_URL or PGHOST and PGPORT name the server when nothing else does.\n"
    "Exit status: 0 ok, 1 problem found or failed start, 2 usage.";

// `run` may be left out: `pgconcord --listen ...`.
std::vector<std::string> with_verb(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const bool asks_for_help =
      !words.empty() && (words[0] == "--help" || words[0] == "-h" || words[0] == "--version");
  const bool is_flag_or_empty = words.empty() || words[0].front() == '-';
  if (is_flag_or_empty && !asks_for_help) words.insert(words.begin(), "run");
  return words;
}

void add_config(CLI::App& verb, Options& options) {
  verb.add_option(
          "--config", options.config_file,
          "configuration file (default: ./pgconcord.yaml, then /etc/pgconcord/pgconcord.yaml)")
      ->envname("PGCONCORD_CONFIG")
      ->type_name("FILE");
}

void add_format(CLI::App& verb, Options& options) {
  verb.add_option("--format", options.format, "human or json")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, Format>{{"human", Format::Human}, {"json", Format::Json}}))
      ->envname("PGCONCORD_FORMAT")
      ->type_name("FORMAT");
}

void add_overrides(CLI::App& verb, Overrides& overrides) {
  verb.add_option("--listen", overrides.listen, "where clients connect; may be repeated")
      ->envname("PGCONCORD_LISTEN")
      ->delimiter(',')
      ->type_name("ADDRESS");
  verb.add_option("--upstream", overrides.upstream,
                  "the server: URL, host:port or socket; several with commas")
      ->envname("PGCONCORD_UPSTREAM")
      ->type_name("ADDRESS");
  verb.add_option("--admin", overrides.admin, "where metrics and health are served")
      ->envname("PGCONCORD_ADMIN")
      ->type_name("ADDRESS");
  verb.add_option("--mode", overrides.mode, "off, observe or enforce: ceiling for every policy")
      ->envname("PGCONCORD_MODE")
      ->check(CLI::IsMember({"off", "observe", "enforce"}))
      ->type_name("MODE");
  verb.add_option("--workers", overrides.workers, "event loops; 0 = one per core")
      ->envname("PGCONCORD_WORKERS")
      ->check(CLI::Range(0, 1024))
      ->type_name("NUMBER");
  verb.add_option("--log-level", overrides.log_level, "trace, debug, info, warn or error")
      ->envname("PGCONCORD_LOG_LEVEL")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->type_name("LEVEL");
  verb.add_option("--log-format", overrides.log_format, "text or json")
      ->envname("PGCONCORD_LOG_FORMAT")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
}

void add_connect(CLI::App& verb, Options& options) {
  verb.add_option("--connect", options.connect,
                  "read the catalog of this database (URL or key=value)")
      ->envname("PGCONCORD_CONNECT")
      ->type_name("URL");
}

void add_run(CLI::App& app, Options& options) {
  auto& verb = *app.add_subcommand("run", "start the proxy (the default verb)");
  add_config(verb, options);
  add_overrides(verb, options.overrides);
  verb.add_option("--pid-file", options.pid_file, "written once ready, removed at the end")
      ->envname("PGCONCORD_PID_FILE")
      ->type_name("FILE");
  verb.add_flag("--take-over", options.take_over,
                "listen beside a running pgconcord, which is to be stopped then (online restart)");
  verb.add_flag("--watch", options.watch, "reload when the configuration's files change")
      ->envname("PGCONCORD_WATCH");
  verb.add_option("--port-file", options.port_file)->group("");
  verb.callback([&options] { options.verb = Verb::Run; });
}

void add_check(CLI::App& app, Options& options) {
  auto& verb = *app.add_subcommand("check", "validate the configuration");
  add_config(verb, options);
  add_format(verb, options);
  add_connect(verb, options);
  verb.add_flag("--strict", options.strict, "warnings are problems too");
  verb.callback([&options] { options.verb = Verb::Check; });
}

void add_explain(CLI::App& app, Options& options) {
  auto& verb = *app.add_subcommand("explain", "show what would become of a statement, and why");
  verb.add_option("SQL", options.sql, "the statement; - reads it from standard input")->required();
  add_config(verb, options);
  add_format(verb, options);
  add_connect(verb, options);
  verb.add_option("--database", options.database, "as if sent in this database");
  verb.add_option("--user", options.user, "as if sent by this user");
  verb.add_option("--application", options.application, "as if sent by this application_name");
  verb.callback([&options] { options.verb = Verb::Explain; });
}

std::string planned_key_problem(const std::string& text) {
  const auto key = planned_key(text);
  return key ? "" : "--planned " + text + ": " + key.error();
}

void add_doctor(CLI::App& app, Options& options) {
  auto& verb = *app.add_subcommand("doctor", "look for what makes writes of a database fail");
  add_connect(verb, options);
  verb.get_option("--connect")->required();
  verb.add_option("--config", options.config_file, "also check the policies of this file")
      ->envname("PGCONCORD_CONFIG")
      ->type_name("FILE");
  add_format(verb, options);
  verb.add_option("--planned", options.planned,
                  "a unique constraint to come, as `schema.table(column,column)`; may be repeated")
      ->check(CLI::Validator(planned_key_problem, ""))
      ->type_name("KEY");
  verb.add_option("--timeout", options.timeout, "seconds for each question to the database")
      ->capture_default_str()
      ->check(CLI::Range(1, 3600))
      ->type_name("SECONDS");
  verb.callback([&options] { options.verb = Verb::Doctor; });
}

void add_config_verbs(CLI::App& app, Options& options) {
  auto& verb = *app.add_subcommand("config", "show the configuration or its schema");
  verb.require_subcommand(1);
  auto& show = *verb.add_subcommand("show", "the effective configuration, without secrets");
  add_config(show, options);
  add_format(show, options);
  add_overrides(show, options.overrides);
  show.callback([&options] { options.verb = Verb::ConfigShow; });
  auto& schema = *verb.add_subcommand("schema", "JSON Schema of the configuration file");
  schema.callback([&options] { options.verb = Verb::ConfigSchema; });
}

void add_admin(CLI::App& verb, Options& options) {
  verb.add_option("--admin", options.admin_url, "admin address of the running proxy")
      ->envname("PGCONCORD_ADMIN")
      ->capture_default_str()
      ->type_name("URL");
}

// By a signal, or over HTTP where a token is given.
void add_change(CLI::App& verb, Options& options) {
  auto* file = verb.add_option("--pid-file", options.pid_file, "that `run --pid-file` wrote")
                   ->envname("PGCONCORD_PID_FILE")
                   ->type_name("FILE");
  auto* pid = verb.add_option("--pid", options.pid, "process id of the proxy")
                  ->check(CLI::Range(2, 4'194'304))
                  ->type_name("NUMBER");
  pid->excludes(file);
  add_admin(verb, options);
  verb.add_option("--token-file", options.token_file,
                  "ask over HTTP, with the token of the proxy's admin.token_file")
      ->envname("PGCONCORD_TOKEN_FILE")
      ->type_name("FILE");
}

void add_changes(CLI::App& app, Options& options) {
  auto& reload = *app.add_subcommand("reload", "make a running proxy read its configuration anew");
  add_change(reload, options);
  reload.callback([&options] { options.verb = Verb::Reload; });
  auto& drain = *app.add_subcommand("drain", "make a running proxy end once its sessions have");
  add_change(drain, options);
  drain.callback([&options] { options.verb = Verb::Drain; });
}

// What a running proxy is asked for.
void add_live_verbs(CLI::App& app, Options& options) {
  auto& violations = *app.add_subcommand("violations", "what is violated, by whom, and why");
  auto& policies = *app.add_subcommand("policies", "what each policy did and left alone");
  auto& sessions = *app.add_subcommand("sessions", "who is connected, and what for");
  auto& suggest = *app.add_subcommand("suggest", "ready policies with their evidence, as YAML");
  for (CLI::App* verb : {&violations, &policies, &sessions, &suggest}) {
    add_admin(*verb, options);
    add_format(*verb, options);
  }
  for (CLI::App* verb : {&violations, &sessions, &suggest}) {
    verb->add_option("--top", options.top, "so many rows at most")
        ->capture_default_str()
        ->check(CLI::Range(1, 500))
        ->type_name("NUMBER");
  }
  for (CLI::App* verb : {&violations, &policies, &sessions}) {
    verb->add_flag("--watch", options.watch, "again every two seconds, until Ctrl-C");
  }
  suggest
      .add_option("--from-log", options.from_log,
                  "from a log of PostgreSQL's (stderr, csvlog or jsonlog); - is standard input")
      ->type_name("FILE");
  suggest
      .add_option("--log-line-prefix", options.log_line_prefix,
                  "log_line_prefix of the server that wrote it; guessed where it is not given")
      ->type_name("TEXT");
  violations.callback([&options] { options.verb = Verb::Violations; });
  policies.callback([&options] { options.verb = Verb::Policies; });
  sessions.callback([&options] { options.verb = Verb::Sessions; });
  suggest.callback([&options] { options.verb = Verb::Suggest; });
}

void add_small_verbs(CLI::App& app, Options& options) {
  auto& version = *app.add_subcommand("version", "what this build is");
  version.add_flag_callback(
      "--json", [&options] { options.format = Format::Json; }, "as JSON");
  version.callback([&options] { options.verb = Verb::Version; });
  auto& health = *app.add_subcommand("healthcheck", "ask a running proxy whether it is ready");
  add_admin(health, options);
  health.callback([&options] { options.verb = Verb::Healthcheck; });
}

// Last: the scripts know every verb added before.
void add_completion(CLI::App& app, Options& options, std::string& shell) {
  auto& verb = *app.add_subcommand("completion", "print a completion script for a shell");
  verb.add_option("SHELL", shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb.callback([&app, &options, &shell] {
    options.verb = Verb::Completion;
    options.completion_script = completion_script(app, shell);
  });
}

}  // namespace

tl::expected<Options, Exit> parse_options(int argc, const char* const* argv) {
  CLI::App app(
      "Counts integrity violations per constraint and, by policy, turns INSERT into upserts.",
      "pgconcord");
  Options options;
  options.admin_url = "http://127.0.0.1:9732";
  app.footer(kFooter);
  app.require_subcommand(1);
  app.set_version_flag("--version", "pgconcord " + build_facts().version);
  add_run(app, options);
  add_check(app, options);
  add_explain(app, options);
  add_changes(app, options);
  add_doctor(app, options);
  add_config_verbs(app, options);
  add_live_verbs(app, options);
  add_small_verbs(app, options);
  std::string shell;
  add_completion(app, options, shell);
  auto words = with_verb(argc, argv);
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return tl::unexpected(Exit{app.exit(error) == 0 ? kOk : kUsage});
  }
  return options;
}

}  // namespace pgconcord::cli
