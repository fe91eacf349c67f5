#include "parser/expression.h"

#include <string>

#include "parser/lexer.h"
#include "parser/syntax_tree.h"

namespace pgconcord::parser {
namespace {

bool has_parameter(std::string_view sql) {
  Lexer lexer(sql);
  for (TokenKind kind = lexer.next(); kind != TokenKind::End; kind = lexer.next()) {
    if (kind == TokenKind::Parameter) return true;
  }
  return false;
}

}  // namespace

// In brackets nothing can follow it; inside CASE a query in them is none. A comment at its end must
// not swallow what closes either.
bool is_expression(std::string_view sql) {
  const std::string text = std::string(sql) + "\n";
  const auto tree = SyntaxTree::of("SELECT (" + text + ")");
  if (has_parameter(sql) || !tree || tree->statements().size() != 1) return false;
  const Node select = node_field(tree->statements()[0], "stmt");
  if (select.type != "SelectStmt" || has_field(select.fields, "fromClause")) return false;
  const auto targets = list_field(select.fields, "targetList");
  if (targets.size() != 1) return false;
  // The grammar takes DEFAULT anywhere; the server takes it alone and only in SET.
  const std::string_view kind = node_field(as_node(targets[0]).fields, "val").type;
  if (kind == "RowExpr" || kind == "SetToDefault") return false;
  return SyntaxTree::of("SELECT CASE WHEN true THEN " + text + "END").has_value();
}

}  // namespace pgconcord::parser
