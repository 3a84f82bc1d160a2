// SPDX-License-Identifier: Apache-2.0
#include "gftcore/intercapillary/hull.hpp"

#include <algorithm>
#include <cstdlib>

namespace gftcore {
namespace {

using Corner = HullScratch::Corner;

struct Point {
  std::int32_t row;
  std::int32_t col;
};

// Points are read again soon after they are written. Kept as two halves, the processor could not
// hand the pending stores over to the load of a whole, so in memory they are one word.
Corner pack(Point p) {
  return {static_cast<std::uint64_t>(p.row) << 32 | static_cast<std::uint32_t>(p.col)};
}

Point unpack(Corner c) {
  return {static_cast<std::int32_t>(c.row_and_col >> 32), static_cast<std::int32_t>(c.row_and_col)};
}

// The hull of pixels' side midpoints is the hull of the pixel centres widened by the diamond
// |row| + |col| <= 1/2. Each edge of the centres' hull hence moves outwards by half a pixel, along
// the columns if it is steep, along the rows if it is flat. Both sides of a region are handled as
// its right side, the left one with columns negated. Sides are limited to kMaxSide = 32767, so
// every product of two differences, and the squared distance of two pixels, fits in 32 bits.

/// Drops points on or inside the segment between their neighbours, without a branch that the
/// processor would have to guess: most points go, corners stay. Feed it points with ascending
/// rows; it may write to the memory it reads from.
class Sieve {
 public:
  Sieve(Corner* out, Point first, Point second)
      : begin_(out),
        end_(out + 1),
        here_(second),
        row_step_(second.row - first.row),
        col_step_(second.col - first.col) {
    *out = pack(first);
  }
  void push(Point next) {
    const std::int32_t row_step = next.row - here_.row;
    const std::int32_t col_step = next.col - here_.col;
    *end_ = pack(here_);
    end_ += col_step_ * row_step > col_step * row_step_ ? 1 : 0;
    here_ = next;
    row_step_ = row_step;
    col_step_ = col_step;
  }
  /// Number of points left.
  std::size_t finish() {
    *end_++ = pack(here_);
    return static_cast<std::size_t>(end_ - begin_);
  }

 private:
  Corner* begin_;
  Corner* end_;
  Point here_;
  std::int32_t row_step_;
  std::int32_t col_step_;
};

/// The monotone chain algorithm on two or more points in place; returns how many corners are left.
std::size_t scan_chain(Corner* points, std::size_t count) {
  Corner* top = points + 1;
  for (const Corner* p = points + 2; p < points + count; ++p) {
    const Point next = unpack(*p);
    for (; top > points; --top) {
      const Point a = unpack(top[-1]);
      const Point b = unpack(*top);
      if ((b.col - a.col) * (next.row - b.row) > (next.col - b.col) * (b.row - a.row)) break;
    }
    *++top = pack(next);
  }
  return static_cast<std::size_t>(top - points) + 1;
}

/// Reduce points with ascending rows to the corners of a chain whose columns are concave over
/// rows, in place. Returns how many are left.
std::size_t keep_corners(Corner* points, std::size_t count) {
  if (count <= 2) return count;
  Sieve sieve(points, unpack(points[0]), unpack(points[1]));
  for (std::size_t i = 2; i < count; ++i) sieve.push(unpack(points[i]));
  const std::size_t left = sieve.finish();
  return left <= 2 ? left : scan_chain(points, left);
}

/// Walks floor((start + 2 i dc) / (2 dr)) for i = 0, 1, ..
class EdgeWalk {
 public:
  /// |dc| <= dr, start = dr.
  static EdgeWalk steep(std::int32_t dr, std::int32_t dc) {
    const std::int32_t whole = dc < 0 ? -1 : 0;
    return {dr, dc, whole, 0, dr};
  }
  /// Any dc, start = dc.
  static EdgeWalk flat(std::int32_t dr, std::int32_t dc) {
    const std::int32_t whole = dc / dr - (dc % dr < 0 ? 1 : 0);
    return {dr, dc, whole, whole >> 1, dc - 2 * dr * (whole >> 1)};
  }
  void step() {
    remainder_ += rest_;
    const bool carry = remainder_ >= denominator_;
    remainder_ -= carry ? denominator_ : 0;
    value_ += whole_ + (carry ? 1 : 0);
  }
  std::int32_t value() const { return value_; }
  std::int32_t remainder() const { return remainder_; }

 private:
  EdgeWalk(std::int32_t dr,
           std::int32_t dc,
           std::int32_t whole,
           std::int32_t value,
           std::int32_t remainder)
      : denominator_(2 * dr),
        whole_(whole),
        rest_(2 * (dc - whole * dr)),
        value_(value),
        remainder_(remainder) {}

  std::int32_t denominator_;
  std::int32_t whole_;
  std::int32_t rest_;
  std::int32_t value_;
  std::int32_t remainder_;
};

/// Follows one side of the widened hull row by row: sums the last columns inside it and collects
/// the pixels there that may be corners of the hull image.
class SideSweep {
 public:
  explicit SideSweep(Corner* points) : begin_(points), end_(points) {}

  index_t sum() const { return sum_; }
  std::size_t corners() const {
    return keep_corners(begin_, static_cast<std::size_t>(end_ - begin_));
  }

  void pixel(std::int32_t row, std::int32_t col) {
    sum_ += col;
    *end_++ = pack({row, col});
  }

