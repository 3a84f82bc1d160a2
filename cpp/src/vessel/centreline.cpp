// SPDX-License-Identifier: Apache-2.0
#include "gftcore/vessel/centreline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include "gftcore/common/checks.hpp"

namespace gftcore {
namespace {

struct Point {
  double row;
  double col;
};

std::size_t at(index_t i) { return static_cast<std::size_t>(i); }

double step_length(Point a, Point b) {
  return std::sqrt((b.row - a.row) * (b.row - a.row) + (b.col - a.col) * (b.col - a.col));
}

Point filtered(Point a, Point b, Point c, Point d, Point e) {
  return {(a.row + 4 * b.row + 6 * c.row + 4 * d.row + e.row) / 16,
          (a.col + 4 * b.col + 6 * c.col + 4 * d.col + e.col) / 16};
}

void smooth_open(std::span<const Point> raw, std::vector<Point>& out) {
  const std::size_t n = raw.size();
  out.resize(n);
  out[0] = raw[0];
  out[n - 1] = raw[n - 1];
  for (std::size_t i = 1; i + 1 < n; ++i) {
    out[i] = filtered(raw[i > 1 ? i - 2 : 0], raw[i - 1], raw[i], raw[i + 1],
                      raw[std::min(i + 2, n - 1)]);
  }
}

/// `raw` ends where it starts; so does the result.
void smooth_cyclic(std::span<const Point> raw, std::vector<Point>& out) {
  const std::size_t m = raw.size() - 1;
  out.resize(m + 1);
  for (std::size_t i = 0; i < m; ++i) {
    out[i] = filtered(raw[(i + m - 2) % m], raw[(i + m - 1) % m], raw[i], raw[(i + 1) % m],
                      raw[(i + 2) % m]);
  }
  out[m] = out[0];
}

/// The point at `target` along the line; `steps` are the lengths of its pieces.
Point along(std::span<const Point> line, std::span<const double> steps, double target) {
  double before = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (before + steps[i] >= target) {
      const double t = steps[i] > 0 ? (target - before) / steps[i] : 0;
      return {line[i].row + t * (line[i + 1].row - line[i].row),
              line[i].col + t * (line[i + 1].col - line[i].col)};
    }
    before += steps[i];
  }
  return line.back();
}

std::int32_t largest_near(ImageView<const std::int32_t> image, index_t r, index_t c) {
  const index_t r0 = std::max<index_t>(r - 1, 0);
  const index_t r1 = std::min(r + 1, image.rows() - 1);
  const index_t c0 = std::max<index_t>(c - 1, 0);
  const index_t c1 = std::min(c + 1, image.cols() - 1);
  std::int32_t largest = 0;
  for (index_t i = r0; i <= r1; ++i) {
    const std::int32_t* row = image.row(i);
    for (index_t j = c0; j <= c1; ++j) largest = std::max(largest, row[j]);
  }
  return largest;
}

/// For bars along an axis, averaged over width and phase, the largest EDT exceeds the half-width
/// by a quarter.
double radius_from(std::int32_t squared) {
  return std::sqrt(static_cast<double>(squared)) - 0.25;
}

std::array<double, 4> statistics(std::span<const double> x) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  if (x.empty()) return {kNaN, kNaN, kNaN, kNaN};
  const auto n = static_cast<double>(x.size());
  double sum = 0;
  for (const double v : x) sum += v;
  const double mean = sum / n;
  double squares = 0;
  for (const double v : x) squares += (v - mean) * (v - mean);
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  return {mean, std::sqrt(squares / n), *low, *high};
}

struct Buffers {
  std::vector<Point> raw;
  std::vector<Point> line;
  std::vector<double> steps;
  std::vector<double> radii;
};

