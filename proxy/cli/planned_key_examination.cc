// `doctor --planned`: what stands in the way of a unique constraint. Counts the duplicates, tells
// which row each way of cleaning up would keep, and prints the SQL for it. Nothing is deleted here.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "parser/on_conflict.h"
#include "proxy/cli/diagnosis.h"
#include "proxy/cli/planned_key.h"

namespace pgconcord::cli {
namespace {

constexpr const char* kCheck = "planned_key";
constexpr std::size_t kNameMax = 63;  // NAMEDATALEN - 1
constexpr std::array<std::string_view, 8> kBirthNames = {
    "created_at",   "created",     "created_on", "creation_date",
    "date_created", "inserted_at", "createdat",  "date_joined"};
constexpr std::array<std::string_view, 8> kChangeNames = {
    "updated_at",    "updated",  "updated_on", "modified_at",
    "last_modified", "modified", "updatedat",  "date_modified"};

struct Column {
  std::string name, quoted;
  bool is_time = false;
  bool is_number = false;
  int place_in_primary_key = -1;
};

struct Subject {
  std::string oid, table, bare_name;
  bool is_partitioned = false;
  bool row_security = false;
  std::vector<Column> columns;
  std::vector<std::string> key;          // quoted
  std::vector<std::string> primary_key;  // quoted
};

struct Rule {
  std::string name, order, told;
};

std::string text(const Row& row, std::size_t field) { return row[field].value_or(""); }
bool is_true(const Row& row, std::size_t field) { return text(row, field) == "t"; }

std::string joined(const std::vector<std::string>& words, std::string_view between,
                   std::string_view behind = "") {
  std::string line;
  for (const std::string& word : words) {
    line.append(line.empty() ? "" : between).append(word).append(behind);
  }
  return line;
}

// Rows with NULL in the key never collide.
std::string rows_with_key(const Subject& subject) {
  return "FROM " + subject.table + " WHERE " + joined(subject.key, " AND ", " IS NOT NULL");
}

std::string duplicates_query(const Subject& subject) {
  const std::string key = joined(subject.key, ", ");
  return "SELECT " + key + ", count(*) " + rows_with_key(subject) + " GROUP BY " + key +
         " HAVING count(*) > 1 ORDER BY count(*) DESC;";
}

std::string count_query(const Subject& subject) {
  return "SELECT count(*), COALESCE(sum(rows - 1), 0) FROM (SELECT count(*) AS rows " +
         rows_with_key(subject) + " GROUP BY " + joined(subject.key, ", ") +
         " HAVING count(*) > 1) AS duplicates";
}

template <std::size_t kSize>
std::string time_column(const Subject& subject, const std::array<std::string_view, kSize>& names) {
  for (const std::string_view name : names) {
    for (const Column& column : subject.columns) {
      if (column.is_time && column.name == name) return column.quoted;
    }
  }
  return "";
}

bool numbers_rows(const Subject& subject) {
  return subject.primary_key.size() == 1 &&
         std::any_of(subject.columns.begin(), subject.columns.end(), [](const Column& column) {
           return column.place_in_primary_key == 0 && column.is_number;
         });
}

// What makes the order total, so that the answer is the same each time.
std::string tie_break(const Subject& subject, const std::string& direction) {
  std::vector<std::string> columns = subject.primary_key;
  if (columns.empty()) columns = {"tableoid", "ctid"};
  return joined(columns, ", ", direction);
}

Rule by_age(const Subject& subject, std::string name, const std::string& time) {
  const bool newest = name == "newest";
  const std::string direction = newest ? " DESC" : "";
  const std::string ties = tie_break(subject, direction);
  if (!time.empty())
    return {std::move(name), time + direction + " NULLS LAST, " + ties, "by " + time};
  if (numbers_rows(subject)) {
    return {std::move(name), ties, "by " + joined(subject.primary_key, ", ") + ", which counts up"};
  }
  return {std::move(name), ties, "a guess: no column tells a row's age"};
}

// A call takes at most 100 arguments.
std::string filled_columns(const Subject& subject) {
  std::string text;
  for (std::size_t i = 0; i < subject.columns.size(); ++i) {
    if (i % 100 == 0) text += i == 0 ? "num_nonnulls(" : ") + num_nonnulls(";
    text += (i % 100 == 0 ? "" : ", ") + subject.columns[i].quoted;
  }
  return text + ")";
}

std::vector<Rule> rules_of(const Subject& subject) {
  const std::string birth = time_column(subject, kBirthNames);
  const std::string change = time_column(subject, kChangeNames);
  const Rule oldest = by_age(subject, "oldest", birth);
  return {oldest,
          by_age(subject, "newest", change.empty() ? birth : change),
          {"most complete", "(" + filled_columns(subject) + ") DESC, " + oldest.order,
           "by the number of columns that are not NULL, then as the oldest"}};
}

std::string ranked(const Subject& subject, const Rule& rule, const std::string& what) {
  return "SELECT " + what + ", row_number() OVER (PARTITION BY " + joined(subject.key, ", ") +
         " ORDER BY " + rule.order + ") AS place_among, count(*) OVER (PARTITION BY " +
         joined(subject.key, ", ") + ") AS rows " + rows_with_key(subject);
}

// By primary key, never by the values of the key itself.
std::string kept_query(const Subject& subject, const Rule& rule) {
  std::vector<std::string> identity = subject.primary_key;
  if (identity.empty()) identity = {"ctid"};
  return "SELECT identity FROM (" +
         ranked(subject, rule,
                "concat_ws(', ', " + joined(identity, ", ") + ") AS identity, " +
                    tie_break(subject, "")) +
         ") AS ranked WHERE place_among = 1 AND rows > 1 ORDER BY " + tie_break(subject, "") +
         " LIMIT 5";
}

// The row is found by its place: if others change it meanwhile, it is not deleted.
std::string clean_up(const Subject& subject, const Rule& rule, const std::string& referrers) {
  return "BEGIN;\nSET LOCAL lock_timeout = '2s';\n" + referrers + "DELETE FROM " + subject.table +
         " AS surplus USING (" + ranked(subject, rule, "tableoid AS part, ctid AS place") +
         ") AS ranked WHERE surplus.tableoid = ranked.part AND surplus.ctid = ranked.place AND "
         "ranked.place_among > 1;\nROLLBACK; -- COMMIT, if the number of rows is right";
}

std::string addition(const Subject& subject, const PlannedKey& planned) {
  std::string name = planned.table.name;
  for (const std::string& column : planned.columns) name += "_" + column;
  name = parser::quote_identifier(name.substr(0, kNameMax - 4) + "_key");
  const std::string key = " (" + joined(subject.key, ", ") + ")";
  if (subject.is_partitioned) {
    return "ALTER TABLE " + subject.table + " ADD CONSTRAINT " + name + " UNIQUE" + key + ";";
  }
  return "CREATE UNIQUE INDEX CONCURRENTLY " + name + " ON " + subject.table + key +
         ";\nALTER TABLE " + subject.table + " ADD CONSTRAINT " + name + " UNIQUE USING INDEX " +
         name + ";";
}

class PlannedKeyExamination {
 public:
  PlannedKeyExamination(const Examination& examination, std::string object, Diagnoses& found)
      : examination_(examination), object_(std::move(object)), found_(found) {}

