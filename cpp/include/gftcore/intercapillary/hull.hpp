// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gftcore/common/index.hpp"

namespace gftcore {

/// First and last column of a region in one of its rows, both inclusive.
struct RowExtent {
  std::int32_t row;
  std::int32_t first;
  std::int32_t last;
};

/// What the convex hull of a region says about it.
struct HullMeasure {
  index_t pixels = 0;         // pixel centres inside the hull or on it
  index_t feret_squared = 0;  // largest squared distance (px^2) on the hull image's outline
};

/// Memory that measure_hull() reuses.
struct HullScratch {
  struct Corner {
    std::uint64_t row_and_col;
  };
  std::vector<Corner> centres;  // corners of the hull of the pixel centres
  std::vector<Corner> right;    // corners of the hull image's right side
  std::vector<Corner> left;     // and of its left side, columns negated
};

/// Measure the hull of a region that spans the midpoints of the four sides of its pixels.
///
/// `rows` lists the rows the region occupies, ascending, each once; coordinates within
/// 0..kMaxSide-1. The hull image holds the pixels counted by `pixels`; its outline runs through
/// the midpoints between those pixels and their outer 4-neighbours, so one pixel has the Feret
/// diameter 1. Integer arithmetic: exact, and equal to scikit-image 0.26 (convex_hull_image,
/// feret_diameter_max). No rows give zeros. O(rows from first to last + corners^2); a hull
/// n px wide has O(n^(2/3)) corners.
HullMeasure measure_hull(std::span<const RowExtent> rows, HullScratch& scratch);

}  // namespace gftcore
