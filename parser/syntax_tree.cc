#include "parser/syntax_tree.h"

#include <pg_query.h>

#include <algorithm>
#include <string>

#include "parser/stack_room.h"

namespace pgconcord::parser {
namespace {

// Kept free for everything that is not proportional to the text.
constexpr std::size_t kStackReserveBytes = 64 * 1024;
// Our own walkers recurse over the tree; sanitizer builds take this much per level.
constexpr std::size_t kStackBytesPerTreeLevel = 1024;
constexpr std::size_t kTreeDepthMax = 4096;

ParseError refusal(std::string message) { return {std::move(message), 0}; }

class ParseOutput {
 public:
  explicit ParseOutput(const std::string& sql) : result_(pg_query_parse(sql.c_str())) {}
  ~ParseOutput() { pg_query_free_parse_result(result_); }
  ParseOutput(const ParseOutput&) = delete;
  ParseOutput& operator=(const ParseOutput&) = delete;

  [[nodiscard]] const PgQueryError* error() const { return result_.error; }
  [[nodiscard]] std::string_view json() const {
    return result_.parse_tree == nullptr ? std::string_view() : result_.parse_tree;
  }

 private:
  PgQueryParseResult result_;
};

std::size_t position_of(const PgQueryError& error) {
  return error.cursorpos > 0 ? static_cast<std::size_t>(error.cursorpos) : 0;
}

bool fits(std::string_view sql, std::size_t stack_left) {
  return stack_left > kStackReserveBytes &&
         sql.size() <= (stack_left - kStackReserveBytes) / kStackBytesPerSqlByte;
}

}  // namespace

Result<SyntaxTree> SyntaxTree::of(std::string_view sql) {
  if (sql.find('\0') != std::string_view::npos) {
    return tl::unexpected(refusal("the text holds a NUL byte"));
  }
  if (!simdjson::validate_utf8(sql.data(), sql.size())) {
    return tl::unexpected(refusal("the text is not valid UTF-8"));
  }
  const std::size_t stack_left = stack_bytes_left();
  if (!fits(sql, stack_left)) {
    return tl::unexpected(refusal("the text is too large for the parser's stack"));
  }
  const ParseOutput output{std::string(sql)};
  if (const PgQueryError* error = output.error()) {
    return tl::unexpected(ParseError{error->message, position_of(*error)});
  }

  const std::size_t depth = std::min(kTreeDepthMax, stack_left / kStackBytesPerTreeLevel);
  SyntaxTree tree;
  if (const simdjson::error_code status = tree.read(output.json(), depth)) {
    return tl::unexpected(
        refusal(status == simdjson::DEPTH_ERROR
                    ? "the statement nests too deep"
                    : std::string("unreadable parse tree: ") + simdjson::error_message(status)));
  }
  return tree;
}

simdjson::error_code SyntaxTree::read(std::string_view json, std::size_t depth_max) {
  parser_ = std::make_unique<simdjson::dom::parser>();
  if (const auto status = parser_->allocate(json.size(), depth_max)) return status;
  simdjson::dom::object document;
  if (const auto status = parser_->parse(json.data(), json.size()).get(document)) return status;
  for (const simdjson::dom::element element : list_field(document, "stmts")) {
    simdjson::dom::object statement;
    if (const auto status = element.get(statement)) return status;
    statements_.push_back(statement);
  }
  return simdjson::SUCCESS;
}

std::string_view text_field(simdjson::dom::object object, std::string_view name) {
  std::string_view text;
  if (object[name].get(text)) return {};
  return text;
}

std::int64_t integer_field(simdjson::dom::object object, std::string_view name) {
  std::int64_t value = 0;
  if (object[name].get(value)) return 0;
  return value;
}

std::vector<simdjson::dom::element> list_field(simdjson::dom::object object,
                                               std::string_view name) {
  simdjson::dom::array list;
  if (object[name].get(list)) return {};
  return {list.begin(), list.end()};
}

bool has_field(simdjson::dom::object object, std::string_view name) {
  return object[name].error() == simdjson::SUCCESS;
}

Node as_node(simdjson::dom::element element) {
  simdjson::dom::object object;
  if (element.get(object)) return {};
  const auto member = object.begin();
  if (member == object.end()) return {};
  Node node{member.key(), {}};
  if (member.value().get(node.fields)) return {};
  return node;
}

Node node_field(simdjson::dom::object object, std::string_view name) {
  simdjson::dom::element element;
  if (object[name].get(element)) return {};
  return as_node(element);
}

RelationName relation_of(simdjson::dom::object range_var) {
  return {std::string(text_field(range_var, "schemaname")),
          std::string(text_field(range_var, "relname"))};
}

}  // namespace pgconcord::parser
