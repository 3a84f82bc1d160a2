// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "gftcore/intercapillary/hull.hpp"
#include "gftcore/intercapillary/perimeter.hpp"
#include "grid.hpp"

namespace gftcore::naive {

using Point = std::pair<index_t, index_t>;

inline index_t turn(Point a, Point b, Point c) {
  return (b.first - a.first) * (c.second - a.second) - (b.second - a.second) * (c.first - a.first);
}

/// Corners of a convex hull, each turn to the same side (Andrew's monotone chain).
inline std::vector<Point> hull_of(std::vector<Point> points) {
  std::ranges::sort(points);
  points.erase(std::unique(points.begin(), points.end()), points.end());
  if (points.size() < 3) return points;
  std::vector<Point> hull;
  for (int side = 0; side < 2; ++side) {
    const std::size_t begin = hull.size();
    for (const Point& p : points) {
      while (hull.size() >= begin + 2 && turn(hull[hull.size() - 2], hull.back(), p) <= 0) {
        hull.pop_back();
      }
      hull.push_back(p);
    }
    hull.pop_back();
    std::ranges::reverse(points);
  }
  return hull;
}

/// Midpoints of pixel sides in doubled coordinates.
inline std::vector<Point> side_midpoints(const std::vector<Point>& pixels) {
  std::vector<Point> points;
  for (const auto& [r, c] : pixels) {
    for (int k = 0; k < 8; k += 2) points.emplace_back(2 * r + kRowStep[k], 2 * c + kColStep[k]);
  }
  return points;
}

/// measure_hull() by its definition, of all pixels of a region.
inline HullMeasure measure_hull(const std::vector<Point>& pixels) {
  if (pixels.empty()) return {};
  const std::vector<Point> hull = hull_of(side_midpoints(pixels));
  index_t top = pixels[0].first;
  index_t bottom = top;
  index_t left = pixels[0].second;
  index_t right = left;
  for (const auto& [r, c] : pixels) {
    top = std::min(top, r);
    bottom = std::max(bottom, r);
    left = std::min(left, c);
    right = std::max(right, c);
  }
  std::vector<Point> inside;
  for (index_t r = top; r <= bottom; ++r) {
    for (index_t c = left; c <= right; ++c) {
      bool in = true;
      for (std::size_t i = 0; in && i < hull.size(); ++i) {
        in = turn(hull[i], hull[(i + 1) % hull.size()], {2 * r, 2 * c}) >= 0;
      }
      if (in) inside.emplace_back(r, c);
    }
  }
  const std::vector<Point> outline = hull_of(side_midpoints(inside));
  index_t largest = 0;
  for (const Point& a : outline) {
    for (const Point& b : outline) {
      largest = std::max(largest,
                         (a.first - b.first) * (a.first - b.first) +
                             (a.second - b.second) * (a.second - b.second));
    }
  }
  return {std::ssize(inside), largest / 4};
}

/// count_contours() of one region, its pixels given, by the table of weights.
inline ContourCounts contour_counts(const Labels& labels,
                                    label_t label,
                                    const std::vector<Point>& pixels) {
  const auto on_contour = [&](index_t r, index_t c) {
    if (labels.get(r, c) != label) return false;
    for (int k = 0; k < 8; k += 2) {
      if (labels.get(r + kRowStep[k], c + kColStep[k]) != label) return true;
    }
    return false;
  };
  ContourCounts counts;
  for (const auto& [r, c] : pixels) {
    if (!on_contour(r, c)) continue;
    int code = 1;
    for (int k = 0; k < 8; ++k) {
      if (on_contour(r + kRowStep[k], c + kColStep[k])) code += k % 2 == 0 ? 2 : 10;
    }
    if (code == 5 || code == 7 || code == 15 || code == 17 || code == 25 || code == 27) {
      ++counts.straight;
    }
    if (code == 21 || code == 33) ++counts.diagonal;
    if (code == 13 || code == 23) ++counts.mixed;
  }
  return counts;
}

/// The shape columns of one region: area and moments from its pixels one by one.
inline std::vector<double> shape_row(const std::vector<Point>& pixels,
                                     const ContourCounts& contour) {
  const auto area = static_cast<double>(pixels.size());
  double row = 0;
  double col = 0;
  for (const auto& [r, c] : pixels) {
    row += static_cast<double>(r) / area;
    col += static_cast<double>(c) / area;
  }
  double rr = 0;
  double rc = 0;
  double cc = 0;
  index_t top = pixels[0].first;
  index_t left = pixels[0].second;
  index_t bottom = top;
  index_t right = left;
  for (const auto& [r, c] : pixels) {
    const double dr = static_cast<double>(r) - row;
    const double dc = static_cast<double>(c) - col;
    rr += dr * dr / area;
    rc += dr * dc / area;
    cc += dc * dc / area;
    top = std::min(top, r);
    bottom = std::max(bottom, r);
    left = std::min(left, c);
    right = std::max(right, c);
  }
  const double root = std::sqrt((rr - cc) * (rr - cc) + 4 * rc * rc);
  const double larger = (rr + cc + root) / 2;
  const double smaller = std::max(0.0, (rr + cc - root) / 2);
  const HullMeasure hull = measure_hull(pixels);
  const auto box = static_cast<double>((bottom - top + 1) * (right - left + 1));
  return {row,
          col,
          area,
          perimeter_px(contour),
          larger > 0 ? std::sqrt(std::max(0.0, 1 - smaller / larger)) : 0.0,
          std::sqrt(4 * area / std::numbers::pi),
          std::abs(rr - cc) < 1e-9 ? (rc > 1e-9 ? 1 : -1) * std::numbers::pi / 4
                                   : std::atan2(2 * rc, rr - cc) / 2,
          area / static_cast<double>(hull.pixels),
          std::sqrt(static_cast<double>(hull.feret_squared)),
          area / box,
          4 * std::sqrt(larger),
          4 * std::sqrt(smaller)};
}

}  // namespace gftcore::naive
