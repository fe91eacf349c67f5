#include "proxy/session/copy_error.h"

#include "parser/copy_staging.h"
#include "proxy/wire/bytes.h"

namespace pgconcord::session {
namespace {

void replace_all(std::string& text, std::string_view ours, std::string_view theirs) {
  for (std::size_t at = text.find(ours); at != std::string::npos;
       at = text.find(ours, at + theirs.size())) {
    text.replace(at, ours.size(), theirs);
  }
}

void put_field(wire::ByteWriter& writer, char code, std::string_view value) {
  writer.raw(std::string_view(&code, 1));
  writer.string(value);
}

// Values of the data stand in D and behind the line number of W, never before it.
std::string with_names(char code, std::string_view value, const CopyNames& names) {
  std::string text(value);
  switch (code) {
    case 'M':
      // What the server calls our statement; it refuses the client's for the same reason.
      replace_all(text, "CREATE TABLE AS", "COPY FROM");
      [[fallthrough]];
    case 'H':
    case 'W':
      replace_all(text, parser::kStagingTable, names.table);
      replace_all(text, parser::kStagingKey, names.constraint);
      return text;
    case 't':
      return value == parser::kStagingTable ? std::string(names.table) : text;
    case 'n':
      return value == parser::kStagingKey ? std::string(names.constraint) : text;
    default:
      return text;
  }
}

bool names_staging_table(std::string_view body) {
  wire::ByteReader reader(body);
  while (reader.ok() && !reader.at_end()) {
    const char code = static_cast<char>(reader.u8());
    if (code == '\0') break;
    if (reader.string() == parser::kStagingTable && code == 't') return true;
  }
  return false;
}

}  // namespace

std::string told_of_copy(std::string_view raw, const CopyNames& names, std::uint32_t position,
                         std::string_view context) {
  wire::ByteReader reader(raw.substr(5));
  const bool is_ours = names_staging_table(raw.substr(5));
  wire::ByteWriter writer;
  writer.begin(raw[0]);
  bool has_context = false;
  while (reader.ok() && !reader.at_end()) {
    const char code = static_cast<char>(reader.u8());
    if (code == '\0') break;
    const std::string_view value = reader.string();
    if (code == 'P') {
      if (position != 0) put_field(writer, code, std::to_string(position));
      continue;
    }
    std::string text =
        code == 's' && is_ours ? std::string(names.schema) : with_names(code, value, names);
    if (code == 'W' && !context.empty()) {
      has_context = true;
      text.append("\n").append(context);
    }
    put_field(writer, code, text);
  }
  if (!has_context && !context.empty()) put_field(writer, 'W', context);
  writer.raw(std::string_view("\0", 1));
  writer.end();
  return writer.take();
}

}  // namespace pgconcord::session
