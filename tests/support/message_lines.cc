// The reading half of message_text.h: for diagnostics and for the expectations' own text.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <utility>

#include "tests/support/message_text.h"

namespace pgconcord::test_support {
namespace {

constexpr std::uint32_t kCancelCode = 80877102;
constexpr std::uint32_t kSslCode = 80877103;
constexpr std::uint32_t kGssCode = 80877104;

// A list is evaluated from left to right, a sum in any order.
std::string joined(std::initializer_list<std::string> parts) {
  std::string text;
  for (const std::string& part : parts) text += part;
  return text;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E) {
      std::array<char, 5> hex{};
      std::snprintf(hex.data(), hex.size(), "\\x%02x", static_cast<unsigned>(c) & 0xFFU);
      out += hex.data();
    } else {
      out += c;
    }
  }
  return out + '"';
}

// Sloppy on purpose: what it makes of a message is only believed when it makes the same bytes
// again.
class Body {
 public:
  explicit Body(std::string_view rest) : rest_(rest) {}
  std::uint32_t number(std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size && i < rest_.size(); ++i) {
      value = value << 8 | static_cast<unsigned char>(rest_[i]);
    }
    rest_.remove_prefix(std::min(size, rest_.size()));
    return value;
  }
  std::string text() {
    const std::string_view text = rest_.substr(0, rest_.find('\0'));
    rest_.remove_prefix(std::min(text.size() + 1, rest_.size()));
    return ' ' + quoted(text);
  }
  std::string value() {
    const std::uint32_t size = number(4);
    if (size == 0xFFFFFFFF) return " NULL";
    const std::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(value.size());
    return ' ' + quoted(value);
  }
  std::string letter() {
    const std::string one = rest_.empty() ? std::string("?") : std::string(1, rest_[0]);
    rest_.remove_prefix(std::min<std::size_t>(1, rest_.size()));
    return ' ' + one;
  }
  std::string remains() { return ' ' + quoted(std::exchange(rest_, {})); }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::string values(Body& body) {
  std::string line;
  for (std::uint32_t count = body.number(2); count > 0 && !body.empty(); --count) {
    line += body.value();
  }
  return line;
}

std::string formats(Body& body, const char* key) {
  std::string line;
  for (std::uint32_t count = body.number(2); count > 0 && !body.empty(); --count) {
    line += (line.empty() ? std::string(" ") + key + "=" : ",") + std::to_string(body.number(2));
  }
  return line;
}

std::string numbers(Body& body, std::uint32_t count, std::size_t size) {
  std::string line;
  for (; count > 0 && !body.empty(); --count) line += ' ' + std::to_string(body.number(size));
  return line;
}

std::string bind_line(Body& body) {
  std::string line = joined({body.text(), body.text()});
  const std::string parameter_formats = formats(body, "formats");
  line += values(body);
  return line + parameter_formats + formats(body, "results");
}

std::string fields_line(Body& body) {
  std::string line;
  while (!body.empty()) {
    const std::string letter = body.letter();
    if (letter[1] == '\0') break;
    line += letter + '=' + body.text().substr(1);
  }
  return line;
}

std::string authentication_line(Body& body) {
  switch (body.number(4)) {
    case 0:
      return "AuthenticationOk";
    case 3:
      return "AuthenticationCleartextPassword";
    case 5:
      return "AuthenticationMD5Password" + body.remains();
    case 10: {
      std::string line = "AuthenticationSASL";
      for (std::string name = body.text(); name != " \"\""; name = body.text()) line += name;
      return line;
    }
    case 11:
      return "AuthenticationSASLContinue" + body.remains();
    case 12:
      return "AuthenticationSASLFinal" + body.remains();
    default:
      return "";
  }
}

std::string row_description_line(Body& body) {
  std::string line = "RowDescription";
  for (std::uint32_t count = body.number(2); count > 0 && !body.empty(); --count) {
    line += body.text();
    body.number(4);
    body.number(2);
    body.number(4);
    body.number(2);
    body.number(4);
    body.number(2);
  }
  return line;
}

std::string key_line(Body& body) {
  std::string line = ' ' + std::to_string(body.number(4));
  const std::string key = body.remains();
  if (key.empty()) return line;
  return line + key;
}

std::string function_call_line(Body& body) {
  std::string line = ' ' + std::to_string(body.number(4));
  body.number(2);
  return line + values(body);
}

std::string copy_line(Body& body) {
  body.number(1);
  return ' ' + std::to_string(body.number(2));
}

