#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "metrics/registry.h"

namespace pgconcord::metrics {
namespace {

using testing::ElementsAre;

constexpr std::array<double, 3> kBounds = {0.001, 0.01, 0.1};

TEST(HistogramCell, StartsEmpty) {
  const HistogramCell::Snapshot taken = HistogramCell(kBounds).snapshot();
  EXPECT_THAT(taken.bounds, ElementsAre(0.001, 0.01, 0.1));
  EXPECT_THAT(taken.cumulative, ElementsAre(0, 0, 0));
  EXPECT_EQ(taken.count, 0U);
  EXPECT_EQ(taken.sum, 0);
}

TEST(HistogramCell, CountsAValueInEveryBucketThatReachesIt) {
  HistogramCell cell(kBounds);
  cell.observe(0.0005);
  cell.observe(0.05);
  cell.observe(0.05);
  const HistogramCell::Snapshot taken = cell.snapshot();
  EXPECT_THAT(taken.cumulative, ElementsAre(1, 1, 3));
  EXPECT_EQ(taken.count, 3U);
  EXPECT_DOUBLE_EQ(taken.sum, 0.1005);
}

TEST(HistogramCell, ABoundBelongsToItsBucket) {
  HistogramCell cell(kBounds);
  cell.observe(0.01);
  EXPECT_THAT(cell.snapshot().cumulative, ElementsAre(0, 1, 1));
}

TEST(HistogramCell, WhatLiesAboveAllBoundsIsOnlyInTheCount) {
  HistogramCell cell(kBounds);
  cell.observe(7);
  EXPECT_THAT(cell.snapshot().cumulative, ElementsAre(0, 0, 0));
  EXPECT_EQ(cell.snapshot().count, 1U);
}

}  // namespace
}  // namespace pgconcord::metrics
