// SPDX-License-Identifier: Apache-2.0
#include "gftcore/vessel/merge_junctions.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include "gftcore/common/checks.hpp"
#include "vessel/links.hpp"

namespace gftcore {
namespace {

using vessel::at;
using Distance = ImageView<const std::int32_t>;

struct Bridge {
  double length;
  index_t segment;
  index_t low, high;  // its nodes

  std::pair<index_t, index_t> nodes() const { return {low, high}; }
};

/// Junctions at a narrow place of the mask.
std::vector<bool> narrow_junctions(const SkeletonGraph& graph, Distance squared_distance) {
  std::vector<bool> narrow(at(graph.num_nodes()));
  const auto nearest = [](double x) { return static_cast<index_t>(std::floor(x + 0.5)); };
  for (index_t v = 0; v < graph.num_nodes(); ++v) {
    if (graph.node_kind[at(v)] != static_cast<std::uint8_t>(NodeKind::junction)) continue;
    const index_t row = nearest(graph.node_rowcol[at(2 * v)]);
    const index_t col = nearest(graph.node_rowcol[at(2 * v + 1)]);
    narrow[at(v)] = squared_distance.row(row)[col] <= kNarrow;
  }
  return narrow;
}

/// Raw length of a segment, or `limit` if it is not shorter than that.
double raw_length(const SkeletonGraph& graph, index_t segment, double limit) {
  const double* from = graph.node_rowcol.data() + 2 * graph.segment_nodes[at(2 * segment)];
  const double* to = graph.node_rowcol.data() + 2 * graph.segment_nodes[at(2 * segment + 1)];
  double row = from[0];
  double col = from[1];
  double length = 0;
  const auto step_to = [&](double r, double c) {
    length += std::sqrt((r - row) * (r - row) + (c - col) * (c - col));
    row = r;
    col = c;
  };
  for (index_t i = graph.point_ptr[at(segment)]; i < graph.point_ptr[at(segment + 1)]; ++i) {
    const index_t pixel_row = graph.point_pixel[at(i)] / graph.cols;
    const index_t pixel_col = graph.point_pixel[at(i)] % graph.cols;
    step_to(static_cast<double>(pixel_row), static_cast<double>(pixel_col));
    if (length >= limit) return limit;
  }
  step_to(to[0], to[1]);
  return std::min(length, limit);
}

/// The bridges that are taken; no two share a node.
std::vector<Bridge> choose_bridges(const SkeletonGraph& graph,
                                   Distance squared_distance,
                                   double limit_px) {
  const std::vector<bool> narrow = narrow_junctions(graph, squared_distance);
  std::vector<Bridge> candidates;
  for (index_t s = 0; s < graph.num_segments(); ++s) {
    const auto [low, high] =
        std::minmax(graph.segment_nodes[at(2 * s)], graph.segment_nodes[at(2 * s + 1)]);
    if (low == high || !narrow[at(low)] || !narrow[at(high)]) continue;
    candidates.push_back({raw_length(graph, s, limit_px), s, low, high});
  }
  std::ranges::sort(candidates, {}, &Bridge::nodes);
  std::vector<Bridge> bridges;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto nodes = candidates[i].nodes();
    const bool has_twin = (i > 0 && candidates[i - 1].nodes() == nodes) ||
                          (i + 1 < candidates.size() && candidates[i + 1].nodes() == nodes);
    if (!has_twin && candidates[i].length < limit_px) bridges.push_back(candidates[i]);
  }
  std::ranges::sort(bridges, {}, [](const Bridge& b) { return std::pair(b.length, b.segment); });
  std::vector<bool> merged(at(graph.num_nodes()));
  std::erase_if(bridges, [&](const Bridge& b) {
    if (merged[at(b.low)] || merged[at(b.high)]) return true;
    merged[at(b.low)] = merged[at(b.high)] = true;
    return false;
  });
  return bridges;
}

/// The pixels of the node that each bridge makes, in raster order.
std::vector<std::vector<std::int32_t>> pool_pixels(const SkeletonGraph& graph,
                                                   const std::vector<Bridge>& bridges) {
  std::vector<std::vector<std::int32_t>> pools;
  pools.reserve(bridges.size());
  for (const Bridge& bridge : bridges) {
    std::vector<std::int32_t>& pool = pools.emplace_back();
    const auto append = [&pool](const auto& from, index_t begin, index_t end) {
      pool.insert(pool.end(), from.begin() + begin, from.begin() + end);
    };
    for (const index_t v : {bridge.low, bridge.high}) {
      append(graph.node_pixel, graph.node_ptr[at(v)], graph.node_ptr[at(v + 1)]);
    }
    append(graph.point_pixel,
           graph.point_ptr[at(bridge.segment)],
           graph.point_ptr[at(bridge.segment + 1)]);
    std::ranges::sort(pool);
  }
  return pools;
}

/// Rebuild the nodes and return the new number of each old node.
std::vector<index_t> merge_nodes(const std::vector<Bridge>& bridges, SkeletonGraph& graph) {
  const index_t old_count = graph.num_nodes();
  const auto pools = pool_pixels(graph, bridges);
  std::vector<std::int32_t> pool_of(at(old_count), -1);
  std::vector<std::pair<std::int32_t, index_t>> first_pixel;  // of the nodes that stay
  std::vector<bool> gone(at(old_count));
  for (std::size_t i = 0; i < bridges.size(); ++i) {
    pool_of[at(bridges[i].low)] = static_cast<std::int32_t>(i);
    gone[at(bridges[i].high)] = true;
  }
  for (index_t v = 0; v < old_count; ++v) {
    if (gone[at(v)]) continue;
    const std::int32_t pool = pool_of[at(v)];
    first_pixel.emplace_back(
        pool < 0 ? graph.node_pixel[at(graph.node_ptr[at(v)])] : pools[at(pool)].front(), v);
  }
  std::ranges::sort(first_pixel);

  SkeletonGraph next;
  next.node_ptr.push_back(0);
  std::vector<index_t> number(at(old_count));
  for (const auto& [pixel, v] : first_pixel) {
    number[at(v)] = next.num_nodes();
    next.node_kind.push_back(graph.node_kind[at(v)]);
    const std::int32_t pool = pool_of[at(v)];
    if (pool < 0) {
      next.node_degree.push_back(graph.node_degree[at(v)]);
      const double* position = graph.node_rowcol.data() + 2 * v;
      next.node_rowcol.insert(next.node_rowcol.end(), position, position + 2);
      next.node_pixel.insert(next.node_pixel.end(),
                             graph.node_pixel.begin() + graph.node_ptr[at(v)],
                             graph.node_pixel.begin() + graph.node_ptr[at(v + 1)]);
    } else {
      const index_t high = bridges[at(pool)].high;
      next.node_degree.push_back(graph.node_degree[at(v)] + graph.node_degree[at(high)] - 2);
      const std::vector<std::int32_t>& pixels = pools[at(pool)];
      index_t rows = 0;
      index_t cols = 0;
      for (const std::int32_t p : pixels) {
        rows += p / graph.cols;
        cols += p % graph.cols;
      }
      const auto size = static_cast<double>(pixels.size());
      next.node_rowcol.push_back(static_cast<double>(rows) / size);
      next.node_rowcol.push_back(static_cast<double>(cols) / size);
      next.node_pixel.insert(next.node_pixel.end(), pixels.begin(), pixels.end());
    }
    next.node_ptr.push_back(std::ssize(next.node_pixel));
  }
  for (const Bridge& bridge : bridges) number[at(bridge.high)] = number[at(bridge.low)];
  graph.node_rowcol = std::move(next.node_rowcol);
  graph.node_ptr = std::move(next.node_ptr);
  graph.node_pixel = std::move(next.node_pixel);
  graph.node_degree = std::move(next.node_degree);
  graph.node_kind = std::move(next.node_kind);
  return number;
}

/// Take the bridges out and give the others the new numbers of their nodes.
void close_up_segments(const std::vector<Bridge>& bridges,
                       const std::vector<index_t>& number,
                       SkeletonGraph& graph) {
  std::vector<bool> is_bridge(at(graph.num_segments()));
  for (const Bridge& bridge : bridges) is_bridge[at(bridge.segment)] = true;
  index_t kept = 0;
  index_t points = 0;
  const index_t count = graph.num_segments();
  for (index_t s = 0; s < count; ++s) {
    const index_t begin = graph.point_ptr[at(s)];
    const index_t end = graph.point_ptr[at(s + 1)];
    if (is_bridge[at(s)]) continue;
    for (const index_t side : {index_t{0}, index_t{1}}) {
      graph.segment_nodes[at(2 * kept + side)] = number[at(graph.segment_nodes[at(2 * s + side)])];
      graph.segment_ends[at(2 * kept + side)] = graph.segment_ends[at(2 * s + side)];
    }
    graph.point_ptr[at(kept)] = points;
    std::copy(graph.point_pixel.begin() + begin,
              graph.point_pixel.begin() + end,
              graph.point_pixel.begin() + points);
    points += end - begin;
    ++kept;
  }
  graph.point_ptr[at(kept)] = points;
  graph.segment_nodes.resize(at(2 * kept));
  graph.segment_ends.resize(at(2 * kept));
  graph.point_ptr.resize(at(kept + 1));
  graph.point_pixel.resize(at(points));
}

}  // namespace

void merge_junctions(ImageView<const std::int32_t> squared_distance,
                     double limit_px,
                     SkeletonGraph& graph) {
  require_same_shape(graph.skeleton, "skeleton", squared_distance, "squared_distance");
  if (!(limit_px > 0)) return;
  const std::vector<Bridge> bridges = choose_bridges(graph, squared_distance, limit_px);
  if (bridges.empty()) return;
  const std::vector<index_t> number = merge_nodes(bridges, graph);
  close_up_segments(bridges, number, graph);
}

}  // namespace gftcore
