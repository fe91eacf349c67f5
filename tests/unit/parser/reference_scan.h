// PostgreSQL's own scanner as libpg_query ships it: what our lexer is held to.
// Its result is a small protobuf message, read here by hand so that no protobuf library is needed.
#pragma once

#include <pg_query.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parser/lexer.h"

namespace pgconcord::parser {

using TokenBounds = std::pair<std::size_t, std::size_t>;

class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool done() const { return at_ >= bytes_.size(); }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; !done(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) break;
    }
    return value;
  }
  std::string_view message() {
    const auto size = static_cast<std::size_t>(varint());
    const std::string_view body = bytes_.substr(at_, size);
    at_ += size;
    return body;
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

struct ReferenceScan {
  std::vector<TokenBounds> tokens;  // without comments
  std::string error;                // empty = the scanner accepts the text

  // What an E'' or U&'' string says, not where it ends: our lexer does not look into strings.
  [[nodiscard]] bool rejects_an_escape() const { return error.starts_with("invalid "); }
};

inline ReferenceScan reference_scan(const std::string& sql) {
  constexpr std::uint64_t kTokensField = 2;
  constexpr std::uint64_t kSqlComment = 275;
  constexpr std::uint64_t kCComment = 276;
  const PgQueryScanResult result = pg_query_scan(sql.c_str());
  ReferenceScan scan;
  if (result.error != nullptr) {
    scan.error = result.error->message;
  } else {
    ProtobufReader reader({result.pbuf.data, result.pbuf.len});
    while (!reader.done()) {
      if (reader.varint() >> 3 != kTokensField) {
        reader.varint();
        continue;
      }
      ProtobufReader token(reader.message());
      std::uint64_t fields[6] = {};
      while (!token.done()) {
        const std::uint64_t field = token.varint() >> 3;
        fields[field < 6 ? field : 0] = token.varint();
      }
      if (fields[4] == kSqlComment || fields[4] == kCComment) continue;
      scan.tokens.emplace_back(fields[1], fields[2]);
    }
  }
  pg_query_free_scan_result(result);
  return scan;
}

struct LexedText {
  std::vector<TokenBounds> tokens;
  std::vector<TokenKind> kinds;
  bool unsure = false;
};

inline LexedText lex(std::string_view sql) {
  LexedText lexed;
  Lexer lexer(sql);
  for (TokenKind kind = lexer.next(); kind != TokenKind::End; kind = lexer.next()) {
    lexed.tokens.emplace_back(lexer.begin(), lexer.end());
    lexed.kinds.push_back(kind);
  }
  lexed.unsure = lexer.unsure();
  return lexed;
}

// Whether both see the same tokens. libpg_query reports a wrong end for U& tokens: only their begin
// counts.
inline bool same_tokens(const LexedText& ours, const std::vector<TokenBounds>& theirs) {
  if (ours.tokens.size() != theirs.size()) return false;
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    const bool unicode =
        ours.kinds[i] == TokenKind::UnicodeString || ours.kinds[i] == TokenKind::UnicodeIdentifier;
    if (ours.tokens[i].first != theirs[i].first) return false;
    if (!unicode && ours.tokens[i].second != theirs[i].second) return false;
  }
  return true;
}

}  // namespace pgconcord::parser
