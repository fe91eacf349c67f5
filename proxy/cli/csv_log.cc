#include "proxy/cli/csv_log.h"

namespace pgconcord::cli {
namespace {

// The manual's table of csvlog; later versions only add behind.
enum Field : std::uint8_t {
  kTime = 0,
  kDatabase = 2,
  kSession = 5,
  kSeverity = 11,
  kSqlstate = 12,
  kMessage = 13,
  kDetail = 14,
  kContext = 18,
  kStatement = 19,
  kApplication = 22,
};
constexpr std::size_t kFieldsMax = 64;

}  // namespace

// `2026-01-31 10:00:00.123 UTC,"user","database",...`
bool CsvLogReader::recognizes(std::string_view first_line) {
  const std::size_t comma = first_line.find(',');
  return log_time(first_line).count() != 0 && comma != std::string_view::npos && comma < 40 &&
         comma + 1 < first_line.size() &&
         (first_line[comma + 1] == '"' || first_line[comma + 1] == ',');
}

void CsvLogReader::add(char c) {
  if (fields_.back().size() < kLogFieldMax) fields_.back() += c;
}

void CsvLogReader::take(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"') {
      const bool doubled = quoted_ && i + 1 < line.size() && line[i + 1] == '"';
      if (doubled) {
        add(c);
        ++i;
      } else {
        quoted_ = !quoted_;
      }
    } else if (c == ',' && !quoted_) {
      if (fields_.size() < kFieldsMax) fields_.emplace_back();
    } else {
      add(c);
    }
  }
  quoted_ ? add('\n') : finish();
}

void CsvLogReader::finish() {
  if (fields_.size() > kApplication && fields_[kSqlstate].starts_with("23")) {
    LogEntry entry;
    entry.at = log_time(fields_[kTime]);
    entry.database = fields_[kDatabase];
    entry.session = fields_[kSession];
    entry.sqlstate = fields_[kSqlstate];
    entry.message = fields_[kMessage];
    entry.detail = fields_[kDetail];
    entry.context = fields_[kContext];
    entry.statement = fields_[kStatement];
    entry.application = fields_[kApplication];
    entry.is_english = fields_[kSeverity] == "ERROR";
    take_(entry);
  }
  fields_.assign(1, "");
}

}  // namespace pgconcord::cli
