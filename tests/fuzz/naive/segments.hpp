// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "gftcore/vessel/centreline.hpp"
#include "gftcore/vessel/segment_features.hpp"
#include "grid.hpp"

namespace gftcore::naive {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Place {
  double row = 0;
  double col = 0;
};

inline double between(Place a, Place b) {
  return std::sqrt((b.row - a.row) * (b.row - a.row) + (b.col - a.col) * (b.col - a.col));
}

inline Place node_place(const SkeletonGraph& graph, index_t node) {
  const auto i = static_cast<std::size_t>(2 * node);
  return {graph.node_rowcol[i], graph.node_rowcol[i + 1]};
}

/// Mean and population sd; NaN of nothing.
inline std::array<double, 2> mean_and_sd(const std::vector<double>& x) {
  if (x.empty()) return {kNaN, kNaN};
  const auto n = static_cast<double>(x.size());
  double sum = 0;
  for (const double value : x) sum += value;
  double squares = 0;
  for (const double value : x) squares += (value - sum / n) * (value - sum / n);
  return {sum / n, std::sqrt(squares / n)};
}

/// Node, points, node, smoothed once; a ring cyclically.
inline std::vector<Place> smoothed(const SkeletonGraph& graph, std::size_t s) {
  std::vector<Place> line{node_place(graph, graph.segment_nodes[2 * s])};
  for (index_t i = graph.point_ptr[s]; i < graph.point_ptr[s + 1]; ++i) {
    const index_t pixel = graph.point_pixel[static_cast<std::size_t>(i)];
    line.push_back(
        {static_cast<double>(pixel / graph.cols), static_cast<double>(pixel % graph.cols)});
  }
  line.push_back(node_place(graph, graph.segment_nodes[2 * s + 1]));
  const auto node = static_cast<std::size_t>(graph.segment_nodes[2 * s]);
  const bool ring = graph.node_kind[node] == static_cast<std::uint8_t>(NodeKind::ring);
  const index_t last = std::ssize(line) - 1;
  const auto at = [&](index_t i) {
    i = ring ? (i + last) % last : std::clamp<index_t>(i, 0, last);
    return line[static_cast<std::size_t>(i)];
  };
  std::vector<Place> out = line;
  for (index_t i = 0; i <= last; ++i) {
    if (!ring && (i == 0 || i == last)) continue;
    constexpr std::array kWeights{1.0, 4.0, 6.0, 4.0, 1.0};
    Place sum;
    for (index_t k = -2; k <= 2; ++k) {
      const double weight = kWeights.at(static_cast<std::size_t>(k + 2)) / 16;
      sum.row += weight * at(i + k).row;
      sum.col += weight * at(i + k).col;
    }
    out[static_cast<std::size_t>(i)] = sum;
  }
  return out;
}

/// Largest EDT in the 3 x 3 around, less a quarter.
inline double radius_at(std::span<const std::int32_t> squared,
                        index_t rows,
                        index_t cols,
                        index_t p) {
  std::int32_t largest = 0;
  for (index_t r = p / cols - 1; r <= p / cols + 1; ++r) {
    for (index_t c = p % cols - 1; c <= p % cols + 1; ++c) {
      if (r < 0 || c < 0 || r >= rows || c >= cols) continue;
      largest = std::max(largest, squared[static_cast<std::size_t>(r * cols + c)]);
    }
  }
  return std::sqrt(static_cast<double>(largest)) - 0.25;
}

/// centrelines() by its definition.
inline Centrelines centrelines(const SkeletonGraph& graph, std::span<const std::int32_t> squared) {
  Centrelines out;
  for (std::size_t s = 0; s < static_cast<std::size_t>(graph.num_segments()); ++s) {
    const std::vector<Place> line = smoothed(graph, s);
    std::vector<double> radii;
    for (index_t i = graph.point_ptr[s]; i < graph.point_ptr[s + 1]; ++i) {
      const index_t pixel = graph.point_pixel[static_cast<std::size_t>(i)];
      radii.push_back(radius_at(squared, graph.rows, graph.cols, pixel));
      out.point_radius_px.push_back(static_cast<float>(radii.back()));
    }
    for (std::size_t i = 1; i + 1 < line.size(); ++i) {
      out.point_rowcol.push_back(static_cast<float>(line[i].row));
      out.point_rowcol.push_back(static_cast<float>(line[i].col));
    }
    double length = 0;
    for (std::size_t i = 0; i + 1 < line.size(); ++i) length += between(line[i], line[i + 1]);
    Place middle = line.back();
    double before = 0;
    for (std::size_t i = 0; i + 1 < line.size(); ++i) {
      const double step = between(line[i], line[i + 1]);
      if (before + step >= length / 2) {
        const double t = step > 0 ? (length / 2 - before) / step : 0;
        middle = {line[i].row + t * (line[i + 1].row - line[i].row),
                  line[i].col + t * (line[i + 1].col - line[i].col)};
        break;
      }
      before += step;
    }
    const Place a = node_place(graph, graph.segment_nodes[2 * s]);
    const Place b = node_place(graph, graph.segment_nodes[2 * s + 1]);
    out.length_px.push_back(length);
    out.distance_px.push_back(between(a, b));
    out.arc_midpoint.insert(out.arc_midpoint.end(), {middle.row, middle.col});
    out.chord_midpoint.insert(out.chord_midpoint.end(), {(a.row + b.row) / 2, (a.col + b.col) / 2});
    const auto [mean, sd] = mean_and_sd(radii);
    out.radius_px.insert(out.radius_px.end(), {mean, sd});
    for (const bool smallest : {true, false}) {
      out.radius_px.push_back(radii.empty() ? kNaN
                              : smallest    ? *std::ranges::min_element(radii)
                                            : *std::ranges::max_element(radii));
    }
  }
  return out;
}

inline std::vector<float> node_radii(const SkeletonGraph& graph,
                                     std::span<const std::int32_t> squared) {
  std::vector<float> out;
  for (std::size_t v = 0; v < static_cast<std::size_t>(graph.num_nodes()); ++v) {
    double largest = -1;
    for (index_t i = graph.node_ptr[v]; i < graph.node_ptr[v + 1]; ++i) {
      const index_t pixel = graph.node_pixel[static_cast<std::size_t>(i)];
      largest = std::max(largest, radius_at(squared, graph.rows, graph.cols, pixel));
    }
    out.push_back(static_cast<float>(largest));
  }
  return out;
}

/// A mask pixel with a 4-neighbour inside the image that is off.
inline bool on_contour(const Mask& mask, index_t r, index_t c) {
  for (int k = 0; k < 8; k += 2) {
    const index_t i = r + kRowStep[k];
    const index_t j = c + kColStep[k];
    if (mask.inside(i, j) && mask.get(i, j) == 0) return true;
  }
  return false;
}

/// surface_features() by its definition.
inline SurfaceFeatures surface_features(const SkeletonGraph& graph,
                                        const Mask& mask,
                                        std::span<const std::int32_t> point_of_pixel,
                                        FeatureMode mode) {
  const bool slab = mode == FeatureMode::voreen_slab;
  std::vector<index_t> assigned(static_cast<std::size_t>(graph.num_points()), 0);
  std::vector<std::vector<double>> distances(assigned.size());
  for (index_t r = 0; r < mask.rows; ++r) {
    for (index_t c = 0; c < mask.cols; ++c) {
      const std::int32_t point = point_of_pixel[static_cast<std::size_t>(r * mask.cols + c)];
      if (mask.get(r, c) == 0 || point < 0) continue;
      const auto p = static_cast<std::size_t>(point);
      ++assigned[p];
      if (!slab && !on_contour(mask, r, c)) continue;
      const Place at{static_cast<double>(graph.point_pixel[p] / graph.cols),
                     static_cast<double>(graph.point_pixel[p] % graph.cols)};
      const Place here{static_cast<double>(r), static_cast<double>(c)};
      distances[p].push_back(between(here, at) + (slab ? 0.0 : 0.5));
    }
  }
  SurfaceFeatures out;
  for (std::size_t s = 0; s < static_cast<std::size_t>(graph.num_segments()); ++s) {
    const auto first = static_cast<std::size_t>(graph.point_ptr[s]);
    const auto last = static_cast<std::size_t>(graph.point_ptr[s + 1]);
    if (slab && first == last) {
      out.volume_px.push_back(-1);
      out.radii.insert(out.radii.end(), 8, -1.0);
      continue;
    }
    double volume = 0;
    std::array<std::vector<double>, 4> columns;
    for (std::size_t p = first; p < last; ++p) {
      volume += static_cast<double>(assigned[p]);
      if (distances[p].empty()) continue;
      const auto [low, high] = std::ranges::minmax(distances[p]);
      columns[0].push_back(low);
      columns[1].push_back(mean_and_sd(distances[p])[0]);
      columns[2].push_back(high);
      columns[3].push_back(high > 0 ? low / high : 1.0);
    }
    out.volume_px.push_back(volume);
    for (const std::vector<double>& column : columns) {
      const auto [mean, sd] = mean_and_sd(column);
      out.radii.insert(out.radii.end(), {mean, sd});
    }
  }
  return out;
}

/// Linearly interpolated quantile.
inline double quantile(std::vector<double> x, double q) {
  std::ranges::sort(x);
  const double position = q * static_cast<double>(x.size() - 1);
  const auto low = static_cast<std::size_t>(position);
  const std::size_t high = std::min(low + 1, x.size() - 1);
  return x[low] + (x[high] - x[low]) * (position - static_cast<double>(low));
}

}  // namespace gftcore::naive
