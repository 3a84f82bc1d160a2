// SPDX-License-Identifier: Apache-2.0
#include "gftcore/vessel/centreline.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/divider.hpp"
#include "gftcore/common/resize_exactly.hpp"

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

/// Consecutive segments that are worked on together, so that the loops over pixels are long and
/// their arrays stay in the cache. A polyline lies between copies of its two ends: the filter then
/// needs no edge code.
struct Block {
  index_t first_segment = 0;
  index_t last_segment = 0;
  std::vector<double> row, col;  // padded polylines
  std::vector<double> smooth_row, smooth_col;
  std::vector<double> step;    // length from each smoothed vertex to the next
  std::vector<double> radius;  // of the points, without padding
};

constexpr index_t kBlockSize = 1024;

/// Kept apart so that largest_near is small enough to be inlined.
[[gnu::cold, gnu::noinline]] std::int32_t largest_at_frame(ImageView<const std::int32_t> image,
                                                           index_t r,
                                                           index_t c) {
  std::int32_t largest = 0;
  for (index_t i = std::max<index_t>(r - 1, 0); i <= std::min(r + 1, image.rows() - 1); ++i) {
    for (index_t j = std::max<index_t>(c - 1, 0); j <= std::min(c + 1, image.cols() - 1); ++j) {
      largest = std::max(largest, image(i, j));
    }
  }
  return largest;
}

/// Largest value in the 3 x 3 around a pixel, clipped to the image.
std::int32_t largest_near(ImageView<const std::int32_t> image, index_t r, index_t c) {
  if (r < 1 || c < 1 || r + 1 >= image.rows() || c + 1 >= image.cols()) {
    return largest_at_frame(image, r, c);
  }
  const std::int32_t* p = image.row(r) + c;
  const index_t cols = image.cols();
  const auto largest_of_row = [](const std::int32_t* q) {
    return std::max(std::max(q[-1], q[0]), q[1]);
  };
  return std::max(std::max(largest_of_row(p - cols), largest_of_row(p)), largest_of_row(p + cols));
}

/// Start loading what largest_near will read. A function without effects may be dropped before it
/// is inlined, prefetches and all, hence the attribute.
[[gnu::always_inline]] inline void prefetch_near(ImageView<const std::int32_t> image,
                                                 index_t pixel) {
  __builtin_prefetch(image.data() + std::max<index_t>(pixel - image.cols(), 0));
  __builtin_prefetch(image.data() + pixel);
  __builtin_prefetch(image.data() + std::min(pixel + image.cols(), image.size() - 1));
}

/// For bars along an axis, averaged over width and phase, the largest EDT exceeds the half-width
/// by a quarter.
double radius_from(double squared) { return std::sqrt(squared) - 0.25; }

Point position(const SkeletonGraph& graph, index_t node) {
  return {graph.node_rowcol[at(2 * node)], graph.node_rowcol[at(2 * node + 1)]};
}

void fill_block(const SkeletonGraph& graph,
                ImageView<const std::int32_t> squared_distance,
                Block& b) {
  const index_t segments = b.last_segment - b.first_segment;
  const index_t points = graph.point_ptr[at(b.last_segment)] - graph.point_ptr[at(b.first_segment)];
  for (auto* column : {&b.row, &b.col, &b.smooth_row, &b.smooth_col, &b.step}) {
    column->resize(at(points + 4 * segments));
  }
  b.radius.resize(at(points));
  double* row = b.row.data();
  double* col = b.col.data();
  double* radius = b.radius.data();
  const auto put_twice = [&](Point p) {
    row = std::fill_n(row, 2, p.row);
    col = std::fill_n(col, 2, p.col);
  };
  const Divider row_of(graph.cols);
  const index_t last_point = graph.num_points() - 1;
  constexpr index_t kAhead = 16;  // hides the latency of a distance image larger than the cache
  for (index_t s = b.first_segment; s < b.last_segment; ++s) {
    put_twice(position(graph, graph.segment_nodes[at(2 * s)]));
    for (index_t i = graph.point_ptr[at(s)]; i < graph.point_ptr[at(s) + 1]; ++i) {
      const index_t pixel = graph.point_pixel[at(i)];
      prefetch_near(squared_distance, graph.point_pixel[at(std::min(i + kAhead, last_point))]);
      const index_t r = row_of(pixel);
      const index_t c = pixel - r * graph.cols;
      *row++ = static_cast<std::int32_t>(r);
      *col++ = static_cast<std::int32_t>(c);
      *radius++ = largest_near(squared_distance, r, c);
    }
    put_twice(position(graph, graph.segment_nodes[at(2 * s + 1)]));
  }
}

