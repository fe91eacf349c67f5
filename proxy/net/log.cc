#include "proxy/net/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <memory>
#include <utility>

namespace pgconcord::net {
namespace {

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > ' ' && byte != '"' && byte != '\\' && byte != '=' && byte != 0x7f;
}

bool is_key(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  for (const char c : word.substr(0, equals)) {
    if (c != '_' && (std::isalnum(static_cast<unsigned char>(c)) == 0)) return false;
  }
  return true;
}

// The value at the front of `rest`, which is cut off; the text between quotes stays escaped as JSON
// wants it.
std::string_view take_value(std::string_view& rest) {
  std::size_t end = 0;
  if (rest.empty() || rest.front() != '"') {
    end = std::min(rest.find(' '), rest.size());
    const auto value = rest.substr(0, end);
    rest.remove_prefix(end);
    return value;
  }
  for (end = 1; end < rest.size() && rest[end] != '"'; ++end) {
    if (rest[end] == '\\') ++end;
  }
  end = std::min(end, rest.size());
  const auto value = rest.substr(1, end - 1);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return value;
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      std::array<char, 8> code{};
      std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
      result += code.data();
    } else {
      result += c;
    }
  }
  return result;
}

class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    head_.format(message, out);
    const std::string members =
        json_members({message.payload.data(), message.payload.size()}) + "}\n";
    out.append(members.data(), members.data() + members.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>();
  }

 private:
  spdlog::pattern_formatter head_{R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",)",
                                  spdlog::pattern_time_type::utc, ""};
};

std::unique_ptr<spdlog::formatter> formatter(const std::string& format) {
  if (format == "json") return std::make_unique<JsonFormatter>();
  return std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %-7l %v",
                                                     spdlog::pattern_time_type::utc);
}

}  // namespace

void configure_log(const policies::Log& settings) {
  auto logger = spdlog::default_logger();
  if (logger->name() != "pgconcord") {
    logger = std::make_shared<spdlog::logger>("pgconcord",
                                              std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(logger);
  }
  logger->set_formatter(formatter(settings.format));
  logger->set_level(spdlog::level::from_str(settings.level));
}

std::string quoted(std::string_view value) {
  bool plain = !value.empty();
  for (const char c : value) plain = plain && is_plain(c);
  return plain ? std::string(value) : '"' + escaped(value) + '"';
}

std::string json_members(std::string_view line) {
  std::string text;
  std::string members;
  while (!line.empty()) {
    const auto word = line.substr(0, std::min(line.find(' '), line.size()));
    if (is_key(word)) {
      const auto key = word.substr(0, word.find('='));
      line.remove_prefix(key.size() + 1);
      const bool was_quoted = !line.empty() && line.front() == '"';
      const auto value = take_value(line);
      members += ",\"" + std::string(key) + "\":\"";
      members += was_quoted ? std::string(value) : escaped(value);
      members += '"';
    } else {
      if (!text.empty() && !word.empty()) text += ' ';
      text += word;
      line.remove_prefix(word.size());
    }
    if (!line.empty()) line.remove_prefix(1);
  }
  return R"("message":")" + escaped(text) + '"' + members;
}

}  // namespace pgconcord::net
