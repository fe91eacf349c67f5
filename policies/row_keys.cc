#include "policies/row_keys.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <unordered_map>

#include "parser/row_texts.h"
#include "policies/subject.h"

namespace pgconcord::policies {
namespace {

using parser::ItemText;
using parser::RowText;

std::optional<RowKey::Kind> kind_of(const Column& column) {
  constexpr Oid kInt8 = 20;
  constexpr Oid kInt2 = 21;
  constexpr Oid kInt4 = 23;
  constexpr Oid kText = 25;
  constexpr Oid kVarchar = 1043;
  constexpr Oid kUuid = 2950;
  switch (column.type_oid) {
    case kInt2:
    case kInt4:
    case kInt8:
      return RowKey::Kind::Number;
    case kUuid:
      return RowKey::Kind::Uuid;
    case kText:
    case kVarchar:
      // With a length the server cuts trailing spaces.
      if (column.collates_plainly && !column.has_type_modifier) return RowKey::Kind::Text;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// Between the quotes, where a quote stands doubled. Nothing when it is continued on another line.
std::optional<std::string_view> content_of(std::string_view literal) {
  if (literal.size() < 2) return std::nullopt;
  const std::string_view content = literal.substr(1, literal.size() - 2);
  for (std::size_t at = content.find('\''); at != std::string_view::npos;
       at = content.find('\'', at + 2)) {
    if (at + 1 >= content.size() || content[at + 1] != '\'') return std::nullopt;
  }
  return content;
}

std::optional<std::string> number(std::string_view text) {
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return std::nullopt;
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size() - 1));
  return std::string(text);
}

// The one spelling whose every other form differs in case only.
std::optional<std::string> uuid(std::string_view text) {
  constexpr std::string_view kPattern = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != kPattern.size()) return std::nullopt;
  std::string lowered;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((kPattern[i] == '-') != (byte == '-')) return std::nullopt;
    if (byte != '-' && std::isxdigit(byte) == 0) return std::nullopt;
    lowered += static_cast<char>(std::tolower(byte));
  }
  return lowered;
}

// Two values of one kind are equal exactly where these texts are.
std::optional<std::string> normal_form(RowKey::Kind kind, const ItemText& item) {
  const bool quoted = item.kind == ItemText::Kind::String;
  if (!quoted && (item.kind != ItemText::Kind::Number || kind != RowKey::Kind::Number)) {
    return std::nullopt;
  }
  const auto text = quoted ? content_of(item.text) : std::optional(item.text);
  if (!text) return std::nullopt;
  switch (kind) {
    case RowKey::Kind::Number:
      return number(*text);
    case RowKey::Kind::Text:
      return std::string(*text);
    case RowKey::Kind::Uuid:
      return uuid(*text);
  }
  return std::nullopt;
}

struct KeyText {
  bool proven = false;
  bool never_equal = false;  // NULL in it
  std::string text;
};

KeyText key_text_of(const RowKeys& keys, const RowText& row) {
  KeyText found;
  for (const RowKey& key : keys.keys) {
    if (key.place >= row.items.size()) return found;
    const ItemText& item = row.items[key.place];
    if (item.kind == ItemText::Kind::Null) {
      found.never_equal = found.never_equal || !keys.nulls_are_equal;
      found.text += "null\n";
      continue;
    }
    const auto normal = normal_form(key.kind, item);
    if (!normal) return found;
    // The length first: no value can look like the end of another.
    found.text += std::to_string(normal->size()) + ":" + *normal + "\n";
  }
  found.proven = true;
  return found;
}

// Which rows stay; empty when that cannot be told.
std::vector<bool> rows_kept(const RowKeys& keys, Duplicates kept,
                            const std::vector<RowText>& rows) {
  std::vector<bool> stays(rows.size(), true);
  std::unordered_map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    KeyText key = key_text_of(keys, rows[i]);
    if (!key.proven) return {};
    if (key.never_equal) continue;
    const auto [before, is_new] = seen.emplace(std::move(key.text), i);
    if (is_new) continue;
    const std::size_t out = kept == Duplicates::First ? i : std::exchange(before->second, i);
    // Its parameter would be left without a type.
    if (rows[out].has_parameter) return {};
    stays[out] = false;
  }
  return stays;
}

}  // namespace

RowKeys row_keys_of(const parser::Insert& insert, const Table& table, const UniqueIndex& arbiter) {
  RowKeys found;
  found.nulls_are_equal = arbiter.nulls_not_distinct;
  if (insert.source != parser::InsertSource::Values || arbiter.has_expressions ||
      !arbiter.predicate.empty() || arbiter.kind == IndexKind::Exclusion ||
      table.has_before_insert_row_trigger) {
    return found;
  }
  for (const std::string& name : arbiter.columns) {
    const Column* column = find_column(table, name);
    const auto kind = column == nullptr ? std::nullopt : kind_of(*column);
    const auto place = column == nullptr ? std::nullopt : place_of(insert, table, *column);
    if (!kind || !place || given(insert, table, *column) != Given::Value) return found;
    found.keys.push_back({*place, *kind});
  }
  found.comparable = true;
  return found;
}

RowsFound find_duplicates(const RowKeys& keys, Duplicates kept, std::string_view sql,
                          const parser::StatementSpan& statement, std::string_view clause) {
  if (statement.value_rows == 1) return {RowsOutcome::AllDistinct, {}};
  if (!keys.comparable) return {};
  const std::vector<RowText> rows = parser::row_texts(sql, statement);
  const std::vector<bool> stays = rows_kept(keys, kept, rows);
  if (stays.empty()) return {};
  if (std::all_of(stays.begin(), stays.end(), [](bool each) { return each; })) {
    return {RowsOutcome::AllDistinct, {}};
  }
  RowsFound found{RowsOutcome::SomeLeftOut, parser::splice(statement, clause)};
  std::string list;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!stays[i]) continue;
    list.append(list.empty() ? "" : ", ").append(sql, rows[i].begin, rows[i].end - rows[i].begin);
  }
  const std::size_t begin = rows.front().begin;
  const std::size_t end = rows.back().end;
  list.append(sql.substr(end, found.edit.offset - end));
  found.edit = {begin, list + found.edit.text, found.edit.offset - begin};
  return found;
}

}  // namespace pgconcord::policies
