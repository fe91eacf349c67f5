#include "parser/outline.h"

#include <xxhash.h>

#include <cstring>
#include <memory>

#include "parser/keyword_code.h"
#include "parser/lexer.h"
#include "parser/nesting.h"
#include "parser/value_rows.h"

namespace pgconcord::parser {
namespace {

// One byte per literal kind. No unquoted word, operator or quoted identifier starts with them.
constexpr char kStringMark = '\x01';
constexpr char kBitMark = '\x02';
constexpr char kHexMark = '\x03';
constexpr char kNumberMark = '\x04';
constexpr char kNationalMark = '\x05';
constexpr char kUnicodeMark = '\x07';

// Values for "the token before" that are no keyword code of a word.
constexpr std::uint64_t kDot = 1;
constexpr std::uint64_t kUnicode = 2;

constexpr std::uint64_t kTemplateSeed = 0;
constexpr std::uint64_t kFullTextSeed = 1;

// What the pass writes into; kept per thread so that a statement costs no allocation.
struct Scratch {
  std::unique_ptr<char[]> key;
  std::size_t capacity = 0;
  std::vector<Nesting::Level> levels;

  char* reserve(std::size_t size) {
    if (size > capacity) {
      key = std::make_unique_for_overwrite<char[]>(size);
      capacity = size;
    }
    return key.get();
  }
};

Scratch& thread_scratch() {
  thread_local Scratch scratch;
  return scratch;
}

TemplateKey hash(std::string_view bytes, std::uint64_t seed) {
  const XXH128_hash_t value = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {value.high64, value.low64};
}

class Pass {
 public:
  Pass(std::string_view sql, Outline& out, Scratch& scratch)
      : sql_(sql),
        out_(out),
        lexer_(sql),
        nesting_(scratch.levels),
        // A token of n bytes takes at most 2n; a word is written eight bytes at a time.
        begin_(scratch.reserve(2 * sql.size() + 16)),
        write_(begin_) {}

  void run();

 private:
  void token(TokenKind kind);
  void word();
  void keyword(std::uint64_t code, std::size_t size);
  void note_returning();
  void quoted_identifier(TokenKind kind);
  void literal(TokenKind kind);
  void number();
  void parameter();
  void operator_token();
  void punctuation();
  void open_bracket();
  void close_bracket();
  void semicolon();
  void begin_statement();
  void end_statement();
  void finish();

  void put(char byte) { *write_++ = byte; }
  void put_text() {
    std::memcpy(write_, lexer_.begin() + sql_.data(), lexer_.length());
    write_ += lexer_.length();
  }
  // Behind AS or a dot even a reserved word is only a name.
  [[nodiscard]] bool is_label() const { return before_ == kDot || before_ == keyword_code("as"); }
  [[nodiscard]] bool follows_space() const {
    return lexer_.begin() > 0 &&
           std::string_view(" \t\n\r\f").find(sql_[lexer_.begin() - 1]) != std::string_view::npos;
  }
  // Is the word of `size` bytes that was written last, in lower case, this one?
  [[nodiscard]] bool just_wrote(std::string_view word, std::size_t size) const {
    return size == word.size() && std::memcmp(write_ - 1 - size, word.data(), size) == 0;
  }
  [[nodiscard]] bool may_insert() const {
    return span_.command == Command::Insert || span_.command == Command::With;
  }
  [[nodiscard]] bool at_top() const { return nesting_.brackets() == 0; }
  [[nodiscard]] bool after_float_and_bracket() const;

