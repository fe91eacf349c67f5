#include "proxy/console/messages.h"

#include "proxy/wire/bytes.h"

namespace pgconcord::console {
namespace {

void put_field(wire::ByteWriter& writer, char code, std::string_view value) {
  if (value.empty()) return;
  writer.raw(std::string_view(&code, 1));
  writer.string(value);
}

}  // namespace

std::string make_error(const Refusal& refusal) {
  wire::ByteWriter writer;
  writer.begin('E');
  put_field(writer, 'S', "ERROR");
  put_field(writer, 'V', "ERROR");
  put_field(writer, 'C', refusal.sqlstate);
  put_field(writer, 'M', refusal.message);
  put_field(writer, 'D', refusal.detail);
  put_field(writer, 'H', refusal.hint);
  writer.raw(std::string_view("\0", 1));
  writer.end();
  return writer.take();
}

std::string make_parameter_status(std::string_view name, std::string_view value) {
  wire::ByteWriter writer;
  writer.begin('S');
  writer.string(name);
  writer.string(value);
  writer.end();
  return writer.take();
}

std::string make_no_parameters() {
  wire::ByteWriter writer;
  writer.begin('t');
  writer.u16(0);
  writer.end();
  return writer.take();
}

std::string make_bare(char type) {
  wire::ByteWriter writer;
  writer.begin(type);
  writer.end();
  return writer.take();
}

}  // namespace pgconcord::console