std::string client_line(char type, Body& body) {
  switch (type) {
    case 'Q':
      return "Query" + body.text();
    case 'P': {
      std::string line = joined({"Parse", body.text(), body.text()});
      return line + numbers(body, body.number(2), 4);
    }
    case 'B':
      return "Bind" + bind_line(body);
    case 'D':
      return joined({"Describe", body.letter(), body.text()});
    case 'E': {
      std::string line = "Execute" + body.text();
      return line + ' ' + std::to_string(body.number(4));
    }
    case 'C':
      return joined({"Close", body.letter(), body.text()});
    case 'S':
      return "Sync";
    case 'H':
      return "Flush";
    case 'X':
      return "Terminate";
    case 'F':
      return "FunctionCall" + function_call_line(body);
    case 'd':
      return "CopyData" + body.remains();
    case 'c':
      return "CopyDone";
    case 'f':
      return "CopyFail" + body.text();
    case 'p':
      return "SASLResponse" + body.remains();
    default:
      return "";
  }
}

std::string server_line(char type, Body& body) {
  switch (type) {
    case 'R':
      return authentication_line(body);
    case 'S':
      return joined({"ParameterStatus", body.text(), body.text()});
    case 'K':
      return "BackendKeyData" + key_line(body);
    case 'Z':
      return "ReadyForQuery" + body.letter();
    case 'T':
      return row_description_line(body);
    case 'D':
      return "DataRow" + values(body);
    case 'C':
      return "CommandComplete" + body.text();
    case 'E':
      return "ErrorResponse" + fields_line(body);
    case 'N':
      return "NoticeResponse" + fields_line(body);
    case '1':
      return "ParseComplete";
    case '2':
      return "BindComplete";
    case '3':
      return "CloseComplete";
    case 'n':
      return "NoData";
    case 't':
      return "ParameterDescription" + numbers(body, body.number(2), 4);
    case 's':
      return "PortalSuspended";
    case 'I':
      return "EmptyQueryResponse";
    case 'G':
      return "CopyInResponse" + copy_line(body);
    case 'H':
      return "CopyOutResponse" + copy_line(body);
    case 'W':
      return "CopyBothResponse" + copy_line(body);
    case 'V':
      return "FunctionCallResponse" + body.value();
    case 'A': {
      std::string line = "NotificationResponse " + std::to_string(body.number(4));
      return joined({line, body.text(), body.text()});
    }
    case 'd':
      return "CopyData" + body.remains();
    case 'c':
      return "CopyDone";
    case 'v': {
      std::string line = "NegotiateProtocolVersion " + std::to_string(body.number(4));
      for (std::uint32_t count = body.number(4); count > 0 && !body.empty(); --count) {
        line += body.text();
      }
      return line;
    }
    default:
      return "";
  }
}

std::uint32_t length_word(std::string_view bytes, std::size_t at) {
  return bytes.size() < at + 4 ? 0 : Body(bytes.substr(at)).number(4);
}

std::string startup_line(std::string_view packet) {
  Body body(packet.substr(4));
  const std::uint32_t code = body.number(4);
  if (code == kSslCode) return "SSLRequest";
  if (code == kGssCode) return "GSSENCRequest";
  if (code == kCancelCode) return "CancelRequest" + key_line(body);
  std::string line =
      "StartupMessage " + std::to_string(code >> 16) + '.' + std::to_string(code & 0xFFFF);
  while (!body.empty()) {
    const std::string name = body.text();
    if (name == " \"\"") break;
    line += ' ' + name.substr(2, name.size() - 3);
    line += '=' + body.text().substr(1);
  }
  return line;
}

// The line, or Raw where it does not say everything.
std::string faithful(const std::string& line, std::string_view message) {
  const auto again = message_bytes(line);
  return (again && *again == message ? line : "Raw " + quoted(message)) + '\n';
}

}  // namespace

std::string message_lines(Side from, std::string_view bytes, Start start) {
  std::string lines;
  if (start == Start::Untyped && from == Side::Client) {
    const std::uint32_t length = length_word(bytes, 0);
    if (length >= 8 && length <= bytes.size()) {
      lines += faithful(startup_line(bytes.substr(0, length)), bytes.substr(0, length));
      bytes.remove_prefix(length);
    }
  }
  while (bytes.size() >= 5) {
    const std::uint64_t size = std::uint64_t{length_word(bytes, 1)} + 1;
    if (size < 5 || size > bytes.size()) break;
    const std::string_view message = bytes.substr(0, static_cast<std::size_t>(size));
    Body body(message.substr(5));
    lines += faithful(
        from == Side::Client ? client_line(message[0], body) : server_line(message[0], body),
        message);
    bytes.remove_prefix(message.size());
  }
  if (!bytes.empty()) lines += "Raw " + quoted(bytes) + '\n';
  return lines;
}

}  // namespace pgconcord::test_support
