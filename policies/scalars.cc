#include "policies/scalars.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

namespace pgconcord::policies {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t kKibi = 1024;
constexpr std::uint64_t kKilo = 1000;

constexpr std::array<Unit, 4> kTimeUnits{
    {{"ms", 1}, {"s", kKilo}, {"m", 60 * kKilo}, {"h", 3600 * kKilo}}};
constexpr std::array<Unit, 8> kSizeUnits{{{"B", 1},
                                          {"KiB", kKibi},
                                          {"MiB", kKibi* kKibi},
                                          {"GiB", kKibi* kKibi* kKibi},
                                          {"kB", kKilo},
                                          {"KB", kKilo},
                                          {"MB", kKilo* kKilo},
                                          {"GB", kKilo* kKilo* kKilo}}};

// PostgreSQL cuts longer names (NAMEDATALEN - 1), so one could never match.
constexpr std::size_t kNameBytesMax = 63;

struct Quantity {
  std::uint64_t number = 0;
  std::string_view unit;
};

// Digits without sign and without leading zero, then whatever follows.
std::optional<Quantity> quantity(std::string_view text) {
  Quantity result;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, result.number);
  const bool leading_zero = text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
  if (error != std::errc() || leading_zero) return std::nullopt;
  result.unit = text.substr(static_cast<std::size_t>(stop - text.data()));
  return result;
}

template <std::size_t Size>
std::optional<std::uint64_t> in_units(const Quantity& value, const std::array<Unit, Size>& units) {
  const auto unit = std::find_if(units.begin(), units.end(),
                                 [&](const Unit& each) { return each.name == value.unit; });
  if (unit == units.end()) return std::nullopt;
  if (value.number > std::numeric_limits<std::uint64_t>::max() / unit->factor) return std::nullopt;
  return value.number * unit->factor;
}

tl::unexpected<Problem> problem(std::string message, std::string help) {
  return tl::unexpected(Problem{std::move(message), std::move(help)});
}

std::string not_a(std::string_view text, std::string_view what) {
  return quoted_in_message(text).append(" is not ").append(what);
}

// Cuts one name off the front of `text`; nullopt when there is none.
std::optional<std::string> take_name(std::string_view& text) {
  std::string name;
  if (text.empty() || text.front() != '"') {
    const std::size_t end = std::min(text.find('.'), text.size());
    name = text.substr(0, end);
    text.remove_prefix(end);
    const bool quotes = name.find('"') != std::string::npos;
    return name.empty() || quotes ? std::nullopt : std::optional(name);
  }
  for (std::size_t index = 1; index < text.size(); ++index) {
    if (text[index] == '"' && (index + 1 == text.size() || text[index + 1] != '"')) {
      text.remove_prefix(index + 1);
      return name.empty() ? std::nullopt : std::optional(name);
    }
    if (text[index] == '"') ++index;
    name += text[index];
  }
  return std::nullopt;
}

}  // namespace

Number parse_count(std::string_view text) {
  const auto value = quantity(text);
  if (!value || !value->unit.empty()) {
    return problem(not_a(text, "a whole number"), "write digits only, without a leading zero");
  }
  return value->number;
}

Number parse_duration(std::string_view text) {
  const auto value = quantity(text);
  if (value && value->unit.empty()) {
    return problem(quoted_in_message(text) + " has no unit",
                   "write `" + std::string(text) + "s` for seconds, or use ms, m or h");
  }
  const auto result = value ? in_units(*value, kTimeUnits) : std::nullopt;
  if (!result) {
    return problem(not_a(text, "a duration"), "a whole number and ms, s, m or h, such as `5s`");
  }
  return *result;
}

Number parse_size(std::string_view text) {
  const auto value = quantity(text);
  if (value && value->unit.empty()) return value->number;
  const auto result = value ? in_units(*value, kSizeUnits) : std::nullopt;
  if (!result) {
    return problem(not_a(text, "a size"),
                   "a whole number of bytes, or with KiB, MiB, GiB, kB, MB or GB, such as `1MiB`");
  }
  return *result;
}

Number parse_percent(std::string_view text) {
  const auto value = quantity(text);
  if (value && value->unit.empty() && value->number <= 100) {
    return problem(quoted_in_message(text) + " has no unit", "write `" + std::string(text) + "%`");
  }
  if (!value || value->unit != "%" || value->number > 100) {
    return problem(not_a(text, "a percentage"), "write a whole number from `0%` to `100%`");
  }
  return value->number;
}

Number parse_flag(std::string_view text) {
  if (text == "true") return 1;
  if (text == "false") return 0;
  return problem(not_a(text, "`true` or `false`"), "write `true` or `false`");
}

tl::expected<std::pair<std::string, std::string>, Problem> parse_table(std::string_view text) {
  std::string_view rest = text;
  const auto schema = take_name(rest);
  if (schema && rest.empty()) {
    return problem(quoted_in_message(text) + " names no schema",
                   "write `public." + printable(text) + "`, or `*." + printable(text) +
                       "` for the table of that name in any schema");
  }
  const bool separated = schema && rest.front() == '.';
  if (separated) rest.remove_prefix(1);
  const auto table = separated ? take_name(rest) : std::nullopt;
  if (!table || !rest.empty()) {
    return problem(not_a(text, "schema.table"),
                   "names with dots or quotes need double quotes, as in SQL");
  }
  if (table->find('*') != std::string::npos || (schema->size() > 1 && schema->find('*') < 63)) {
    return problem("only the whole schema may be `*`", "name the table: `*.users`");
  }
  if (schema->size() > kNameBytesMax || table->size() > kNameBytesMax) {
    return problem("a name is longer than 63 bytes", "PostgreSQL cuts names there: write it cut");
  }
  return std::pair(*schema, *table);
}

std::string duration_text(std::uint64_t milliseconds) {
  constexpr std::uint64_t kHour = 3600 * kKilo;
  if (milliseconds >= kHour && milliseconds % kHour == 0) {
    return std::to_string(milliseconds / kHour) + "h";
  }
  return milliseconds % kKilo == 0 ? std::to_string(milliseconds / kKilo) + "s"
                                   : std::to_string(milliseconds) + "ms";
}

std::string size_text(std::uint64_t bytes) {
  for (const std::string_view name : {"GiB", "MiB", "KiB"}) {
    const std::uint64_t factor = *in_units({1, name}, kSizeUnits);
    if (bytes >= factor && bytes % factor == 0) {
      return std::to_string(bytes / factor).append(name);
    }
  }
  return std::to_string(bytes);
}

std::string table_text(std::string_view schema, std::string_view table) {
  std::string text;
  for (const std::string_view part : {schema, table}) {
    if (!text.empty()) text += '.';
    if (part.find_first_of(".\"") == std::string_view::npos) {
      text.append(part);
      continue;
    }
    text += '"';
    for (const char each : part) text.append(each == '"' ? 2 : 1, each);
    text += '"';
  }
  return text;
}

}  // namespace pgconcord::policies
