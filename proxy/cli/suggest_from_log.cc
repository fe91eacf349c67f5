// `pgconcord suggest --from-log`: suggestions before anything is deployed. The log is read as a
// stream; what is kept is bounded, however long it is.
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "proxy/admin/report.h"
#include "proxy/cli/csv_log.h"
#include "proxy/cli/json_log.h"
#include "proxy/cli/live_tables.h"
#include "proxy/cli/log_violations.h"
#include "proxy/cli/stderr_log.h"
#include "proxy/cli/verbs.h"

namespace pgconcord::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLineMax = 1024UL * 1024;
constexpr std::size_t kGroupsMax = 500;

const char* const kLanguageAdvice =
    "errors are in a language other than English and without SQLSTATE: nothing can be told of "
    "them. `lc_messages = 'C'`, `%e` in log_line_prefix (then give --log-line-prefix), "
    "`log_error_verbosity = verbose`, or log_destination csvlog or jsonlog tells what they are";

const char* const kLogCaution =
    "From a log alone it is not known whether the application recovers, nor what writes went "
    "before: let the proxy observe before you enforce.";

struct Close {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};
using File = std::unique_ptr<std::FILE, Close>;

// Chooses by the first line that tells.
std::unique_ptr<LogReader> reader_for(std::string_view line, const TakeEntry& take,
                                      const std::string& prefix) {
  if (JsonLogReader::recognizes(line)) return std::make_unique<JsonLogReader>(take);
  if (prefix.empty() && CsvLogReader::recognizes(line)) return std::make_unique<CsvLogReader>(take);
  return std::make_unique<StderrLogReader>(take, prefix);
}

// Lines longer than kLineMax are cut: a log may hold anything.
class Lines {
 public:
  explicit Lines(std::FILE* file) : file_(file) {}

  bool next(std::string_view& line) {
    line_.clear();
    bool any = false;
    for (;;) {
      if (at_ == size_) {
        size_ = std::fread(buffer_.data(), 1, buffer_.size(), file_);
        at_ = 0;
        if (size_ == 0) break;
      }
      any = true;
      const char* start = buffer_.data() + at_;
      const void* end = std::memchr(start, '\n', size_ - at_);
      const std::size_t length =
          end == nullptr ? size_ - at_
                         : static_cast<std::size_t>(static_cast<const char*>(end) - start);
      if (line_.size() < kLineMax) line_.append(start, std::min(length, kLineMax - line_.size()));
      at_ += length + (end == nullptr ? 0 : 1);
      if (end != nullptr) break;
    }
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    line = line_;
    return any;
  }

 private:
  std::FILE* file_;
  std::array<char, 256UL * 1024> buffer_{};
  std::size_t at_ = 0, size_ = 0;
  std::string line_;
};

std::uint64_t read_all(std::FILE* file, const Options& options, LogViolations& violations) {
  const TakeEntry take = [&violations](const LogEntry& entry) { violations.take(entry); };
  const auto lines = std::make_unique<Lines>(file);
  std::unique_ptr<LogReader> reader;
  std::uint64_t count = 0;
  for (std::string_view line; lines->next(line);) {
    ++count;
    if (!reader && line.empty()) continue;
    if (!reader) reader = reader_for(line, take, options.log_line_prefix);
    reader->take(line);
  }
  if (reader) reader->end();
  return count;
}

Json suggestions_of(const LogViolations& violations, std::uint64_t lines) {
  auto list = admin::suggestions(violations.incidents().top(kGroupsMax));
  for (auto& each : list) {
    if (!each.yaml.empty()) each.cautions.emplace_back(kLogCaution);
  }
  Json document = Json::parse(admin::suggestions_json(list));
  document["log"] = {{"lines", lines},
                     {"violations", violations.violations()},
                     {"not_understood", violations.not_understood()},
                     {"groups_forgotten", violations.incidents().forgotten()}};
  return document;
}

}  // namespace

int suggest_from_log(const Options& options) {
  const bool is_stdin = options.from_log == "-";
  const File file(is_stdin ? stdin : std::fopen(options.from_log.c_str(), "rb"));
  if (!file) {
    std::cerr << "--from-log " << options.from_log << ": " << std::strerror(errno) << '\n';
    return kProblem;
  }
  LogViolations violations;
  const std::uint64_t lines = read_all(file.get(), options, violations);
  if (std::ferror(file.get()) != 0) {
    std::cerr << "--from-log " << options.from_log << ": cannot be read to its end\n";
    return kProblem;
  }
  const Json document = suggestions_of(violations, lines);
  if (violations.not_understood() > 0) {
    std::cerr << options.from_log << ": " << violations.not_understood() << ' ' << kLanguageAdvice
              << '\n';
  }
  if (options.format == Format::Json) {
    std::cout << document.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
    return kOk;
  }
  std::cout << "# " << options.from_log << ": " << lines << " lines, " << violations.violations()
            << " violations\n";
  if (violations.violations() > 0) std::cout << suggestions_text(document, options.top);
  return kOk;
}

}  // namespace pgconcord::cli
