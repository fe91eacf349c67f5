#include "proxy/wire/backend_messages.h"

#include <charconv>

#include "proxy/wire/bytes.h"

namespace pgconcord::wire {
namespace {

void assign_field(char code, std::string_view value, ErrorResponse& error) {
  switch (code) {
    case 'V':
      error.severity = value;
      break;
    case 'S':
      if (error.severity.empty()) error.severity = value;
      break;
    case 'C':
      error.sqlstate = value;
      break;
    case 's':
      error.schema = value;
      break;
    case 't':
      error.table = value;
      break;
    case 'c':
      error.column = value;
      break;
    case 'd':
      error.datatype = value;
      break;
    case 'n':
      error.constraint = value;
      break;
    case 'D':
      error.detail = value;
      break;
    case 'W':
      error.where = value;
      break;
    case 'R':
      error.routine = value;
      break;
    case 'P':
      std::from_chars(value.data(), value.data() + value.size(), error.position);
      break;
    default:
      break;
  }
}

void put_field(ByteWriter& writer, char code, std::string_view value) {
  if (value.empty()) return;
  writer.raw(std::string_view(&code, 1));
  writer.string(value);
}

}  // namespace

ErrorResponse error_response(std::string_view body) {
  ErrorResponse error;
  ByteReader reader(body);
  while (reader.ok() && !reader.at_end()) {
    const char code = static_cast<char>(reader.u8());
    if (code == '\0') break;
    const std::string_view value = reader.string();
    if (reader.ok()) assign_field(code, value, error);
  }
  return error;
}

CommandTag command_tag(std::string_view body) {
  CommandTag tag;
  if (!body.empty() && body.back() == '\0') body.remove_suffix(1);
  tag.command = body;
  std::size_t digit = 0;
  while (digit < body.size() && (body[digit] < '0' || body[digit] > '9')) ++digit;
  if (digit == body.size() || digit == 0) return tag;
  tag.command = body.substr(0, digit - 1);
  const std::size_t last = body.rfind(' ') + 1;
  const auto [end, error] =
      std::from_chars(body.data() + last, body.data() + body.size(), tag.rows);
  tag.has_rows = error == std::errc{} && end == body.data() + body.size();
  return tag;
}

std::optional<ParameterStatus> parameter_status(std::string_view body) {
  ByteReader reader(body);
  ParameterStatus status;
  status.name = reader.string();
  status.value = reader.string();
  if (!reader.ok()) return std::nullopt;
  return status;
}

std::string with_name(std::string_view raw, std::string_view name, std::string_view replacement) {
  const std::string quoted = '"' + std::string(name) + '"';
  const std::size_t at = raw.find(quoted);
  if (at == std::string_view::npos) return std::string(raw);
  ByteWriter writer;
  writer.begin(raw[0]);
  writer.raw(raw.substr(5, at + 1 - 5));
  writer.raw(replacement);
  writer.raw(raw.substr(at + quoted.size() - 1));
  writer.end();
  return writer.take();
}

std::string make_ready(char status) {
  ByteWriter writer;
  writer.begin('Z');
  writer.raw(std::string_view(&status, 1));
  writer.end();
  return writer.take();
}

std::optional<NegotiateProtocolVersion> negotiate_protocol_version(std::string_view body) {
  ByteReader reader(body);
  NegotiateProtocolVersion negotiation;
  negotiation.version = reader.u32();
  const std::uint32_t count = reader.u32();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    negotiation.extensions.push_back(reader.string());
  }
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return negotiation;
}

std::string make_negotiate_protocol_version(const NegotiateProtocolVersion& negotiation) {
  ByteWriter writer;
  writer.begin('v');
  writer.u32(negotiation.version);
  writer.u32(static_cast<std::uint32_t>(negotiation.extensions.size()));
  for (const std::string_view name : negotiation.extensions) writer.string(name);
  writer.end();
  return writer.take();
}

std::string without_sasl_mechanism(std::string_view body, std::string_view mechanism) {
  constexpr std::uint32_t kSasl = 10;
  ByteReader reader(body);
  if (reader.u32() != kSasl) return {};
  ByteWriter writer;
  writer.begin('R');
  writer.u32(kSasl);
  bool found = false;
  for (;;) {
    const std::string_view name = reader.string();
    if (!reader.ok()) return {};
    if (name == mechanism) {
      found = true;
      continue;
    }
    writer.string(name);  // the empty one ends the list
    if (name.empty()) break;
  }
  writer.raw(reader.rest());
  writer.end();
  return found ? writer.take() : std::string();
}

std::string make_command_complete(std::string_view tag) {
  ByteWriter writer;
  writer.begin('C');
  writer.string(tag);
  writer.end();
  return writer.take();
}

std::string make_fatal(const FatalText& text) {
  ByteWriter writer;
  writer.begin('E');
  put_field(writer, 'S', "FATAL");
  put_field(writer, 'V', "FATAL");
  put_field(writer, 'C', text.sqlstate);
  put_field(writer, 'M', text.message);
  put_field(writer, 'D', text.detail);
  put_field(writer, 'H', text.hint);
  writer.raw(std::string_view("\0", 1));
  writer.end();
  return writer.take();
}

namespace {

// The message with `field` as `change` makes it of its value, which is empty where it is missing;
// what comes out empty is left out.
template <class Change>
std::string with_field(std::string_view raw, char field, Change change) {
  ByteReader reader(raw.substr(5));
  ByteWriter writer;
  writer.begin(raw[0]);
  bool found = false;
  while (reader.ok() && !reader.at_end()) {
    const char code = static_cast<char>(reader.u8());
    if (code == '\0') break;
    const std::string_view value = reader.string();
    if (code == field) {
      put_field(writer, code, change(value));
      found = true;
    } else {
      writer.raw(std::string_view(&code, 1));
      writer.string(value);
    }
  }
  if (!found) put_field(writer, field, change(std::string_view()));
  writer.raw(std::string_view("\0", 1));
  writer.end();
  return writer.take();
}

}  // namespace

std::string with_position(std::string_view raw, std::uint32_t position) {
  return with_field(raw, 'P', [position](std::string_view) {
    return position == 0 ? std::string() : std::to_string(position);
  });
}

std::string with_hint(std::string_view raw, std::string_view hint) {
  return with_field(raw, 'H', [hint](std::string_view own) {
    std::string text(own);
    if (!text.empty()) text += '\n';
    return text.append(hint);
  });
}

std::optional<std::string_view> first_column(std::string_view body) {
  ByteReader reader(body);
  if (reader.u16() == 0) return std::nullopt;
  const std::uint32_t length = reader.u32();
  if (!reader.ok() || length == 0xFFFFFFFF) return std::nullopt;
  const std::string_view value = reader.take(length);
  if (!reader.ok()) return std::nullopt;
  return value;
}

}  // namespace pgconcord::wire
