#include "policies/users.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace pgconcord::policies {
namespace {

constexpr std::size_t kNameMax = 63;
constexpr std::size_t kDigestSize = 32;
constexpr std::size_t kErrorsMax = 20;

int base64_digit(char c) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t at = kAlphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

// How many bytes the text means; 0 when it is not base64 in its one spelling.
std::size_t base64_size(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return 0;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::string_view digits = text.substr(0, text.size() - padding);
  for (const char c : digits) {
    if (base64_digit(c) < 0) return 0;
  }
  const int spare_bits = padding == 2 ? 15 : padding == 1 ? 3 : 0;
  if ((base64_digit(digits.back()) & spare_bits) != 0) return 0;
  return text.size() / 4 * 3 - padding;
}

// `text` up to the separator, which is consumed with it.
std::optional<std::string_view> cut(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at + 1);
  return part;
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t')) text.remove_prefix(1);
}

// A string in double quotes; `""` is a quote.
std::optional<std::string> quoted_string(std::string_view& text) {
  if (!text.starts_with('"')) return std::nullopt;
  text.remove_prefix(1);
  std::string value;
  while (true) {
    const auto part = cut(text, '"');
    if (!part) return std::nullopt;
    value += *part;
    if (!text.starts_with('"')) return value;
    value += '"';
    text.remove_prefix(1);
  }
}

struct Entry {
  std::string name;
  std::string secret;
};

std::optional<Entry> read_entry(std::string_view line) {
  auto name = quoted_string(line);
  if (!name || line.empty() || (line[0] != ' ' && line[0] != '\t')) return std::nullopt;
  skip_blanks(line);
  auto secret = quoted_string(line);
  skip_blanks(line);
  if (!secret || !line.empty()) return std::nullopt;
  return Entry{std::move(*name), std::move(*secret)};
}

class UsersReader {
 public:
  explicit UsersReader(const std::string& file) : file_(file) {}

  void read_line(std::string_view line);
  tl::expected<Users, ConfigErrors> result() {
    if (!errors_.empty()) return tl::unexpected(std::move(errors_));
    return std::move(users_);
  }

 private:
  void add(Entry entry);
  void error(std::string message, std::string help) {
    if (errors_.size() < kErrorsMax) {
      errors_.push_back(
          {file_, line_, 1, "auth.users_file", std::move(message), std::move(help), ""});
    }
  }

  const std::string& file_;
  std::uint32_t line_ = 0;
  Users users_;
  std::map<std::string, std::uint32_t> lines_;
  ConfigErrors errors_;
};

void UsersReader::read_line(std::string_view line) {
  ++line_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  skip_blanks(line);
  if (line.empty() || line[0] == ';') return;
  auto entry = read_entry(line);
  if (!entry) {
    return error("a line must be two strings in double quotes: user and verifier",
                 "write \"user\" \"SCRAM-SHA-256$4096:salt$StoredKey:ServerKey\"; a quote inside a "
                 "string is written twice");
  }
  add(*std::move(entry));
}

void UsersReader::add(Entry entry) {
  if (entry.name.empty() || entry.name.size() > kNameMax) {
    return error("a user name has 1 to 63 bytes", "write it as it stands in pg_authid");
  }
  const auto [first, is_new] = lines_.emplace(entry.name, line_);
  if (!is_new) {
    return error("this user is already on line " + std::to_string(first->second),
                 "keep the line with the current verifier");
  }
  auto verifier = parse_verifier(entry.secret);
  if (!verifier) {
    return error(verifier.error(),
                 "take it from the server: SELECT rolname, rolpassword FROM "
                 "pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256%'");
  }
  users_.emplace(std::move(entry.name), *std::move(verifier));
}

tl::unexpected<std::string> not_a_verifier(std::string_view secret) {
  constexpr std::size_t kMd5Size = 35;
  if (secret.empty()) return tl::unexpected<std::string>("the user has no verifier");
  if (secret.starts_with("md5") && secret.size() == kMd5Size) {
    return tl::unexpected<std::string>(
        "this is an MD5 hash; only SCRAM-SHA-256 verifiers are used");
  }
  if (secret.starts_with("SCRAM-SHA-256$")) {
    return tl::unexpected<std::string>("this SCRAM-SHA-256 verifier is damaged");
  }
  return tl::unexpected<std::string>(
      "this is not a SCRAM-SHA-256 verifier; passwords are not accepted here");
}

}  // namespace

tl::expected<Verifier, std::string> parse_verifier(std::string_view text) {
  const auto damaged = not_a_verifier(text);
  const auto mechanism = cut(text, '$');
  const auto iterations = cut(text, ':');
  const auto salt = cut(text, '$');
  const auto stored_key = cut(text, ':');
  if (!mechanism || *mechanism != "SCRAM-SHA-256" || !iterations || !salt || !stored_key) {
    return damaged;
  }
  Verifier verifier;
  const char* const end = iterations->data() + iterations->size();
  const auto [stop, failure] = std::from_chars(iterations->data(), end, verifier.iterations);
  const bool counts = failure == std::errc{} && stop == end && verifier.iterations > 0;
  if (!counts || base64_size(*salt) == 0 || base64_size(*stored_key) != kDigestSize ||
      base64_size(text) != kDigestSize) {
    return damaged;
  }
  verifier.salt = *salt;
  verifier.stored_key = *stored_key;
  verifier.server_key = text;
  return verifier;
}

tl::expected<Users, ConfigErrors> parse_users(std::string_view text, const std::string& file) {
  UsersReader reader(file);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    reader.read_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return reader.result();
}

}  // namespace pgconcord::policies
