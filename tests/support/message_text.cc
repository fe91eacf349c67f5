#include "tests/support/message_text.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <vector>

namespace pgconcord::test_support {
namespace {

constexpr std::uint32_t kStartup30 = 3U << 16;
constexpr std::uint32_t kCancelCode = 80877102;
constexpr std::uint32_t kSslCode = 80877103;
constexpr std::uint32_t kGssCode = 80877104;

// A word of a line: NAME, "text", key=value or NULL.
struct Word {
  std::string key;  // before '='; empty when there is none
  std::string text;
  bool quoted = false;
  bool is_null() const { return !quoted && key.empty() && text == "NULL"; }
};

class Words {
 public:
  explicit Words(std::string_view line) : line_(line) {}

  bool read(std::vector<Word>& words) {
    while (skip_spaces(), at_ < line_.size()) {
      Word word;
      if (!read_word(word)) return false;
      words.push_back(std::move(word));
    }
    return true;
  }

 private:
  void skip_spaces() {
    while (at_ < line_.size() && line_[at_] == ' ') ++at_;
  }

  bool read_word(Word& word) {
    while (at_ < line_.size() && line_[at_] != ' ') {
      const char c = line_[at_];
      if (c == '"') {
        word.quoted = true;
        if (!read_string(word.text)) return false;
      } else if (c == '=' && word.key.empty() && !word.quoted) {
        word.key = std::move(word.text);
        word.text.clear();
        ++at_;
      } else {
        word.text += c;
        ++at_;
      }
    }
    return true;
  }

  bool read_string(std::string& out) {
    std::string text;
    for (++at_; at_ < line_.size() && line_[at_] != '"';) {
      if (line_[at_] != '\\') {
        text += line_[at_++];
      } else if (!read_escape(text)) {
        return false;
      }
    }
    if (at_ >= line_.size()) return false;
    ++at_;
    std::uint32_t times = 1;
    if (at_ < line_.size() && line_[at_] == '*') {
      const char* end = line_.data() + line_.size();
      const auto result = std::from_chars(line_.data() + at_ + 1, end, times);
      if (result.ec != std::errc{}) return false;
      at_ = static_cast<std::size_t>(result.ptr - line_.data());
    }
    for (std::uint32_t i = 0; i < times; ++i) out += text;
    return true;
  }

  bool read_escape(std::string& out) {
    if (at_ + 1 >= line_.size()) return false;
    const char c = line_[at_ + 1];
    at_ += 2;
    switch (c) {
      case 'n':
        out += '\n';
        return true;
      case 'r':
        out += '\r';
        return true;
      case 't':
        out += '\t';
        return true;
      case '0':
        out += '\0';
        return true;
      case '"':
      case '\\':
        out += c;
        return true;
      case 'x': {
        unsigned value = 0;
        if (at_ + 2 > line_.size()) return false;
        const char* digits = line_.data() + at_;
        if (std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) return false;
        out += static_cast<char>(value);
        at_ += 2;
        return true;
      }
      default:
        return false;
    }
  }

  std::string_view line_;
  std::size_t at_ = 0;
};

void put_u16(std::string& out, std::uint32_t value) {
  out += static_cast<char>(value >> 8 & 0xFF);
  out += static_cast<char>(value & 0xFF);
}

void put_u32(std::string& out, std::uint32_t value) {
  put_u16(out, value >> 16);
  put_u16(out, value & 0xFFFF);
}

void put_string(std::string& out, std::string_view text) {
  out += text;
  out += '\0';
}

std::string with_length(std::string_view body) {
  std::string out;
  put_u32(out, static_cast<std::uint32_t>(body.size() + 4));
  return out.append(body);
}

// Reads the arguments of one line; the first thing that is wrong sticks.
class Arguments {
 public:
  explicit Arguments(std::vector<Word> words) : words_(std::move(words)) {}

