// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "gftcore/vessel/merge_junctions.hpp"
#include "gftcore/vessel/skeleton_graph.hpp"

namespace gftcore::naive {

struct NaiveNode {
  std::vector<std::int32_t> pixels;
  double row = 0, col = 0;
  std::int32_t degree = 0;
  std::uint8_t kind = 0;
  bool merged = false;
  bool gone = false;
};

inline std::vector<std::int32_t> points_of(const SkeletonGraph& graph, std::size_t s) {
  return {graph.point_pixel.begin() + graph.point_ptr[s],
          graph.point_pixel.begin() + graph.point_ptr[s + 1]};
}

inline double raw_length(const SkeletonGraph& graph,
                         std::size_t s,
                         const NaiveNode& from,
                         const NaiveNode& to) {
  double row = from.row;
  double col = from.col;
  double length = 0;
  const auto step = [&](double r, double c) {
    length += std::sqrt((r - row) * (r - row) + (c - col) * (c - col));
    row = r;
    col = c;
  };
  for (const std::int32_t p : points_of(graph, s)) {
    step(static_cast<double>(p / graph.cols), static_cast<double>(p % graph.cols));
  }
  step(to.row, to.col);
  return length;
}

inline std::vector<NaiveNode> nodes_of(const SkeletonGraph& graph) {
  std::vector<NaiveNode> nodes(graph.node_kind.size());
  for (std::size_t v = 0; v < nodes.size(); ++v) {
    nodes[v].pixels.assign(graph.node_pixel.begin() + graph.node_ptr[v],
                           graph.node_pixel.begin() + graph.node_ptr[v + 1]);
    nodes[v].row = graph.node_rowcol[2 * v];
    nodes[v].col = graph.node_rowcol[2 * v + 1];
    nodes[v].degree = graph.node_degree[v];
    nodes[v].kind = graph.node_kind[v];
  }
  return nodes;
}

inline SkeletonGraph merge(const SkeletonGraph& graph,
                           std::span<const std::int32_t> squared,
                           double limit_px) {
  using Pair = std::pair<index_t, index_t>;
  std::vector<NaiveNode> nodes = nodes_of(graph);
  std::map<Pair, int> between;
  const auto pair_of = [&](std::size_t s) {
    return Pair(std::minmax(graph.segment_nodes[2 * s], graph.segment_nodes[2 * s + 1]));
  };
  const auto segments = static_cast<std::size_t>(graph.num_segments());
  for (std::size_t s = 0; s < segments; ++s) ++between[pair_of(s)];
  const auto narrow = [&](index_t v) {
    const NaiveNode& n = nodes[static_cast<std::size_t>(v)];
    const auto at = static_cast<index_t>(std::floor(n.row + 0.5)) * graph.cols +
                    static_cast<index_t>(std::floor(n.col + 0.5));
    return n.kind == 1 && squared[static_cast<std::size_t>(at)] <= kNarrow;
  };
  std::vector<std::pair<double, std::size_t>> bridges;
  for (std::size_t s = 0; s < segments; ++s) {
    const auto [a, b] = pair_of(s);
    if (a == b || between[{a, b}] > 1 || !narrow(a) || !narrow(b)) continue;
    const double length =
        raw_length(graph,
                   s,
                   nodes[static_cast<std::size_t>(graph.segment_nodes[2 * s])],
                   nodes[static_cast<std::size_t>(graph.segment_nodes[2 * s + 1])]);
    if (length < limit_px) bridges.emplace_back(length, s);
  }
  std::ranges::sort(bridges);
  std::vector<bool> taken(segments);
  std::map<index_t, index_t> into;
  for (const auto& [length, s] : bridges) {
    const auto [a, b] = pair_of(s);
    NaiveNode& low = nodes[static_cast<std::size_t>(a)];
    NaiveNode& high = nodes[static_cast<std::size_t>(b)];
    if (low.merged || high.merged) continue;
    low.merged = high.merged = high.gone = taken[s] = true;
    into[b] = a;
    low.degree += high.degree - 2;
    low.pixels.insert(low.pixels.end(), high.pixels.begin(), high.pixels.end());
    for (const std::int32_t p : points_of(graph, s)) low.pixels.push_back(p);
    std::ranges::sort(low.pixels);
    index_t rows = 0;
    index_t cols = 0;
    for (const std::int32_t p : low.pixels) {
      rows += p / graph.cols;
      cols += p % graph.cols;
    }
    low.row = static_cast<double>(rows) / static_cast<double>(low.pixels.size());
    low.col = static_cast<double>(cols) / static_cast<double>(low.pixels.size());
  }
  std::map<std::int32_t, index_t> by_first_pixel;
  for (std::size_t v = 0; v < nodes.size(); ++v) {
    if (!nodes[v].gone) by_first_pixel[nodes[v].pixels.front()] = static_cast<index_t>(v);
  }
  SkeletonGraph out;
  out.rows = graph.rows;
  out.cols = graph.cols;
  out.skeleton = graph.skeleton;
  out.anchors = graph.anchors;
  out.node_ptr.push_back(0);
  out.point_ptr.push_back(0);
  std::map<index_t, index_t> number;
  for (const auto& [pixel, v] : by_first_pixel) {
    const NaiveNode& n = nodes[static_cast<std::size_t>(v)];
    number[v] = out.num_nodes();
    out.node_rowcol.insert(out.node_rowcol.end(), {n.row, n.col});
    out.node_degree.push_back(n.degree);
    out.node_kind.push_back(n.kind);
    out.node_pixel.insert(out.node_pixel.end(), n.pixels.begin(), n.pixels.end());
    out.node_ptr.push_back(std::ssize(out.node_pixel));
  }
  for (std::size_t s = 0; s < segments; ++s) {
    if (taken[s]) continue;
    for (const std::size_t i : {2 * s, 2 * s + 1}) {
      const index_t v = graph.segment_nodes[i];
      out.segment_nodes.push_back(number[into.contains(v) ? into[v] : v]);
      out.segment_ends.push_back(graph.segment_ends[i]);
    }
    for (const std::int32_t p : points_of(graph, s)) out.point_pixel.push_back(p);
    out.point_ptr.push_back(std::ssize(out.point_pixel));
  }
  return out;
}

}  // namespace gftcore::naive