  /// Rows after a.row, up to and including b.row.
  void steep_edge(Point a, Point b) {
    const std::int32_t dr = b.row - a.row;
    EdgeWalk walk = EdgeWalk::steep(dr, b.col - a.col);
    for (std::int32_t i = 1; i < dr; ++i) {
      walk.step();
      const std::int32_t col = a.col + walk.value();
      sum_ += col;
      *end_ = pack({a.row + i, col});
      // A remainder below one half step means the pixel lies beyond the centres' hull.
      end_ += walk.remainder() < dr ? 1 : 0;
    }
    pixel(b.row, b.col);
  }

  /// Edges flatter than one column a row, moved along the rows by one half: the rows from
  /// `first_row` on lie one half, three halves, .. of a row from where the moved edge begins.
  void flat_edge(Point a, Point b, std::int32_t first_row) {
    const std::int32_t dr = b.row - a.row;
    const std::int32_t dc = b.col - a.col;
    if (dr == 1) {
      pixel(first_row, a.col + (dc >> 1));
      return;
    }
    EdgeWalk walk = EdgeWalk::flat(dr, dc);
    for (std::int32_t i = 0; i < dr; ++i, walk.step()) pixel(first_row + i, a.col + walk.value());
  }

 private:
  Corner* begin_;
  Corner* end_;
  index_t sum_ = 0;
};

/// Sweep one side, given the corners of the centres' hull; returns the sum of the last columns and
/// leaves the hull image's corners in `image`.
index_t sweep_side(std::span<const Corner> centres, Corner* image, std::size_t& corners) {
  SideSweep side(image);
  // Columns are concave over rows, so edges come as widening, then steep, then narrowing ones.
  // Only the corner where the widening ones end belongs to no edge's rows.
  std::size_t i = 1;
  for (; i < centres.size(); ++i) {
    const Point a = unpack(centres[i - 1]);
    const Point b = unpack(centres[i]);
    if (b.col - a.col <= b.row - a.row) break;
    side.flat_edge(a, b, a.row);
  }
  const Point turn = unpack(centres[i - 1]);
  side.pixel(turn.row, turn.col);
  for (; i < centres.size(); ++i) {
    const Point a = unpack(centres[i - 1]);
    const Point b = unpack(centres[i]);
    if (b.col - a.col >= a.row - b.row) {
      side.steep_edge(a, b);
    } else {
      side.flat_edge(a, b, a.row + 1);
    }
  }
  corners = side.corners();
  return side.sum();
}

/// Largest squared distance between side midpoints of two pixels, one from each side: the best
/// midpoints lie along the longer axis of the difference, on its outer ends.
///
/// Corners of one side need no comparison. Let a be above b on the right side, a.col <= b.col (else
/// mirror the rows). Columns are concave over rows, so the top row ends left of a, and the left
/// side's first corner is no closer to b, in rows and in columns, than a is.
index_t largest_squared_distance(std::span<const Corner> right, std::span<const Corner> left) {
  std::int32_t largest = 0;
  for (const Corner right_corner : right) {
    const Point a = unpack(right_corner);
    for (const Corner left_corner : left) {
      const Point b = unpack(left_corner);
      const std::int32_t dr = std::abs(a.row - b.row);
      const std::int32_t dc = std::abs(a.col + b.col);
      largest = std::max(largest, dr * dr + dc * dc + 2 * std::max(dr, dc) + 1);
    }
  }
  return largest;
}

Corner* memory_for(std::vector<Corner>& points, std::size_t count) {
  if (points.size() < count) points.resize(std::max(count, 2 * points.size()));
  return points.data();
}

}  // namespace

HullMeasure measure_hull(std::span<const RowExtent> rows, HullScratch& scratch) {
  if (rows.empty()) return {};
  if (rows.size() == 1) {
    const index_t width = rows.front().last - rows.front().first + 1;
    return {width, width * width};
  }
  const index_t height = rows.back().row - rows.front().row + 1;
  Corner* const right_centres = memory_for(scratch.centres, 2 * rows.size());
  Corner* const left_centres = right_centres + rows.size();
  // A sweep may write one point beyond the last it keeps.
  Corner* const right = memory_for(scratch.right, static_cast<std::size_t>(height) + 1);
  Corner* const left = memory_for(scratch.left, static_cast<std::size_t>(height) + 1);
  std::size_t right_corners = 0;
  std::size_t left_corners = 0;

  const auto last = [](const RowExtent& row) { return Point{row.row, row.last}; };
  const auto first = [](const RowExtent& row) { return Point{row.row, -row.first}; };
  Sieve right_sieve(right_centres, last(rows[0]), last(rows[1]));
  Sieve left_sieve(left_centres, first(rows[0]), first(rows[1]));
  for (const RowExtent& row : rows.subspan(2)) {
    right_sieve.push(last(row));
    left_sieve.push(first(row));
  }
  index_t pixels = height;
  std::size_t corners = scan_chain(right_centres, right_sieve.finish());
  pixels += sweep_side({right_centres, corners}, right, right_corners);
  corners = scan_chain(left_centres, left_sieve.finish());
  pixels += sweep_side({left_centres, corners}, left, left_corners);
  return {pixels, largest_squared_distance({right, right_corners}, {left, left_corners})};
}

}  // namespace gftcore
