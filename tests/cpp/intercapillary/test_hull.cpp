// SPDX-License-Identifier: Apache-2.0
#include "gftcore/intercapillary/hull.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <utility>

namespace gftcore {
namespace {

using Points = std::vector<std::pair<index_t, index_t>>;

index_t turn(std::pair<index_t, index_t> a,
             std::pair<index_t, index_t> b,
             std::pair<index_t, index_t> c) {
  return (b.first - a.first) * (c.second - a.second) - (b.second - a.second) * (c.first - a.first);
}

/// Midpoints of pixel sides in doubled coordinates.
Points midpoints(const Points& pixels) {
  Points points;
  for (const auto& [r, c] : pixels) {
    for (const auto& [dr, dc] : Points{{-1, 0}, {1, 0}, {0, -1}, {0, 1}}) {
      points.emplace_back(2 * r + dr, 2 * c + dc);
    }
  }
  return points;
}

/// On no outer side of any line through two points that has all points on one side.
Points pixels_in_hull(const Points& pixels, index_t side) {
  const Points points = midpoints(pixels);
  std::vector<std::pair<std::pair<index_t, index_t>, std::pair<index_t, index_t>>> edges;
  for (const auto& a : points) {
    for (const auto& b : points) {
      if (a == b) continue;
      if (std::ranges::all_of(points, [&](const auto& p) { return turn(a, b, p) >= 0; })) {
        edges.emplace_back(a, b);
      }
    }
  }
  Points inside;
  for (index_t r = 0; r < side; ++r) {
    for (index_t c = 0; c < side; ++c) {
      const std::pair<index_t, index_t> p{2 * r, 2 * c};
      if (std::ranges::all_of(edges,
                              [&](const auto& e) { return turn(e.first, e.second, p) >= 0; }))
        inside.emplace_back(r, c);
    }
  }
  return inside;
}

HullMeasure slow_measure(const Points& pixels, index_t side) {
  const Points inside = pixels_in_hull(pixels, side);
  const Points outline = midpoints(inside);
  index_t largest = 0;
  for (const auto& a : outline) {
    for (const auto& b : outline) {
      const index_t dr = a.first - b.first;
      const index_t dc = a.second - b.second;
      largest = std::max(largest, dr * dr + dc * dc);
    }
  }
  return {static_cast<index_t>(inside.size()), largest / 4};
}

HullMeasure measure(std::vector<RowExtent> rows) {
  HullScratch scratch;
  return measure_hull(rows, scratch);
}

void check(const HullMeasure& got, index_t pixels, index_t feret_squared) {
  CHECK(got.pixels == pixels);
  CHECK(got.feret_squared == feret_squared);
}

}  // namespace

TEST_CASE("hull: drawn figures") {
  check(measure({}), 0, 0);
  check(measure({{7, 3, 3}}), 1, 1);
  check(measure({{7, 3, 5}}), 3, 9);
  check(measure({{0, 2, 2}, {1, 2, 2}}), 2, 4);
  check(measure({{0, 0, 0}, {1, 1, 1}}), 2, 5);
  check(measure({{0, 0, 1}, {1, 0, 1}}), 4, 5);
  check(measure({{0, 0, 0}, {1, 0, 0}, {2, 0, 2}}), 6, 13);  // an L holds the corner's diagonal
}

TEST_CASE("hull: equals the definition on random regions, with empty rows too") {
  std::mt19937 random(1);
  HullScratch scratch;
  for (int round = 0; round < 300; ++round) {
    const index_t side = 2 + round % 9;
    std::uniform_int_distribution<index_t> place(0, side - 1);
    Points pixels;
    std::vector<RowExtent> rows;
    for (index_t r = 0; r < side; ++r) {
      if (place(random) == 0) continue;
      const index_t a = place(random);
      const index_t b = place(random);
      rows.push_back({static_cast<std::int32_t>(r),
                      static_cast<std::int32_t>(std::min(a, b)),
                      static_cast<std::int32_t>(std::max(a, b))});
      pixels.emplace_back(r, a);
      pixels.emplace_back(r, b);
    }
    if (rows.empty()) continue;
    const HullMeasure want = slow_measure(pixels, side);
    check(measure_hull(rows, scratch), want.pixels, want.feret_squared);
  }
}

TEST_CASE("hull: the largest image does not overflow") {
  constexpr std::int32_t kLast = 32766;
  check(measure({{0, 0, kLast}, {kLast, 0, kLast}}),
        index_t{32767} * 32767,
        2 * index_t{kLast} * kLast + 2 * kLast + 1);
  check(measure({{0, 0, 0}, {kLast, kLast, kLast}}),
        32767,
        2 * index_t{kLast} * kLast + 2 * kLast + 1);
  check(measure({{0, kLast, kLast}, {1, 0, 0}}),
        32767 + 1,
        index_t{kLast} * kLast + 1 + 2 * kLast + 1);
}

}  // namespace gftcore