void measure_segment(const SkeletonGraph& graph, ImageView<const std::int32_t> squared_distance,
                     index_t s, Buffers& b, Centrelines& out) {
  const index_t first = graph.point_ptr[at(s)];
  const index_t last = graph.point_ptr[at(s) + 1];
  const auto node_position = [&](index_t node) {
    return Point{graph.node_rowcol[at(2 * node)], graph.node_rowcol[at(2 * node + 1)]};
  };
  const index_t start = graph.segment_nodes[at(2 * s)];
  const Point head = node_position(start);
  const Point tail = node_position(graph.segment_nodes[at(2 * s + 1)]);
  b.raw.clear();
  b.radii.clear();
  b.raw.push_back(head);
  for (index_t i = first; i < last; ++i) {
    const auto pixel = static_cast<std::uint32_t>(graph.point_pixel[at(i)]);
    const auto cols = static_cast<std::uint32_t>(graph.cols);
    const std::uint32_t r = pixel / cols;
    const std::uint32_t c = pixel - r * cols;
    b.raw.push_back({static_cast<double>(r), static_cast<double>(c)});
    b.radii.push_back(radius_from(largest_near(squared_distance, r, c)));
    out.point_radius_px[at(i)] = static_cast<float>(b.radii.back());
  }
  b.raw.push_back(tail);
  if (graph.node_kind[at(start)] == static_cast<std::uint8_t>(NodeKind::ring)) {
    smooth_cyclic(b.raw, b.line);
  } else {
    smooth_open(b.raw, b.line);
  }
  b.steps.resize(b.line.size() - 1);
  double length = 0;
  for (std::size_t i = 0; i < b.steps.size(); ++i) {
    b.steps[i] = step_length(b.line[i], b.line[i + 1]);
    length += b.steps[i];
  }
  for (index_t i = first; i < last; ++i) {
    const Point q = b.line[at(i - first + 1)];
    out.point_rowcol[at(2 * i)] = static_cast<float>(q.row);
    out.point_rowcol[at(2 * i + 1)] = static_cast<float>(q.col);
  }
  const Point middle = along(b.line, b.steps, length / 2);
  out.length_px[at(s)] = length;
  out.distance_px[at(s)] = step_length(head, tail);
  out.arc_midpoint[at(2 * s)] = middle.row;
  out.arc_midpoint[at(2 * s + 1)] = middle.col;
  out.chord_midpoint[at(2 * s)] = (head.row + tail.row) / 2;
  out.chord_midpoint[at(2 * s + 1)] = (head.col + tail.col) / 2;
  const std::array<double, 4> radius = statistics(b.radii);
  std::copy(radius.begin(), radius.end(), out.radius_px.begin() + 4 * s);
}

}  // namespace

void centrelines(const SkeletonGraph& graph, ImageView<const std::int32_t> squared_distance,
                 Centrelines& out) {
  require_same_shape(graph.skeleton, "skeleton", squared_distance, "squared_distance");
  const std::size_t points = at(graph.num_points());
  const std::size_t segments = at(graph.num_segments());
  out.point_rowcol.resize(2 * points);
  out.point_radius_px.resize(points);
  out.length_px.resize(segments);
  out.distance_px.resize(segments);
  out.arc_midpoint.resize(2 * segments);
  out.chord_midpoint.resize(2 * segments);
  out.radius_px.resize(4 * segments);
  Buffers buffers;
  for (index_t s = 0; s < graph.num_segments(); ++s) {
    measure_segment(graph, squared_distance, s, buffers, out);
  }
}

void node_radius_px(const SkeletonGraph& graph, ImageView<const std::int32_t> squared_distance,
                    std::vector<float>& out) {
  require_same_shape(graph.skeleton, "skeleton", squared_distance, "squared_distance");
  out.resize(at(graph.num_nodes()));
  for (index_t v = 0; v < graph.num_nodes(); ++v) {
    std::int32_t largest = 0;
    for (index_t i = graph.node_ptr[at(v)]; i < graph.node_ptr[at(v) + 1]; ++i) {
      const index_t pixel = graph.node_pixel[at(i)];
      largest = std::max(
          largest, largest_near(squared_distance, pixel / graph.cols, pixel % graph.cols));
    }
    out[at(v)] = static_cast<float>(radius_from(largest));
  }
}

}  // namespace gftcore