  void run(const PlannedKey& planned) {
    if (!read_subject(planned) || !take_key(planned)) return;
    const auto counted = examination_.read(count_query(subject_), kCheck, object_, found_);
    if (!counted || counted->size() != 1) return;
    if (subject_.row_security) {
      add(Gravity::Note, "row-level security may hide rows: connect as the table's owner");
    }
    if (text(counted->front(), 0) == "0") {
      add(Gravity::Note, "no duplicates: it can be added",
          {{"adds it", addition(subject_, planned)}});
      return;
    }
    add(Gravity::Problem, text(counted->front(), 0) + " keys exist more than once; " +
                              text(counted->front(), 1) + " rows are in the way");
    found_.back().scripts = scripts(planned);
  }

 private:
  void add(Gravity gravity, std::string message, std::vector<Diagnosis::Script> scripts = {}) {
    found_.push_back({gravity, kCheck, object_, std::move(message), std::move(scripts)});
  }

  bool read_subject(const PlannedKey& planned) {
    const auto oid = examination_.connection.resolve(planned.table);
    if (!oid) {
      add(Gravity::NotChecked, oid.error());
      return false;
    }
    subject_.oid = std::to_string(*oid);
    const auto table = examination_.read(
        "SELECT format('%I.%I', n.nspname, c.relname), c.relname, c.relkind, "
        "COALESCE(row_security_active(c.oid), false) FROM pg_class c JOIN pg_namespace n ON n.oid "
        "= c.relnamespace WHERE c.relkind IN ('r', 'p') AND c.oid = " +
            subject_.oid,
        kCheck, object_, found_);
    if (!table) return false;
    if (table->empty()) {
      add(Gravity::Problem, "no such table is visible to role " + examination_.connection.user());
      return false;
    }
    subject_.table = text(table->front(), 0);
    subject_.is_partitioned = text(table->front(), 2) == "p";
    subject_.row_security = is_true(table->front(), 3);
    return read_columns();
  }