  std::string_view sql_;
  Outline& out_;
  Lexer lexer_;
  Nesting nesting_;
  ValueRows rows_;
  char* begin_;
  char* write_;
  StatementSpan span_;
  std::uint64_t before_ = 0;  // the token before: its keyword code, kDot, kUnicode, or 0
  bool inside_statement_ = false;
  bool insert_ = false;  // the keyword INSERT was seen at depth 0
  bool query_ = false;   // ... or one that makes the INSERT's source a query
  bool atomic_ = false;
  bool exact_ = false;
};

void Pass::run() {
  out_.statements.clear();
  out_.exact = false;
  out_.token_count = 0;
  for (TokenKind kind = lexer_.next(); kind != TokenKind::End; kind = lexer_.next()) token(kind);
  if (inside_statement_) end_statement();
  finish();
}

void Pass::token(TokenKind kind) {
  ++out_.token_count;
  const bool separator = kind == TokenKind::Punctuation && lexer_.first() == ';' && at_top();
  if (!separator) {
    if (!inside_statement_) begin_statement();
    span_.end = lexer_.end();
  }
  if (rows_.active() && at_top() && kind != TokenKind::Word && kind != TokenKind::Punctuation) {
    rows_.finish(false);
  }
  switch (kind) {
    case TokenKind::Word:
      return word();
    case TokenKind::QuotedIdentifier:
    case TokenKind::UnicodeIdentifier:
      return quoted_identifier(kind);
    case TokenKind::NationalPrefix:
    case TokenKind::String:
    case TokenKind::UnicodeString:
    case TokenKind::BitString:
    case TokenKind::HexString:
      return literal(kind);
    case TokenKind::Number:
      return number();
    case TokenKind::Parameter:
      return parameter();
    case TokenKind::Operator:
      return operator_token();
    case TokenKind::Punctuation:
      return punctuation();
    case TokenKind::Unknown:  // the lexer has said that it is unsure: the key will be the full text
    case TokenKind::End:
      before_ = 0;
  }
}

void Pass::word() {
  const char* from = sql_.data() + lexer_.begin();
  const std::size_t size = lexer_.length();
  const std::uint64_t code = lower_case(load_word(from, size, sql_.size() - lexer_.begin()));
  std::memcpy(write_, &code, 8);
  for (std::size_t i = 8; i < size; i += 8) {
    const std::uint64_t more = lower_case(load_word(from + i, size - i, size - i));
    std::memcpy(write_ + i, &more, 8);
  }
  write_ += size;
  put(' ');
  keyword(code, size);
  before_ = size <= 8 ? code : 0;
}

void Pass::keyword(std::uint64_t code, std::size_t size) {
  const bool is_returning = code == keyword_code("returnin") && just_wrote("returning", size);
  const bool top = at_top();
  if (rows_.active() && top) rows_.finish(code == keyword_code("on") || is_returning);
  switch (code) {
    case keyword_code("and"):
    case keyword_code("or"):
    case keyword_code("not"):
    case keyword_code("in"):
    case keyword_code("is"):
    case keyword_code("at"):
    case keyword_code("like"):
    case keyword_code("ilike"):
    case keyword_code("join"):
    case keyword_code("isnull"):
    case keyword_code("notnull"):
    case keyword_code("similar"):
    case keyword_code("between"):
    case keyword_code("collate"):
    case keyword_code("operator"):
      return nesting_.add_operator();
    case keyword_code("union"):
    case keyword_code("except"):
    case keyword_code("intersec"):
      query_ = query_ || top;
      return nesting_.add_set_operation();
    case keyword_code("select"):
    case keyword_code("table"):
      query_ = query_ || top;
      return;
    case keyword_code("insert"):
      insert_ = insert_ || (top && may_insert());
      return;
    case keyword_code("values"):
      if (top && insert_ && !query_) rows_.start();
      return;
    case keyword_code("case"):
      if (!is_label()) nesting_.open(Nesting::Kind::Case);
      return;
    case keyword_code("end"):
      if (!is_label()) nesting_.close_case();
      return;
    case keyword_code("atomic"):
      atomic_ = atomic_ || before_ == keyword_code("begin");
      return;
    case keyword_code("uescape"):
      exact_ = exact_ || before_ == kUnicode;
      return;
    case keyword_code("returnin"):
      if (top && is_returning) note_returning();
      return;
    default:
      return;
  }
}

void Pass::note_returning() {
  if (is_label()) return;
  span_.returning = lexer_.begin();
  span_.space_before_returning = follows_space();
}

void Pass::quoted_identifier(TokenKind kind) {
  const bool unicode = kind == TokenKind::UnicodeIdentifier;
  if (unicode) put(kUnicodeMark);
  for (const char c : lexer_.text()) {
    // A control character could look like a mark of ours.
    if (static_cast<unsigned char>(c) < ' ') exact_ = true;
    put(c);
  }
  // Two identifiers in a row must not look like one with a doubled quote.
  put(' ');
  before_ = unicode ? kUnicode : 0;
}

void Pass::literal(TokenKind kind) {
  before_ = kind == TokenKind::UnicodeString ? kUnicode : 0;
  if (kind == TokenKind::BitString) return put(kBitMark);
  if (kind == TokenKind::HexString) return put(kHexMark);
  put(kind == TokenKind::NationalPrefix ? kNationalMark : kStringMark);
}

void Pass::number() {
  before_ = 0;
  if (!after_float_and_bracket()) return put(kNumberMark);
  put_text();
  put(' ');
}

// The one number that is grammar: float(24) is float4, float(25) is float8.
bool Pass::after_float_and_bracket() const {
  constexpr std::string_view kFloat = "float (";
  const auto written = static_cast<std::size_t>(write_ - begin_);
  return written >= kFloat.size() && write_[-1] == '(' &&
         std::string_view(write_ - kFloat.size(), kFloat.size()) == kFloat;
}

void Pass::parameter() {
  before_ = 0;
  put(kParameterMark);
  if (!rows_.inside_later_row()) {
    std::memcpy(write_, sql_.data() + lexer_.begin() + 1, lexer_.length() - 1);
    write_ += lexer_.length() - 1;
  }
  put(' ');
}

void Pass::operator_token() {
  before_ = 0;
  put_text();
  put(' ');
  nesting_.add_operator();
}

void Pass::punctuation() {
  const char byte = lexer_.first();
  before_ = byte == '.' ? kDot : 0;
  switch (byte) {
    case '(':
    case '[':
      return open_bracket();
    case ')':
    case ']':
      return close_bracket();
    case ';':
      return semicolon();
    case ',':
      if (rows_.active() && at_top()) rows_.comma();
      nesting_.next_item();
      return put(',');
    default:
      if (rows_.active() && at_top()) rows_.finish(false);
      return put(byte);
  }
}

void Pass::open_bracket() {
  const char byte = lexer_.first();
  if (rows_.active() && at_top()) {
    if (byte == '(') {
      rows_.open(write_);
    } else {
      rows_.finish(false);
    }
  }
  put(byte);
  nesting_.open(Nesting::Kind::Bracket);
}

void Pass::close_bracket() {
  put(lexer_.first());
  nesting_.close_bracket();
  if (rows_.inside() && at_top()) write_ = rows_.close({lexer_.end(), write_});
}

// A semicolon in brackets belongs to the statement: CREATE RULE ... DO (a; b).
void Pass::semicolon() {
  if (!at_top()) return put(';');
  if (inside_statement_) end_statement();
  nesting_.next_statement();
}

void Pass::begin_statement() {
  if (!out_.statements.empty()) put(';');
  inside_statement_ = true;
  insert_ = query_ = false;
  rows_.restart();
  span_ = StatementSpan();
  span_.begin = lexer_.begin();
  span_.command = leading_command(sql_.substr(span_.begin));
}

void Pass::end_statement() {
  inside_statement_ = false;
  rows_.store(span_);
  out_.statements.push_back(span_);
}

void Pass::finish() {
  out_.depth_max = nesting_.deepest();
  if (atomic_) {
    // BEGIN ATOMIC bodies hold semicolons that only the grammar can place.
    out_.statements.front() = {.command = Command::Ddl,
                               .begin = out_.statements.front().begin,
                               .end = out_.statements.back().end};
    out_.statements.resize(1);
  }
  out_.exact = exact_ || atomic_ || lexer_.unsure();
  if (!out_.exact) {
    out_.key = hash({begin_, static_cast<std::size_t>(write_ - begin_)}, kTemplateSeed);
    return;
  }
  out_.key = hash(sql_, kFullTextSeed);
  for (StatementSpan& span : out_.statements)
    span.collapsed_begin = span.collapsed_end = kNoPosition;
}

}  // namespace

void outline(std::string_view sql, Outline& out) { Pass(sql, out, thread_scratch()).run(); }

std::string reduced(std::string_view sql, const Outline& outline) {
  std::string text;
  std::size_t from = 0;
  for (const StatementSpan& span : outline.statements) {
    if (span.collapsed_begin == kNoPosition) continue;
    text.append(sql.substr(from, span.collapsed_begin - from));
    from = span.collapsed_end;
  }
  text.append(sql.substr(from));
  return text;
}

}  // namespace pgconcord::parser
