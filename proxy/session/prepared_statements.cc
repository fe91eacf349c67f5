#include "proxy/session/prepared_statements.h"

#include <array>

#include "proxy/wire/startup.h"

namespace pgconcord::session {

const StatementRef& plain_statement(parser::Command command) {
  constexpr std::size_t kCommands = static_cast<std::size_t>(parser::Command::Other) + 1;
  static const std::array<StatementRef, kCommands> plain = [] {
    std::array<StatementRef, kCommands> all;
    for (std::size_t i = 0; i < kCommands; ++i) {
      all[i] = std::make_shared<const ClientStatement>(
          ClientStatement{static_cast<parser::Command>(i), false, false, {}, {}, {}});
    }
    return all;
  }();
  return plain[static_cast<std::size_t>(command)];
}

void NamedStatements::set(std::string_view name, StatementRef statement, std::size_t limit) {
  if (name.empty()) {
    unnamed_ = std::move(statement);
    return;
  }
  if (!named_) named_ = std::make_unique<Map>();
  const std::string key(wire::significant(name));
  if (named_->size() >= limit && !named_->contains(key)) return;
  (*named_)[key] = std::move(statement);
}

const StatementRef* NamedStatements::find(std::string_view name) const {
  if (name.empty()) return unnamed_ ? &unnamed_ : nullptr;
  if (!named_) return nullptr;
  const auto found = named_->find(std::string(wire::significant(name)));
  return found == named_->end() ? nullptr : &found->second;
}

void NamedStatements::forget(std::string_view name) {
  if (name.empty()) {
    unnamed_.reset();
  } else if (named_) {
    named_->erase(std::string(wire::significant(name)));
  }
}

void NamedStatements::clear() {
  unnamed_.reset();
  named_.reset();
}

}  // namespace pgconcord::session
