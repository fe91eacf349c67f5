#include "policies/schema.h"

#include <algorithm>

namespace pgconcord::policies {
namespace {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kSecond = 1000;
constexpr std::uint64_t kHour = 3600 * kSecond;

using enum KeyType;

constexpr Key kKeys[] = {
    {.path = "version", .type = Version, .default_text = "1", .help = "Version of this format."},
    {.path = "mode",
     .type = Word,
     .default_text = "observe",
     .allowed = "off observe enforce",
     .slot = slot<&Config::mode>(),
     .help =
         "Ceiling for every policy: `observe` decides and counts but forwards "
         "untouched; `off` forwards bytes unread, at once for new sessions, from their next idle "
         "point for others."},

    {.path = "listen",
     .type = SectionList,
     .help = "Where clients connect; without it, one listener with the defaults."},
    {.path = "listen[].address",
     .type = ListenAddress,
     .default_text = "0.0.0.0:6432",
     .slot = slot<&Listener::address>(),
     .help = "`host:port`, `[ipv6]:port` or `unix:/dir/.s.PGSQL.6432`; port 0 takes any free one."},
    {.path = "listen[].tls", .type = Section, .help = "TLS with clients."},
    {.path = "listen[].tls.mode",
     .type = Word,
     .default_text = "disable",
     .allowed = "disable allow require",
     .slot = slot<&Listener::tls, &ListenTls::mode>(),
     .help = "Whether clients may or must use TLS."},
    {.path = "listen[].tls.cert",
     .type = Text,
     .slot = slot<&Listener::tls, &ListenTls::cert>(),
     .help = "File of the certificate chain (PEM)."},
    {.path = "listen[].tls.key",
     .type = Text,
     .slot = slot<&Listener::tls, &ListenTls::key>(),
     .help = "File of the private key (PEM)."},
    {.path = "listen[].tls.client_ca",
     .type = Text,
     .slot = slot<&Listener::tls, &ListenTls::client_ca>(),
     .help = "File of the authorities that sign client certificates; empty = none are asked for."},
    {.path = "listen[].proxy_protocol",
     .type = Section,
     .help = "PROXY protocol of load balancers in front."},
    {.path = "listen[].proxy_protocol.trusted",
     .type = Networks,
     .slot = slot<&Listener::proxy_trusted>(),
     .help = "Networks (CIDR) whose connections start with a PROXY header; empty = off."},

    {.path = "upstream", .type = Section, .help = "The PostgreSQL server."},
    {.path = "upstream.address",
     .type = ServerAddresses,
     .default_text = "127.0.0.1:5432",
     .slot = slot<&Config::upstream, &Upstream::addresses>(),
     .help = "One address or several that are tried in order; "
             "`unix:/dir/.s.PGSQL.5432` too."},
    {.path = "upstream.target_session_attrs",
     .type = Word,
     .default_text = "any",
     .allowed = "any read-write read-only primary standby prefer-standby",
     .slot = slot<&Config::upstream, &Upstream::target_session_attrs>(),
     .help = "Which of several servers will do, as in libpq."},
    {.path = "upstream.connect_timeout",
     .type = Duration,
     .default_text = "5s",
     .min = 1,
     .max = kHour,
     .slot = slot<&Config::upstream, &Upstream::connect_timeout>(),
     .help = "Time for a connection to one address."},
    {.path = "upstream.tls", .type = Section, .help = "TLS with the server."},
    {.path = "upstream.tls.mode",
     .type = Word,
     .default_text = "disable",
     .allowed = "disable prefer require verify-ca verify-full",
     .slot = slot<&Config::upstream, &Upstream::tls, &UpstreamTls::mode>(),
     .help = "As `sslmode` in libpq."},
    {.path = "upstream.tls.ca",
     .type = Text,
     .slot = slot<&Config::upstream, &Upstream::tls, &UpstreamTls::ca>(),
     .help = "File of the authorities that sign the server's certificate; empty = the system's."},
    {.path = "upstream.tls.cert",
     .type = Text,
     .slot = slot<&Config::upstream, &Upstream::tls, &UpstreamTls::cert>(),
     .help = "File of the proxy's own certificate (PEM)."},
    {.path = "upstream.tls.key",
     .type = Text,
     .slot = slot<&Config::upstream, &Upstream::tls, &UpstreamTls::key>(),
     .help = "File of its private key (PEM)."},
    {.path = "upstream.tls.negotiation",
     .type = Word,
     .default_text = "postgres",
     .allowed = "postgres direct",
     .slot = slot<&Config::upstream, &Upstream::tls, &UpstreamTls::negotiation>(),
     .help = "As `sslnegotiation` in libpq."},

    {.path = "auth", .type = Section, .help = "Who ends the clients' authentication."},
    {.path = "auth.mode",
     .type = Word,
     .default_text = "passthrough",
     .allowed = "passthrough scram",
     .slot = slot<&Config::auth_mode>(),
     .help = "`passthrough`: the server; `scram`: the proxy, with the server's verifiers."},
    {.path = "auth.users_file",
     .type = Text,
     .slot = slot<&Config::users_file>(),
     .help = "For `mode: scram`: a file of `\"user\" \"verifier\"` lines as PgBouncer's auth_file, "
             "verifiers from `pg_authid.rolpassword`; relative to this file; read again at each "
             "reload."},
    {.path = "auth.channel_binding",
     .type = Word,
     .default_text = "check",
     .allowed = "check unused same_certificate",
     .slot = slot<&Config::channel_binding>(),
     .help =
         "With `passthrough` and TLS on both legs: `check` refuses to start; `unused` says that "
         "no client uses channel binding; `same_certificate` that the server shows this "
         "proxy's certificate."},

    {.path = "catalog", .type = Section, .help = "How tables and constraints are looked up."},
    {.path = "catalog.source",
     .type = Word,
     .default_text = "session",
     .allowed = "session url",
     .slot = slot<&Config::catalog, &CatalogSettings::source>(),
     .help = "`session`: over the client's session at its start; `url`: over an own connection."},
    {.path = "catalog.url",
     .type = Text,
     .slot = slot<&Config::catalog, &CatalogSettings::url>(),
     .help = "Connection URL for `source: url`."},
    {.path = "catalog.refresh",
     .type = Duration,
     .default_text = "60s",
     .min = kSecond,
     .max = 24 * kHour,
     .slot = slot<&Config::catalog, &CatalogSettings::refresh>(),
     .help = "Age at which a look-up is repeated."},

    {.path = "admin", .type = Section, .help = "HTTP: metrics, health, status."},
    {.path = "admin.address",
     .type = ListenAddress,
     .default_text = "127.0.0.1:9732",
     .slot = slot<&Config::admin, &Admin::address>(),
     .help = "`host:port` or `[ipv6]:port`; port 0 takes any free one."},
    {.path = "admin.token_file",
     .type = Text,
     .slot = slot<&Config::admin, &Admin::token_file>(),
     .help = "File of the token for requests that change something; empty = read-only."},

    {.path = "console", .type = Section, .help = "The virtual database for psql."},
    {.path = "console.database",
     .type = Text,
     .default_text = "pgconcord",
     .slot = slot<&Config::console, &Console::database>(),
     .help = "Its name."},
    {.path = "console.users",
     .type = Texts,
     .slot = slot<&Config::console, &Console::users>(),
     .help = "Who may use it; empty = off."},

    {.path = "workers",
     .type = Count,
     .default_text = "0",
     .max = 1024,
     .slot = slot<&Config::workers>(),
     .help = "Event loops; 0 = one per core."},

    {.path = "limits", .type = Section, .help = "Bounds of work and memory."},
    {.path = "limits.max_clients",
     .type = Count,
     .default_text = "1000",
     .min = 1,
     .max = 1'000'000,
     .slot = slot<&Config::limits, &Limits::max_clients>(),
     .help = "Client connections at the same time."},
    {.path = "limits.inspect_bytes",
     .type = Size,
     .default_text = "1MiB",
     .min = kKiB,
     .max = 1024 * kMiB,
     .slot = slot<&Config::limits, &Limits::inspect_bytes>(),
     .help = "Longer statements are forwarded unread."},
    {.path = "limits.parse_depth",
     .type = Count,
     .default_text = "500",
     .min = 10,
     .max = 2000,
     .slot = slot<&Config::limits, &Limits::parse_depth>(),
     .help = "Deeper nested statements are forwarded unread."},
    {.path = "limits.startup_timeout",
     .type = Duration,
     .default_text = "60s",
     .min = 1,
     .max = kHour,
     .slot = slot<&Config::limits, &Limits::startup_timeout>(),
     .help = "Time until a client is authenticated."},
    {.path = "limits.buffer_bytes",
     .type = Size,
     .default_text = "256KiB",
     .min = 16 * kKiB,
     .max = 1024 * kMiB,
     .slot = slot<&Config::limits, &Limits::buffer_bytes>(),
     .help = "Bytes held for a slow peer, per direction, before reading pauses."},
    {.path = "limits.prepared_statements",
     .type = Count,
     .default_text = "10000",
     .min = 1,
     .max = 10'000'000,
     .slot = slot<&Config::limits, &Limits::prepared_statements>(),
     .help = "Prepared statements remembered per session."},
    {.path = "limits.plan_cache",
     .type = Count,
     .default_text = "10000",
     .min = 1,
     .max = 10'000'000,
     .slot = slot<&Config::limits, &Limits::plan_cache>(),
     .help = "Statement templates remembered per worker."},

    {.path = "shutdown", .type = Section, .help = "What SIGTERM does."},
    {.path = "shutdown.drain",
     .type = Duration,
     .default_text = "60s",
     .max = 24 * kHour,
     .slot = slot<&Config::drain>(),
     .help = "Time sessions go on after SIGTERM; then each ends at its next idle point."},

    {.path = "log", .type = Section, .help = "What is logged; never values of rows."},
    {.path = "log.level",
     .type = Word,
     .default_text = "info",
     .allowed = "trace debug info warn error",
     .slot = slot<&Config::log, &Log::level>(),
     .help = "The least severe level that is logged."},
    {.path = "log.format",
     .type = Word,
     .default_text = "text",
     .allowed = "text json",
     .slot = slot<&Config::log, &Log::format>(),
     .help = "Form of a line."},
    {.path = "log.statements",
     .type = Word,
     .default_text = "fingerprint",
     .allowed = "fingerprint none",
     .slot = slot<&Config::log, &Log::statements>(),
     .help = "How statements are named in the log."},

    {.path = "metrics", .type = Section, .help = "What `/metrics` may hold."},
    {.path = "metrics.max_constraint_series",
     .type = Count,
     .default_text = "2000",
     .min = 1,
     .max = 1'000'000,
     .slot = slot<&Config::metrics, &MetricsSettings::max_constraint_series>(),
     .help = "Series per metric with a constraint label; the rest is `__other__`."},
    {.path = "metrics.max_applications",
     .type = Count,
     .default_text = "50",
     .min = 1,
     .max = 100'000,
     .slot = slot<&Config::metrics, &MetricsSettings::max_applications>(),
     .help = "Application names; the rest is `__other__`."},
    {.path = "metrics.partitions",
     .type = Word,
     .default_text = "parent",
     .allowed = "parent leaf",
     .slot = slot<&Config::metrics, &MetricsSettings::partitions>(),
     .help = "Whether violations in partitions count for the parent or the partition."},

    {.path = "include",
     .type = Texts,
     .help = "Files with policies, relative to this file, with `*` and `?`; their policies follow "
             "those of this file, in name order."},

    {.path = "policies",
     .type = SectionList,
     .help = "What to do about violations; the first policy that matches decides."},
    {.path = "policies[].name",
     .type = PolicyName,
     .slot = slot<&Policy::name>(),
     .help = "Unique name of letters a-z, digits and `-`; the `policy` label of metrics.",
     .presence = Presence::Required},
    {.path = "policies[].mode",
     .type = Word,
     .default_text = "enforce",
     .allowed = "off observe enforce",
     .slot = slot<&Policy::written_mode>(),
     .help = "Never above the file's `mode`."},
    {.path = "policies[].table",
     .type = Table,
     .slot = {[](const Target& target, const Value& value) {
                std::get<Policy*>(target)->schema = value.list.at(0);
                std::get<Policy*>(target)->table = value.list.at(1);
              },
              [](const Target& target) {
                const Policy& policy = *std::get<Policy*>(target);
                return Value{0, "", {policy.schema, policy.table}, {}, {}};
              }},
     .help = "`schema.table`; `*` as schema = any schema.",
     .presence = Presence::Required},
    {.path = "policies[].constraint",
     .type = Text,
     .slot = slot<&Policy::constraint>(),
     .help = "Unique, primary key or exclusion constraint, or unique index; `*` = whichever the "
             "server names (`apply: on_violation` only). This or `columns`."},
    {.path = "policies[].columns",
     .type = Texts,
     .slot = slot<&Policy::columns>(),
     .help = "Columns of exactly one unique index. This or `constraint`."},
    {.path = "policies[].statement",
     .type = Word,
     .default_text = "insert",
     .allowed = "insert update copy",
     .slot = slot<&Policy::statement>(),
     .help = "The statement the policy is about."},
    {.path = "policies[].action",
     .type = Word,
     .allowed = "do_nothing do_update return_existing insert_missing",
     .slot = slot<&Policy::action>(),
     .help = "What becomes of it.",
     .presence = Presence::Required},
    {.path = "policies[].apply",
     .type = Word,
     .default_text = "auto",
     .allowed = "auto on_violation up_front",
     .slot = slot<&Policy::apply>(),
     .help = "After the original failed, before it is sent, or (`auto`) the first in autocommit "
             "and the second elsewhere; of a COPY always the second."},
    {.path = "policies[].when", .type = Section, .help = "Sessions the policy is for."},
    {.path = "policies[].when.databases",
     .type = Texts,
     .slot = slot<&Policy::when, &When::databases>(),
     .help = "Globs; empty = any."},
    {.path = "policies[].when.users",
     .type = Texts,
     .slot = slot<&Policy::when, &When::users>(),
     .help = "Globs; empty = any."},
    {.path = "policies[].when.applications",
     .type = Texts,
     .slot = slot<&Policy::when, &When::applications>(),
     .help = "Globs over `application_name`; empty = any."},
    {.path = "policies[].guarded",
     .type = Word,
     .default_text = "leave_alone",
     .allowed = "leave_alone rewrite",
     .slot = slot<&Policy::guarded>(),
     .help =
         "A write the application guards itself: the first after its own SAVEPOINT, or the first "
         "of a block opened right after a look-up in the same table found nothing."},
    {.path = "policies[].returning",
     .type = Word,
     .default_text = "leave_alone",
     .allowed = "leave_alone omit",
     .slot = slot<&Policy::returning>(),
     .help = "`do_nothing` with RETURNING: `omit` leaves out rows that conflicted."},
    {.path = "policies[].report_rows",
     .type = Word,
     .default_text = "actual",
     .allowed = "actual attempted",
     .slot = slot<&Policy::report_rows>(),
     .help = "The row count in the command tag."},
    {.path = "policies[].rollout",
     .type = Percent,
     .default_text = "100%",
     .max = 100,
     .slot = slot<&Policy::rollout_percent>(),
     .help = "Share of sessions, stable per session."},
    {.path = "policies[].set",
     .type = TextMap,
     .slot = slot<&Policy::set>(),
     .help =
         "`do_update`: column to SQL expression over EXCLUDED and the table; empty = every "
         "inserted column outside the key. `insert_missing`: what a created row gets in columns "
         "that the UPDATE leaves out or computes from the old row."},
    {.path = "policies[].where",
     .type = Text,
     .slot = slot<&Policy::where>(),
     .help = "`do_update`: extra condition, such as `EXCLUDED.updated_at > users.updated_at`."},
    {.path = "policies[].skip_unchanged",
     .type = Flag,
     .default_text = "false",
     .slot = slot<&Policy::skip_unchanged>(),
     .help = "`do_update`: rows that would not change are not written."},
    {.path = "policies[].triggers",
     .type = Word,
     .default_text = "leave_alone",
     .allowed = "leave_alone rewrite",
     .slot = slot<&Policy::triggers>(),
     .help =
         "`do_update`, or a COPY whose rows are told apart by their key, on a table with BEFORE "
         "INSERT row triggers."},
    {.path = "policies[].duplicates",
     .type = Word,
     .default_text = "error",
     .allowed = "error first last",
     .slot = slot<&Policy::duplicates>(),
     .help = "One statement that names a key twice; `do_nothing` of an INSERT keeps the first row "
             "also with `error`."},
    {.path = "policies[].on_sequence_drift",
     .type = Word,
     .default_text = "report",
     .allowed = "report repair",
     .slot = slot<&Policy::on_sequence_drift>(),
     .help = "A clash on a generated key: its sequence is behind the table."},
};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace

std::string_view Key::name() const { return path.substr(section().size()); }

std::string_view Key::section() const { return path.substr(0, path.rfind('.') + 1); }

std::vector<std::string_view> Key::words() const { return split(allowed, ' '); }

std::span<const Key> schema() { return kKeys; }

const Key* find_key(std::string_view section, std::string_view name) {
  for (const Key& key : kKeys) {
    if (key.section() == section && key.name() == name) return &key;
  }
  return nullptr;
}

std::vector<const Key*> keys_of(std::string_view section) {
  std::vector<const Key*> keys;
  for (const Key& key : kKeys) {
    if (key.section() == section) keys.push_back(&key);
  }
  return keys;
}

}  // namespace pgconcord::policies
