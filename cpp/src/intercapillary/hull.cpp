// SPDX-License-Identifier: Apache-2.0
#include "gftcore/intercapillary/hull.hpp"

#include <algorithm>
#include <cstdlib>

namespace gftcore {
namespace {

using Point = HullScratch::Point;

// The hull of pixels' side midpoints is the hull of the pixel centres widened by the diamond
// |row| + |col| <= 1/2. Each edge of the centres' hull hence moves outwards by half a pixel, along
// the columns if it is steep, along the rows if it is flat. Both sides of a region are handled as
// its right side, the left one with columns negated. Sides are limited to kMaxSide = 32767, so
// every product of two differences, and the squared distance of two pixels, fits in 32 bits.

/// Append to a chain whose columns are concave over rows, dropping what is no corner any more.
void push_corner(std::vector<Point>& chain, std::size_t base, Point next) {
  while (chain.size() >= base + 2) {
    const Point a = chain[chain.size() - 2];
    const Point b = chain.back();
    if ((b.col - a.col) * (next.row - a.row) > (next.col - a.col) * (b.row - a.row)) break;
    chain.pop_back();
  }
  chain.push_back(next);
}

/// Walks floor((start + i * dc) / dr) for i = 0, 1, .. in halves: numerators and the denominator
/// are doubled so that the start may be a half step.
class EdgeWalk {
 public:
  EdgeWalk(std::int32_t dr, std::int32_t dc, std::int32_t start) : denominator_(2 * dr) {
    whole_ = floor_div(dc, dr);
    rest_ = 2 * (dc - whole_ * dr);
    value_ = floor_div(start, denominator_);
    remainder_ = start - value_ * denominator_;
  }
  void step() {
    value_ += whole_;
    remainder_ += rest_;
    const std::int32_t carry = remainder_ >= denominator_ ? 1 : 0;
    value_ += carry;
    remainder_ -= carry * denominator_;
  }
  std::int32_t value() const { return value_; }
  std::int32_t remainder() const { return remainder_; }

 private:
  static std::int32_t floor_div(std::int32_t a, std::int32_t b) {
    const std::int32_t quotient = a / b;
    return quotient - ((a % b) < 0 ? 1 : 0);
  }
  std::int32_t denominator_;
  std::int32_t whole_;
  std::int32_t rest_;
  std::int32_t value_;
  std::int32_t remainder_;
};

/// Sum of the hull image's last columns over the rows of one side, and the corners of that side.
class SideSweep {
 public:
  explicit SideSweep(std::vector<Point>& corners) : corners_(corners), base_(corners.size()) {}

  index_t sum() const { return sum_; }

  void pixel(std::int32_t row, std::int32_t col) {
    sum_ += col;
    push_corner(corners_, base_, {row, col});
  }

  /// Rows after a.row, up to and including b.row for steep edges.
  void steep_edge(Point a, Point b) {
    const std::int32_t dr = b.row - a.row;
    const std::int32_t dc = b.col - a.col;
    EdgeWalk walk(dr, dc, dr);
    for (std::int32_t i = 1; i < dr; ++i) {
      walk.step();
      const std::int32_t col = a.col + walk.value();
      sum_ += col;
      // A remainder below one half step means the pixel lies beyond the centres' hull.
      if (walk.remainder() < dr) push_corner(corners_, base_, {a.row + i, col});
    }
    pixel(b.row, b.col);
  }

  /// dc > dr, moved up: rows a.row .. b.row - 1.
  void widening_edge(Point a, Point b) {
    const std::int32_t dr = b.row - a.row;
    const std::int32_t dc = b.col - a.col;
    EdgeWalk walk(dr, dc, dc);
    for (std::int32_t i = 0; i < dr; ++i, walk.step()) pixel(a.row + i, a.col + walk.value());
  }

  /// dc < -dr, moved down: rows a.row + 1 .. b.row.
  void narrowing_edge(Point a, Point b) {
    const std::int32_t dr = b.row - a.row;
    const std::int32_t dc = b.col - a.col;
    EdgeWalk walk(dr, dc, dc);
    for (std::int32_t i = 1; i <= dr; ++i, walk.step()) pixel(a.row + i, a.col + walk.value());
  }

 private:
  std::vector<Point>& corners_;
  std::size_t base_;
  index_t sum_ = 0;
};

/// Sweep the hull of one side, given the corners of the centres' hull.
index_t sweep_side(const std::vector<Point>& chain, std::vector<Point>& corners) {
  SideSweep side(corners);
  // Columns are concave over rows, so edges come as widening, then steep, then narrowing ones;
  // only the corner between the first two kinds belongs to neither.
  bool corner_done = false;
  for (std::size_t i = 1; i < chain.size(); ++i) {
    const Point a = chain[i - 1];
    const Point b = chain[i];
    if (b.col - a.col > b.row - a.row) {
      side.widening_edge(a, b);
      continue;
    }
    if (!corner_done) side.pixel(a.row, a.col);
    corner_done = true;
    if (b.col - a.col >= a.row - b.row) {
      side.steep_edge(a, b);
    } else {
      side.narrowing_edge(a, b);
    }
  }
  if (!corner_done) side.pixel(chain.back().row, chain.back().col);
  return side.sum();
}

/// Largest squared distance between side midpoints of two of the pixels: the best midpoints lie
/// along the longer axis of the difference, one on each outer side.
std::int32_t largest_squared_distance(const std::vector<Point>& corners) {
  std::int32_t largest = 0;
  const std::size_t count = corners.size();
  const Point* points = corners.data();
  for (std::size_t i = 0; i < count; ++i) {
    const Point a = points[i];
    for (std::size_t j = i; j < count; ++j) {
      const std::int32_t dr = std::abs(a.row - points[j].row);
      const std::int32_t dc = std::abs(a.col - points[j].col);
      largest = std::max(largest, dr * dr + dc * dc + 2 * std::max(dr, dc) + 1);
    }
  }
  return largest;
}

}  // namespace

HullMeasure measure_hull(std::span<const RowExtent> rows, HullScratch& scratch) {
  if (rows.empty()) return {};
  const std::int32_t height = rows.back().row - rows.front().row + 1;
  if (rows.size() == 1) {
    const index_t width = rows.front().last - rows.front().first + 1;
    return {width, width * width};
  }
  scratch.vertices.clear();
  scratch.chain.clear();
  for (const RowExtent& row : rows) push_corner(scratch.chain, 0, {row.row, row.last});
  index_t pixels = height + sweep_side(scratch.chain, scratch.vertices);
  const std::size_t right = scratch.vertices.size();

  scratch.chain.clear();
  for (const RowExtent& row : rows) push_corner(scratch.chain, 0, {row.row, -row.first});
  pixels += sweep_side(scratch.chain, scratch.vertices);
  for (std::size_t i = right; i < scratch.vertices.size(); ++i) {
    scratch.vertices[i].col = -scratch.vertices[i].col;
  }
  return {pixels, largest_squared_distance(scratch.vertices)};
}

}  // namespace gftcore
