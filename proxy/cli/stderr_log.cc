#include "proxy/cli/stderr_log.h"

#include <algorithm>
#include <array>

#include "proxy/cli/log_line_prefix.h"

namespace pgconcord::cli {
namespace {

enum class Label : std::uint8_t { None, Error, Detail, Context, Statement, Ignored, Other };

struct Word {
  std::string_view text;
  Label label;
  bool is_english;
};

// elog.c's words, and what its translations make of the four that matter here.
constexpr auto kWords = std::to_array<Word>({
    {"ERROR", Label::Error, true},
    {"DETAIL", Label::Detail, true},
    {"CONTEXT", Label::Context, true},
    {"STATEMENT", Label::Statement, true},
    {"HINT", Label::Ignored, true},
    {"QUERY", Label::Ignored, true},
    {"LOCATION", Label::Ignored, true},
    {"BACKTRACE", Label::Ignored, true},
    {"LOG", Label::Other, true},
    {"FATAL", Label::Other, true},
    {"PANIC", Label::Other, true},
    {"WARNING", Label::Other, true},
    {"NOTICE", Label::Other, true},
    {"INFO", Label::Other, true},
    {"DEBUG", Label::Other, true},
    {"FEHLER", Label::Error, false},
    {"ANWEISUNG", Label::Statement, false},
    {"ZUSAMMENHANG", Label::Context, false},
    {"TIPP", Label::Ignored, false},
    {"ORT", Label::Ignored, false},
    {"WARNUNG", Label::Other, false},
    {"HINWEIS", Label::Other, false},
    {"ERREUR", Label::Error, false},
    {"DÉTAIL", Label::Detail, false},
    {"CONTEXTE", Label::Context, false},
    {"INSTRUCTION", Label::Statement, false},
    {"ASTUCE", Label::Ignored, false},
    {"EMPLACEMENT", Label::Ignored, false},
    {"ATTENTION", Label::Other, false},
    {"DETALLE", Label::Detail, false},
    {"CONTEXTO", Label::Context, false},
    {"SENTENCIA", Label::Statement, false},
    {"UBICACIÓN", Label::Ignored, false},
    {"ERRORE", Label::Error, false},
    {"DETTAGLI", Label::Detail, false},
    {"CONTESTO", Label::Context, false},
    {"ISTRUZIONE", Label::Statement, false},
    {"ERRO", Label::Error, false},
    {"DETALHE", Label::Detail, false},
    {"COMANDO", Label::Statement, false},
    {"FEL", Label::Error, false},
    {"DETALJ", Label::Detail, false},
    {"SATS", Label::Statement, false},
    {"BŁĄD", Label::Error, false},
    {"SZCZEGÓŁY", Label::Detail, false},
    {"WYRAŻENIE", Label::Statement, false},
    {"ОШИБКА", Label::Error, false},
    {"ПОДРОБНОСТИ", Label::Detail, false},
    {"КОНТЕКСТ", Label::Context, false},
    {"ОПЕРАТОР", Label::Statement, false},
    {"ПОМИЛКА", Label::Error, false},
    {"ДЕТАЛІ", Label::Detail, false},
    {"HATA", Label::Error, false},
    {"AYRINTI", Label::Detail, false},
    {"CHYBA", Label::Error, false},
    {"エラー", Label::Error, false},
    {"詳細", Label::Detail, false},
    {"文", Label::Statement, false},
    {"错误", Label::Error, false},
    {"오류", Label::Error, false},
    {"ΣΦΑΛΜΑ", Label::Error, false},
});

const Word* word_before(std::string_view text) {
  for (const Word& word : kWords) {
    if (text.ends_with(word.text)) {
      const std::size_t rest = text.size() - word.text.size();
      // `DEBUG1` and the like end in a digit; no word may be the tail of another.
      if (rest == 0 || !((text[rest - 1] >= 'A' && text[rest - 1] <= 'Z') || text[rest - 1] < 0)) {
        return &word;
      }
    }
  }
  return nullptr;
}

struct Split {
  const Word* word = nullptr;
  std::string_view prefix, text;
};

// At the first `WORD:  ` that is one of the server's.
Split split(std::string_view line) {
  for (std::size_t at = line.find(":  "); at != line.npos; at = line.find(":  ", at + 1)) {
    std::string_view before = line.substr(0, at);
    if (before.size() > 6 && before.substr(before.size() - 6, 5) == "DEBUG")
      before.remove_suffix(1);
    if (const Word* word = word_before(before)) {
      return {word, before.substr(0, before.size() - word->text.size()), line.substr(at + 3)};
    }
  }
  return {};
}

bool is_sqlstate(std::string_view text) {
  return text.size() == 5 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

}  // namespace

void StderrLogReader::append(std::string& field, std::string_view text) {
  if (field.size() < kLogFieldMax) field.append(text.substr(0, kLogFieldMax - field.size()));
}

void StderrLogReader::begin(std::string_view prefix, std::string_view message, bool is_english) {
  const LinePrefix known = read_prefix(prefix, setting_);
  entry_ = {};
  entry_.database = known.database;
  entry_.application = known.application;
  entry_.session = known.session;
  entry_.at = known.at;
  entry_.sqlstate = is_sqlstate(known.sqlstate) ? known.sqlstate : "";
  entry_.is_english = is_english;
  // log_error_verbosity = verbose: `23505: duplicate key ...`
  if (message.size() > 7 && message.substr(5, 2) == ": " && is_sqlstate(message.substr(0, 5))) {
    entry_.sqlstate = message.substr(0, 5);
    message.remove_prefix(7);
  }
  append(entry_.message, message);
  field_ = &entry_.message;
  open_ = true;
}

void StderrLogReader::take(std::string_view line) {
  if (line.starts_with('\t')) {
    if (!open_ || field_ == nullptr) return;
    append(*field_, "\n");
    append(*field_, line.substr(1));
    return;
  }
  const Split found = split(line);
  if (found.word == nullptr) return;
  field_ = nullptr;
  switch (found.word->label) {
    case Label::Error:
      end();
      begin(found.prefix, found.text, found.word->is_english);
      return;
    case Label::Other:
    case Label::None:
      end();
      return;
    case Label::Ignored:
      return;
    case Label::Detail:
      field_ = &entry_.detail;
      break;
    case Label::Context:
      field_ = &entry_.context;
      break;
    case Label::Statement:
      field_ = &entry_.statement;
      break;
  }
  if (open_) append(*field_, found.text);
}

void StderrLogReader::end() {
  if (open_) take_(entry_);
  open_ = false;
  field_ = nullptr;
}

}  // namespace pgconcord::cli