void filter(const std::vector<double>& in, std::vector<double>& out) {
  const double* __restrict x = in.data();
  double* __restrict y = out.data();
  for (std::size_t i = 2; i + 2 < in.size(); ++i) {
    y[i] = (x[i - 2] + 4 * x[i - 1] + 6 * x[i] + 4 * x[i + 1] + x[i + 2]) / 16;
  }
}

/// The closed polyline of m vertices that starts at `first`; its start is repeated after them.
void filter_cyclic(const std::vector<double>& in,
                   index_t first,
                   index_t m,
                   std::vector<double>& out) {
  const auto x = [&](index_t i) { return in[at(first + (i + m) % m)]; };
  for (index_t i = 0; i <= m; ++i) {
    out[at(first + i)] = (x(i - 2) + 4 * x(i - 1) + 6 * x(i) + 4 * x(i + 1) + x(i + 2)) / 16;
  }
}

void smooth_block(const SkeletonGraph& graph, Block& b) {
  filter(b.row, b.smooth_row);
  filter(b.col, b.smooth_col);
  index_t first = 1;
  for (index_t s = b.first_segment; s < b.last_segment; ++s) {
    const index_t vertices = graph.point_ptr[at(s) + 1] - graph.point_ptr[at(s)] + 2;
    const index_t last = first + vertices - 1;
    const index_t start = graph.segment_nodes[at(2 * s)];
    if (graph.node_kind[at(start)] == static_cast<std::uint8_t>(NodeKind::ring)) {
      filter_cyclic(b.row, first, vertices - 1, b.smooth_row);
      filter_cyclic(b.col, first, vertices - 1, b.smooth_col);
    } else {
      for (const index_t end : {first, last}) {
        b.smooth_row[at(end)] = b.row[at(end)];
        b.smooth_col[at(end)] = b.col[at(end)];
      }
    }
    first = last + 3;
  }
  const double* __restrict row = b.smooth_row.data();
  const double* __restrict col = b.smooth_col.data();
  double* __restrict step = b.step.data();
  for (std::size_t i = 1; i + 1 < b.step.size(); ++i) {
    const double dr = row[i + 1] - row[i];
    const double dc = col[i + 1] - col[i];
    step[i] = std::sqrt(dr * dr + dc * dc);
  }
  for (double& radius : b.radius) radius = radius_from(radius);
}

/// The point `target` behind vertex `first` along a smoothed polyline.
Point along(const Block& b, index_t first, index_t last, double target) {
  double before = 0;
  for (index_t i = first; i < last; ++i) {
    const double step = b.step[at(i)];
    if (before + step >= target) {
      const double t = step > 0 ? (target - before) / step : 0;
      return {b.smooth_row[at(i)] + t * (b.smooth_row[at(i + 1)] - b.smooth_row[at(i)]),
              b.smooth_col[at(i)] + t * (b.smooth_col[at(i + 1)] - b.smooth_col[at(i)])};
    }
    before += step;
  }
  return {b.smooth_row[at(last)], b.smooth_col[at(last)]};
}

/// Mean, population sd, min, max.
void put_statistics(const double* x, index_t count, double* out) {
  if (count == 0) {
    std::fill_n(out, 4, std::numeric_limits<double>::quiet_NaN());
    return;
  }
  double sum = 0;
  double low = x[0];
  double high = x[0];
  for (index_t i = 0; i < count; ++i) {
    sum += x[i];
    low = std::min(low, x[i]);
    high = std::max(high, x[i]);
  }
  const double mean = sum / static_cast<double>(count);
  double squares = 0;
  for (index_t i = 0; i < count; ++i) squares += (x[i] - mean) * (x[i] - mean);
  out[0] = mean;
  out[1] = std::sqrt(squares / static_cast<double>(count));
  out[2] = low;
  out[3] = high;
}

