#include "proxy/wire/frontend_messages.h"

#include "proxy/wire/bytes.h"

namespace pgconcord::wire {

std::optional<std::string_view> query_text(std::string_view body) {
  if (body.empty() || body.find('\0') != body.size() - 1) return std::nullopt;
  return body.substr(0, body.size() - 1);
}

std::optional<ParseMessage> parse_message(std::string_view body) {
  ByteReader reader(body);
  ParseMessage message;
  message.statement = reader.string();
  message.sql = reader.string();
  message.parameter_types = reader.rest();
  if (!reader.ok() || message.parameter_types.size() < 2) return std::nullopt;
  return message;
}

std::optional<BindNames> bind_names(std::string_view body) {
  ByteReader reader(body);
  BindNames names;
  names.portal = reader.string();
  names.statement = reader.string();
  if (!reader.ok()) return std::nullopt;
  names.size = names.portal.size() + names.statement.size() + 2;
  return names;
}

std::vector<bool> null_parameters(std::string_view body) {
  constexpr std::uint32_t kNull = 0xFFFFFFFF;
  const auto names = bind_names(body);
  if (!names) return {};
  ByteReader reader(body.substr(names->size));
  for (std::uint16_t formats = reader.u16(); formats > 0 && reader.ok(); --formats) reader.u16();
  std::vector<bool> nulls;
  for (std::uint16_t values = reader.u16(); values > 0; --values) {
    const std::uint32_t length = reader.u32();
    if (!reader.ok()) break;
    nulls.push_back(length == kNull);
    if (length != kNull) reader.take(length);
  }
  return nulls;
}

std::vector<std::uint32_t> parameter_types(std::string_view bytes) {
  ByteReader reader(bytes);
  std::vector<std::uint32_t> types;
  for (std::uint16_t count = reader.u16(); count > 0; --count) {
    const std::uint32_t type = reader.u32();
    if (!reader.ok()) break;
    types.push_back(type);
  }
  return types;
}

std::optional<ExecuteMessage> execute_message(std::string_view body) {
  ByteReader reader(body);
  ExecuteMessage message;
  message.portal = reader.string();
  message.row_limit = reader.u32();
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return message;
}

std::optional<NamedObject> named_object(std::string_view body) {
  ByteReader reader(body);
  NamedObject object;
  object.kind = static_cast<char>(reader.u8());
  object.name = reader.string();
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return object;
}

std::string make_query(std::string_view sql) {
  ByteWriter writer;
  writer.begin('Q');
  writer.string(sql);
  writer.end();
  return writer.take();
}

std::string make_parse(std::string_view statement, std::string_view sql,
                       std::string_view parameter_types) {
  ByteWriter writer;
  writer.begin('P');
  writer.string(statement);
  writer.string(sql);
  writer.raw(parameter_types);
  writer.end();
  return writer.take();
}

std::string make_bind_start(std::string_view portal, std::string_view statement,
                            std::uint32_t length, const BindNames& names) {
  const std::size_t rest = length - names.size;
  ByteWriter writer;
  writer.raw("B");
  writer.u32(static_cast<std::uint32_t>(4 + portal.size() + statement.size() + 2 + rest));
  writer.string(portal);
  writer.string(statement);
  return writer.take();
}

std::string make_bind_without_values(std::string_view portal, std::string_view statement) {
  ByteWriter writer;
  writer.begin('B');
  writer.string(portal);
  writer.string(statement);
  for (int i = 0; i < 3; ++i) writer.u16(0);
  writer.end();
  return writer.take();
}

namespace {
std::string make_naming(char type, std::string_view kind, std::string_view name) {
  ByteWriter writer;
  writer.begin(type);
  writer.raw(kind);
  writer.string(name);
  writer.end();
  return writer.take();
}
}  // namespace

std::string make_describe_portal(std::string_view portal) { return make_naming('D', "P", portal); }
std::string make_close_statement(std::string_view statement) {
  return make_naming('C', "S", statement);
}
std::string make_close_portal(std::string_view portal) { return make_naming('C', "P", portal); }

std::string make_execute(std::string_view portal) {
  ByteWriter writer;
  writer.begin('E');
  writer.string(portal);
  writer.u32(0);
  writer.end();
  return writer.take();
}

namespace {
std::string make_bare(char type) {
  ByteWriter writer;
  writer.begin(type);
  writer.end();
  return writer.take();
}
}  // namespace

std::string make_sync() { return make_bare('S'); }
std::string make_flush() { return make_bare('H'); }

}  // namespace pgconcord::wire
