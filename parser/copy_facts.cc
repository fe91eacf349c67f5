#include "parser/copy_facts.h"

#include <string>
#include <vector>

#include "parser/tokens.h"

namespace pgconcord::parser {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

// `a` of the row; nothing else that can be named in a WHERE has the same name in another table.
void note_column(object fields, Copy& copy) {
  const std::vector<element> names = list_field(fields, "fields");
  const Node name = names.size() == 1 ? as_node(names[0]) : Node{};
  if (name.type == "String") {
    copy.filter_columns.emplace_back(text_field(name.fields, "sval"));
  } else {
    copy.filter_is_plain = false;
  }
}

// Recursion is bounded by the tree's depth limit.
void read_filter(element tree, Copy& copy) {
  simdjson::dom::array items;
  object members;
  if (!tree.get(items)) {
    for (const element item : items) read_filter(item, copy);
  } else if (!tree.get(members)) {
    for (const auto member : members) {
      object fields;
      if (member.key == "ColumnRef" && !member.value.get(fields)) {
        note_column(fields, copy);
        continue;
      }
      // The server takes no subquery here, and will say so itself.
      if (member.key == "SubLink") copy.filter_is_plain = false;
      read_filter(member.value, copy);
    }
  }
}

void read_options(object fields, Copy& copy) {
  for (const element option : list_field(fields, "options")) {
    const std::string_view name = text_field(as_node(option).fields, "defname");
    copy.freezes = copy.freezes || name == "freeze";
    copy.reads_defaults = copy.reads_defaults || name == "default";
  }
}

Copy::Source source_of(object fields) {
  if (has_field(fields, "is_program")) return Copy::Source::Program;
  return has_field(fields, "filename") ? Copy::Source::File : Copy::Source::Stdin;
}

// Between the name and FROM stands a column list or nothing.
void find_tokens(object range_var, std::string_view text, std::size_t begin, Copy& copy) {
  const std::vector<Token> tokens = tokens_of(text);
  const auto location = static_cast<std::size_t>(integer_field(range_var, "location"));
  copy.name_token = location < begin ? kNoToken : token_at(tokens, location - begin);
  copy.from_token = copy.name_token;
  while (copy.from_token < tokens.size() &&
         (tokens[copy.from_token].depth > 0 || !is_word(text, tokens[copy.from_token], "from"))) {
    ++copy.from_token;
  }
  if (copy.from_token >= tokens.size()) copy.name_token = copy.from_token = kNoToken;
}

}  // namespace

bool copies_in(object copy) { return has_field(copy, "is_from"); }

Copy copy_of(object fields, std::string_view text, std::size_t begin) {
  Copy copy;
  object range_var;
  if (!fields["relation"].get(range_var)) {
    copy.table = relation_of(range_var);
    find_tokens(range_var, text, begin, copy);
  }
  copy.source = source_of(fields);
  for (const element column : list_field(fields, "attlist")) {
    copy.columns.emplace_back(text_field(as_node(column).fields, "sval"));
  }
  read_options(fields, copy);
  element filter;
  if (!fields["whereClause"].get(filter)) read_filter(filter, copy);
  return copy;
}

}  // namespace pgconcord::parser