void measure_block(const SkeletonGraph& graph, const Block& b, Centrelines& out) {
  const index_t first_point = graph.point_ptr[at(b.first_segment)];
  for (std::size_t i = 0; i < b.radius.size(); ++i) {
    out.point_radius_px[at(first_point) + i] = static_cast<float>(b.radius[i]);
  }
  index_t first = 1;
  for (index_t s = b.first_segment; s < b.last_segment; ++s) {
    const index_t point = graph.point_ptr[at(s)];
    const index_t points = graph.point_ptr[at(s) + 1] - point;
    const index_t last = first + points + 1;
    double length = 0;
    for (index_t i = first; i < last; ++i) length += b.step[at(i)];
    float* rowcol = out.point_rowcol.data() + 2 * point;
    for (index_t i = first + 1; i < last; ++i) {
      *rowcol++ = static_cast<float>(b.smooth_row[at(i)]);
      *rowcol++ = static_cast<float>(b.smooth_col[at(i)]);
    }
    const Point head = position(graph, graph.segment_nodes[at(2 * s)]);
    const Point tail = position(graph, graph.segment_nodes[at(2 * s + 1)]);
    const Point middle = along(b, first, last, length / 2);
    out.length_px[at(s)] = length;
    out.distance_px[at(s)] = step_length(head, tail);
    out.arc_midpoint[at(2 * s)] = middle.row;
    out.arc_midpoint[at(2 * s + 1)] = middle.col;
    out.chord_midpoint[at(2 * s)] = (head.row + tail.row) / 2;
    out.chord_midpoint[at(2 * s + 1)] = (head.col + tail.col) / 2;
    put_statistics(b.radius.data() + (point - first_point), points, out.radius_px.data() + 4 * s);
    first = last + 3;
  }
}

}  // namespace

void centrelines(const SkeletonGraph& graph,
                 ImageView<const std::int32_t> squared_distance,
                 Centrelines& out) {
  require_same_shape(graph.skeleton, "skeleton", squared_distance, "squared_distance");
  const index_t points = graph.num_points();
  const index_t segments = graph.num_segments();
  resize_exactly(out.point_rowcol, 2 * points);
  resize_exactly(out.point_radius_px, points);
  resize_exactly(out.length_px, segments);
  resize_exactly(out.distance_px, segments);
  resize_exactly(out.arc_midpoint, 2 * segments);
  resize_exactly(out.chord_midpoint, 2 * segments);
  resize_exactly(out.radius_px, 4 * segments);
  Block block;
  while (block.last_segment < graph.num_segments()) {
    block.first_segment = block.last_segment;
    index_t size = 0;
    while (block.last_segment < graph.num_segments() && size < kBlockSize) {
      const index_t s = block.last_segment++;
      size += graph.point_ptr[at(s) + 1] - graph.point_ptr[at(s)] + 4;
    }
    fill_block(graph, squared_distance, block);
    smooth_block(graph, block);
    measure_block(graph, block, out);
  }
}

void node_radius_px(const SkeletonGraph& graph,
                    ImageView<const std::int32_t> squared_distance,
                    std::vector<float>& out) {
  require_same_shape(graph.skeleton, "skeleton", squared_distance, "squared_distance");
  out.resize(at(graph.num_nodes()));
  const Divider row_of(graph.cols);
  const index_t last_pixel = std::ssize(graph.node_pixel) - 1;
  constexpr index_t kAhead = 16;
  for (index_t v = 0; v < graph.num_nodes(); ++v) {
    std::int32_t largest = 0;
    for (index_t i = graph.node_ptr[at(v)]; i < graph.node_ptr[at(v) + 1]; ++i) {
      const index_t pixel = graph.node_pixel[at(i)];
      prefetch_near(squared_distance, graph.node_pixel[at(std::min(i + kAhead, last_pixel))]);
      const index_t r = row_of(pixel);
      largest = std::max(largest, largest_near(squared_distance, r, pixel - r * graph.cols));
    }
    out[at(v)] = static_cast<float>(radius_from(largest));
  }
}

}  // namespace gftcore
