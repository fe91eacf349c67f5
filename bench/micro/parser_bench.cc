// Nanoseconds per outline() and parse() for the statements of docs on performance. Prints the least
// of several rounds, which is the figure that survives a noisy machine.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "parser/outline.h"
#include "parser/parse.h"

namespace {

using pgconcord::parser::Outline;

constexpr int kRounds = 200;

// CPU time of this thread: other programs on the machine do not count.
double cpu_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

template <class Work>
double least_nanoseconds(std::size_t repetitions, const Work& work) {
  double least = 1e18;
  for (int round = 0; round < kRounds; ++round) {
    const double begin = cpu_nanoseconds();
    for (std::size_t i = 0; i < repetitions; ++i) work();
    least = std::min(least, (cpu_nanoseconds() - begin) / static_cast<double>(repetitions));
  }
  return least;
}

std::string insert_rows(std::size_t rows) {
  std::string sql =
      "INSERT INTO bench_orders (customer_id, product, quantity, price, note) VALUES ";
  for (std::size_t i = 0; i < rows; ++i) {
    sql += i == 0 ? "" : ", ";
    sql += "(" + std::to_string(1000 + i) + ", 'widget', 3, 19.99, 'a note of some length')";
  }
  return sql;
}

void report(const char* name, const std::string& sql) {
  Outline out;
  const std::size_t repetitions = std::max<std::size_t>(5, 200'000 / (sql.size() + 100));
  const double outlined =
      least_nanoseconds(repetitions, [&] { pgconcord::parser::outline(sql, out); });
  const std::string text = pgconcord::parser::reduced(sql, out);
  const double parsed = least_nanoseconds(50, [&text] { (void)pgconcord::parser::parse(text); });
  std::printf("%-16s %7zu bytes  outline %9.0f ns  parse of the reduced text %7.0f ns\n", name,
              sql.size(), outlined, parsed);
}

}  // namespace

int main() {
  report("select_1", "SELECT 1");
  report("insert_params",
         "INSERT INTO orders (id, customer, product, quantity, price) VALUES ($1,$2,$3,$4,$5)");
  report("insert_literals",
         "INSERT INTO orders (id, customer, product, quantity, price) VALUES (42, 'alice', "
         "'widget', 3, 19.99) RETURNING id");
  report("update_pgbench",
         "UPDATE pgbench_accounts SET abalance = abalance + 42 WHERE aid = 12345;");
  report("insert_100rows", insert_rows(100));
  report("insert_1000rows", insert_rows(1000));
  return 0;
}
