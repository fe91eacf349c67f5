// What a look-up of a known series may cost: a hash and a lock, no memory.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <new>

#include "metrics/registry.h"

namespace {
thread_local std::size_t allocations = 0;
}  // namespace

// Not inlined: the compiler would see malloc without its new, or free without its delete.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace pgconcord::metrics {
namespace {

TEST(Shard, LookingUpAKnownSeriesAllocatesNothing) {
  Registry registry(Caps{});
  Shard& shard = registry.make_shard();
  const auto look_up = [&shard] {
    shard
        .cell(Metric::ConstraintViolations,
              {"a_database_with_a_long_name", "public", "a_table_with_a_long_name",
               "a_constraint_with_a_long_name", "foreign_key", "insert"})
        .add();
    shard.histogram(Metric::UpstreamConnectDuration, {"a-host-with-a-long-name.example:5432"});
  };
  const std::size_t before = allocations;
  look_up();
  const std::size_t first = allocations;
  EXPECT_GT(first, before) << "allocations are not counted";
  for (int i = 0; i < 100; ++i) look_up();
  EXPECT_EQ(allocations, first);
}

}  // namespace
}  // namespace pgconcord::metrics