  bool read_columns() {
    const auto columns = examination_.read(
        "SELECT a.attname, format('%I', a.attname), a.atttypid IN (1082, 1114, 1184), a.atttypid "
        "IN "
        "(20, 21, 23), COALESCE(array_position(i.indkey::int2[], a.attnum), -1) FROM pg_attribute "
        "a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary WHERE a.attnum > 0 "
        "AND NOT a.attisdropped AND a.attrelid = " +
            subject_.oid + " ORDER BY 5, a.attnum",
        kCheck, object_, found_);
    if (!columns) return false;
    for (const Row& row : *columns) {
      subject_.columns.push_back(
          {text(row, 0), text(row, 1), is_true(row, 2), is_true(row, 3), std::stoi(text(row, 4))});
      if (subject_.columns.back().place_in_primary_key >= 0) {
        subject_.primary_key.push_back(text(row, 1));
      }
    }
    return true;
  }

  bool take_key(const PlannedKey& planned) {
    for (const std::string& wanted : planned.columns) {
      const auto column = std::find_if(subject_.columns.begin(), subject_.columns.end(),
                                       [&](const Column& each) { return each.name == wanted; });
      if (column == subject_.columns.end()) {
        std::vector<std::string> names;
        for (const Column& each : subject_.columns) names.push_back(each.quoted);
        add(Gravity::Problem, "no column " + parser::quote_identifier(wanted) + "; " +
                                  subject_.table + " has " + joined(names, ", "));
        return false;
      }
      subject_.key.push_back(column->quoted);
    }
    return true;
  }

  // Rows that refer to those that go: the way out differs with what the constraint does.
  std::string referrers() {
    const auto rows = examination_.read(
        "SELECT format('%I.%I', n.nspname, c.relname), format('%I', k.conname), CASE k.confdeltype "
        "WHEN 'c' THEN 'its rows go too (ON DELETE CASCADE)' WHEN 'n' THEN 'its rows lose the "
        "reference (ON DELETE SET NULL)' WHEN 'd' THEN 'its rows lose the reference (ON DELETE SET "
        "DEFAULT)' ELSE 'stops the DELETE where rows refer to what goes: repoint them first' END "
        "FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = "
        "c.relnamespace WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confrelid = " +
            subject_.oid + " ORDER BY 1, 2",
        kCheck, object_, found_);
    std::string lines;
    if (!rows) return lines;
    for (const Row& row : *rows) {
      lines += "-- " + text(row, 1) + " of " + text(row, 0) + ": " + text(row, 2) + "\n";
    }
    return lines;
  }

  std::vector<Diagnosis::Script> scripts(const PlannedKey& planned) {
    std::vector<Diagnosis::Script> list = {{"finds them", duplicates_query(subject_)}};
    const std::string lines = referrers();
    for (const Rule& rule : rules_of(subject_)) {
      const auto kept = examination_.read(kept_query(subject_, rule), kCheck, object_, found_);
      std::string title = "keeps the " + rule.name + " (" + rule.told + ")";
      if (kept && !kept->empty()) {
        std::vector<std::string> identities;
        for (const Row& row : *kept) identities.push_back("(" + text(row, 0) + ")");
        const std::string by =
            subject_.primary_key.empty() ? "ctid" : joined(subject_.primary_key, ", ");
        title += ": " + by + " " + joined(identities, ", ") + (kept->size() == 5 ? " ..." : "");
      }
      list.push_back({std::move(title), clean_up(subject_, rule, lines)});
    }
    list.push_back({"then adds it", addition(subject_, planned)});
    return list;
  }

  const Examination& examination_;
  std::string object_;
  Diagnoses& found_;
  Subject subject_;
};

}  // namespace

void examine_planned_key(const Examination& examination, const std::string& planned,
                         Diagnoses& found) {
  const auto key = planned_key(planned);
  if (!key) return;  // refused with the options
  PlannedKeyExamination(examination, planned, found).run(*key);
}

}  // namespace pgconcord::cli
