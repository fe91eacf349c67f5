// What `doctor` found: values that the checks yield and the verb prints.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/cli/catalog_connection.h"

namespace pgconcord::cli {

enum class Gravity : std::uint8_t {
  Problem,     // exit status 1
  Note,        // worth knowing
  NotChecked,  // and why
};
std::string_view label(Gravity gravity);  // problem, note, not_checked

struct Diagnosis {
  Gravity gravity = Gravity::Problem;
  std::string check;   // sequence, key_range, index, planned_key, policy
  std::string object;  // what it is about: a sequence, a table, an index
  std::string message;
  // To be read, then run by hand: what to look with or what to repair with.
  struct Script {
    std::string title;
    std::string sql;
  };
  std::vector<Script> scripts = {};
};
using Diagnoses = std::vector<Diagnosis>;

// What every check works with.
struct Examination {
  const CatalogConnection& connection;
  std::chrono::seconds timeout;

  // Nothing when it failed: the reason is then among the diagnoses.
  std::optional<Rows> read(const std::string& sql, std::string_view check,
                           const std::string& object, Diagnoses& found) const;
};

// `query` reads the tables of `relation`, a part of pg_class without those that others have locked:
// to spell a default or a predicate the server waits for its table.
std::string of_unlocked_tables(std::string_view query);
// Names those that are left out.
void examine_locks(const Examination& examination, Diagnoses& found);

// One file each.
void examine_sequences(const Examination& examination, Diagnoses& found);
void examine_key_ranges(const Examination& examination, Diagnoses& found);
void examine_indexes(const Examination& examination, Diagnoses& found);
// `planned`: schema.table(column, column), quoted as in SQL.
void examine_planned_key(const Examination& examination, const std::string& planned,
                         Diagnoses& found);

}  // namespace pgconcord::cli