  bool done() const { return at_ == words_.size(); }
  const std::string& error() const { return error_; }
  void fail(const std::string& what) {
    if (error_.empty()) error_ = what;
  }
  const Word* peek() const { return done() ? nullptr : &words_[at_]; }
  Word word(const char* what) {
    if (done()) {
      fail(std::string("missing ") + what);
      return {};
    }
    return words_[at_++];
  }
  std::string text(const char* what) { return word(what).text; }
  std::uint32_t number(const char* what) {
    const std::string digits = text(what);
    std::uint32_t value = 0;
    const char* end = digits.data() + digits.size();
    if (std::from_chars(digits.data(), end, value).ptr != end || digits.empty()) {
      fail(std::string(what) + " is not a number: " + digits);
    }
    return value;
  }
  char letter(const char* what) {
    const std::string one = text(what);
    if (one.size() != 1) fail(std::string(what) + " is not one letter: " + one);
    return one.empty() ? '\0' : one[0];
  }

 private:
  std::vector<Word> words_;
  std::size_t at_ = 1;  // behind the message's name
  std::string error_;
};

void put_value(std::string& out, const Word& word) {
  if (word.is_null()) return put_u32(out, 0xFFFFFFFF);
  put_u32(out, static_cast<std::uint32_t>(word.text.size()));
  out += word.text;
}

std::vector<Word> values_before_keys(Arguments& arguments) {
  std::vector<Word> values;
  while (const Word* next = arguments.peek()) {
    if (!next->key.empty()) break;
    values.push_back(arguments.word("value"));
  }
  return values;
}

// `formats=0,1` -> Int16 count and codes.
void put_formats(std::string& out, const std::string& list) {
  std::string codes;
  std::uint32_t count = 0;
  for (const char c : list) {
    if (c == ',') continue;
    put_u16(codes, static_cast<std::uint32_t>(c - '0'));
    ++count;
  }
  put_u16(out, count);
  out += codes;
}

void put_bind(std::string& body, Arguments& arguments) {
  put_string(body, arguments.text("portal"));
  put_string(body, arguments.text("statement"));
  const std::vector<Word> values = values_before_keys(arguments);
  std::string formats;
  std::string results;
  while (!arguments.done()) {
    const Word word = arguments.word("key");
    if (word.key == "formats") {
      formats = word.text;
    } else if (word.key == "results") {
      results = word.text;
    } else {
      arguments.fail("unknown key " + word.key);
    }
  }
  put_formats(body, formats);
  put_u16(body, static_cast<std::uint32_t>(values.size()));
  for (const Word& value : values) put_value(body, value);
  put_formats(body, results);
}

void put_row_description(std::string& body, Arguments& arguments) {
  const std::vector<Word> names = values_before_keys(arguments);
  put_u16(body, static_cast<std::uint32_t>(names.size()));
  for (const Word& name : names) {
    put_string(body, name.text);
    put_u32(body, 0);           // table
    put_u16(body, 0);           // column
    put_u32(body, 25);          // type: text
    put_u16(body, 0xFFFF);      // size: variable
    put_u32(body, 0xFFFFFFFF);  // modifier: none
    put_u16(body, 0);           // format: text
  }
}

void put_fields(std::string& body, Arguments& arguments) {
  while (!arguments.done()) {
    const Word field = arguments.word("field");
    if (field.key.size() != 1) arguments.fail("a field is LETTER=text");
    body += field.key;
    put_string(body, field.text);
  }
  body += '\0';
}

void put_list(std::string& body, Arguments& arguments, void (*put)(std::string&, std::uint32_t)) {
  std::vector<std::uint32_t> numbers;
  while (!arguments.done()) numbers.push_back(arguments.number("number"));
  put_u16(body, static_cast<std::uint32_t>(numbers.size()));
  for (const std::uint32_t number : numbers) put(body, number);
}

void put_row(std::string& body, Arguments& arguments) {
  const std::vector<Word> values = values_before_keys(arguments);
  put_u16(body, static_cast<std::uint32_t>(values.size()));
  for (const Word& value : values) put_value(body, value);
}

// The columns of a COPY: all text.
void put_copy(std::string& body, Arguments& arguments) {
  body += '\0';
  const std::uint32_t columns = arguments.done() ? 0 : arguments.number("columns");
  put_u16(body, columns);
  for (std::uint32_t i = 0; i < columns; ++i) put_u16(body, 0);
}

void put_function_call(std::string& body, Arguments& arguments) {
  put_u32(body, arguments.number("function"));
  put_u16(body, 0);
  put_row(body, arguments);
  put_u16(body, 0);
}

void put_authentication(std::string& body, std::uint32_t kind, Arguments& arguments) {
  put_u32(body, kind);
  if (kind == 10) {
    while (!arguments.done()) put_string(body, arguments.text("mechanism"));
    body += '\0';
  } else if (!arguments.done()) {
    body += arguments.text("data");
  }
}

void put_key(std::string& body, Arguments& arguments) {
  put_u32(body, arguments.number("process"));
  const Word* key = arguments.peek();
  if (key != nullptr && key->quoted) {
    body += arguments.text("key");
  } else {
    put_u32(body, arguments.number("key"));
  }
}

struct Format {
  std::string_view name;
  char type;
  void (*put)(std::string& body, Arguments& arguments);
};

void put_nothing(std::string&, Arguments&) {}
void put_text(std::string& body, Arguments& arguments) { put_string(body, arguments.text("text")); }
void put_raw(std::string& body, Arguments& arguments) { body += arguments.text("data"); }
void put_two_texts(std::string& body, Arguments& arguments) {
  put_string(body, arguments.text("name"));
  put_string(body, arguments.text("value"));
}
void put_letter(std::string& body, Arguments& arguments) { body += arguments.letter("status"); }
void put_object(std::string& body, Arguments& arguments) {
  body += arguments.letter("kind");
  put_string(body, arguments.text("name"));
}

constexpr auto kFormats = std::to_array<Format>({
    {"Query", 'Q', put_text},
    {"Parse", 'P',
     [](std::string& body, Arguments& arguments) {
       put_string(body, arguments.text("statement"));
       put_string(body, arguments.text("query"));
       put_list(body, arguments, put_u32);
     }},
    {"Bind", 'B', put_bind},
    {"Describe", 'D', put_object},
    {"Execute", 'E',
     [](std::string& body, Arguments& arguments) {
       put_string(body, arguments.text("portal"));
       put_u32(body, arguments.number("row limit"));
     }},
    {"Close", 'C', put_object},
    {"Sync", 'S', put_nothing},
    {"Flush", 'H', put_nothing},
    {"Terminate", 'X', put_nothing},
    {"FunctionCall", 'F', put_function_call},
    {"CopyData", 'd', put_raw},
    {"CopyDone", 'c', put_nothing},
    {"CopyFail", 'f', put_text},
    {"PasswordMessage", 'p', put_text},
    {"SASLInitialResponse", 'p',
     [](std::string& body, Arguments& arguments) {
       put_string(body, arguments.text("mechanism"));
       put_value(body, arguments.word("data"));
     }},
    {"SASLResponse", 'p', put_raw},
    {"AuthenticationOk", 'R',
     [](std::string& body, Arguments& arguments) { put_authentication(body, 0, arguments); }},
    {"AuthenticationCleartextPassword", 'R',
     [](std::string& body, Arguments& arguments) { put_authentication(body, 3, arguments); }},
    {"AuthenticationMD5Password", 'R',
     [](std::string& body, Arguments& arguments) { put_authentication(body, 5, arguments); }},
    {"AuthenticationSASL", 'R',
     [](std::string& body, Arguments& arguments) { put_authentication(body, 10, arguments); }},
    {"AuthenticationSASLContinue", 'R',
     [](std::string& body, Arguments& arguments) { put_authentication(body, 11, arguments); }},
    {"AuthenticationSASLFinal", 'R',
     [](std::string& body, Arguments& arguments) { put_authentication(body, 12, arguments); }},
    {"ParameterStatus", 'S', put_two_texts},
    {"BackendKeyData", 'K', put_key},
    {"ReadyForQuery", 'Z', put_letter},
    {"RowDescription", 'T', put_row_description},
    {"DataRow", 'D', put_row},
    {"CommandComplete", 'C', put_text},
    {"ErrorResponse", 'E', put_fields},
    {"NoticeResponse", 'N', put_fields},
    {"ParseComplete", '1', put_nothing},
    {"BindComplete", '2', put_nothing},
    {"CloseComplete", '3', put_nothing},
    {"NoData", 'n', put_nothing},
    {"ParameterDescription", 't',
     [](std::string& body, Arguments& arguments) { put_list(body, arguments, put_u32); }},
    {"PortalSuspended", 's', put_nothing},
    {"EmptyQueryResponse", 'I', put_nothing},
    {"CopyInResponse", 'G', put_copy},
    {"CopyOutResponse", 'H', put_copy},
    {"CopyBothResponse", 'W', put_copy},
    {"FunctionCallResponse", 'V',
     [](std::string& body, Arguments& arguments) { put_value(body, arguments.word("value")); }},
    {"NotificationResponse", 'A',
     [](std::string& body, Arguments& arguments) {
       put_u32(body, arguments.number("process"));
       put_two_texts(body, arguments);
     }},
    {"NegotiateProtocolVersion", 'v',
     [](std::string& body, Arguments& arguments) {
       put_u32(body, arguments.number("minor"));
       std::vector<std::string> names;
       while (!arguments.done()) names.push_back(arguments.text("option"));
       put_u32(body, static_cast<std::uint32_t>(names.size()));
       for (const std::string& name : names) put_string(body, name);
     }},
});

std::uint32_t protocol_version(const std::string& text, Arguments& arguments) {
  unsigned major = 0;
  unsigned minor = 0;
  if (std::sscanf(text.c_str(), "%u.%u", &major, &minor) != 2) arguments.fail("bad version");
  return major << 16 | minor;
}

std::string startup_message(Arguments& arguments) {
  std::string body;
  const Word* first = arguments.peek();
  const bool versioned = first != nullptr && first->key.empty();
  put_u32(body, versioned ? protocol_version(arguments.text("version"), arguments) : kStartup30);
  while (!arguments.done()) {
    const Word parameter = arguments.word("parameter");
    if (parameter.key.empty()) arguments.fail("a parameter is name=value");
    put_string(body, parameter.key);
    put_string(body, parameter.text);
  }
  body += '\0';
  return with_length(body);
}

std::optional<std::string> untyped_bytes(std::string_view name, Arguments& arguments) {
  if (name == "StartupMessage") return startup_message(arguments);
  std::string body;
  if (name == "SSLRequest") {
    put_u32(body, kSslCode);
  } else if (name == "GSSENCRequest") {
    put_u32(body, kGssCode);
  } else if (name == "CancelRequest") {
    put_u32(body, kCancelCode);
    put_key(body, arguments);
  } else if (name == "Byte" || name == "Raw") {
    return arguments.text("bytes");
  } else if (name == "Header") {
    body += arguments.letter("type");
    put_u32(body, arguments.number("length"));
    return body;
  } else {
    return std::nullopt;
  }
  return with_length(body);
}

}  // namespace

tl::expected<std::string, std::string> message_bytes(std::string_view line) {
  std::vector<Word> words;
  if (!Words(line).read(words) || words.empty()) {
    return tl::unexpected("cannot read the line: " + std::string(line));
  }
  const std::string name = words[0].text;
  Arguments arguments(std::move(words));
  std::optional<std::string> bytes = untyped_bytes(name, arguments);
  for (const Format& format : kFormats) {
    if (format.name != name) continue;
    std::string body;
    format.put(body, arguments);
    bytes = format.type + with_length(body);
  }
  if (!bytes) return tl::unexpected("no message is called " + name);
  if (arguments.error().empty() && !arguments.done()) arguments.fail("too many words");
  if (!arguments.error().empty()) return tl::unexpected(name + ": " + arguments.error());
  return *bytes;
}

}  // namespace pgconcord::test_support
