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

StatementRef unseen_statement(std::string_view name) {
  ClientStatement statement;
  statement.unseen = true;
  statement.name = wire::significant(name);
  return std::make_shared<const ClientStatement>(std::move(statement));
}

void NamedStatements::set(std::string_view name, StatementRef statement, std::size_t limit) {
  if (name.empty()) {
    unnamed_.statement = std::move(statement);
    return;
  }
  if (!named_) named_ = std::make_unique<Map>();
  const std::string key(wire::significant(name));
  if (named_->size() >= limit && !named_->contains(key)) {
    lost_ = true;
    return;
  }
  (*named_)[key].statement = std::move(statement);
}

void NamedStatements::announce(std::string_view name, StatementRef statement, std::size_t limit,
                               std::uint32_t batch) {
  const bool redefined = find(name) != nullptr;
  set(name, std::move(statement), limit);
  if (Known* entry = known(name)) {
    ++entry->pending;
    entry->batch = batch;
    entry->redefined = redefined;
  }
}

void NamedStatements::confirm(std::string_view name) {
  Known* entry = known(name);
  if (entry != nullptr && entry->pending > 0) --entry->pending;
}

void NamedStatements::withdraw(std::string_view name, StatementRef before) {
  Known* entry = known(name);
  if (entry == nullptr) return;
  if (entry->pending > 0) --entry->pending;
  if (entry->pending > 0) return;  // a later Parse of the same name is still open
  entry->statement = std::move(before);
  if (!entry->statement) forget(name);
}

bool NamedStatements::doubtful(std::string_view name, std::uint32_t batch) const {
  const Known* entry = known(name);
  return entry != nullptr && entry->pending > 0 && entry->redefined && entry->batch != batch;
}

StatementRef NamedStatements::confirmed(std::string_view name) const {
  const Known* entry = known(name);
  return entry != nullptr && entry->pending == 0 ? entry->statement : nullptr;
}

const NamedStatements::Known* NamedStatements::known(std::string_view name) const {
  if (name.empty()) return &unnamed_;
  if (!named_) return nullptr;
  const auto found = named_->find(std::string(wire::significant(name)));
  return found == named_->end() ? nullptr : &found->second;
}

NamedStatements::Known* NamedStatements::known(std::string_view name) {
  if (name.empty()) return &unnamed_;
  if (!named_) return nullptr;
  const auto found = named_->find(std::string(wire::significant(name)));
  return found == named_->end() ? nullptr : &found->second;
}

const StatementRef* NamedStatements::find(std::string_view name) const {
  const Known* entry = known(name);
  return entry != nullptr && entry->statement ? &entry->statement : nullptr;
}

void NamedStatements::forget(std::string_view name) {
  if (name.empty()) {
    unnamed_.statement.reset();
  } else if (named_) {
    named_->erase(std::string(wire::significant(name)));
  }
}

StatementRef NamedStatements::meaning(std::string_view name) const {
  const StatementRef* statement = find(name);
  if (statement != nullptr) return *statement;
  return lost_ ? unseen_statement(name) : plain_statement(parser::Command::Other);
}

void NamedStatements::clear() {
  unnamed_.statement.reset();
  named_.reset();
  lost_ = false;
}

void NamedStatements::lose() {
  clear();
  lost_ = true;
}

}  // namespace pgconcord::session
