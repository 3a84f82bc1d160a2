// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "gftcore/vessel/prune.hpp"
#include "trace.hpp"

namespace gftcore::naive {

struct Leaf {
  index_t segment = 0;
  index_t junction = 0;
  std::vector<std::int32_t> pixels;  // from the junction to the tip, without the junction
  double length = 0;
  double junction_edt = 0;
  double bulge = 0;
};

inline void measure(const SkeletonGraph& graph, std::span<const std::int32_t> squared, Leaf& leaf) {
  const auto edt = [&](index_t pixel) {
    return std::sqrt(static_cast<double>(squared[static_cast<std::size_t>(pixel)]));
  };
  const double row = graph.node_rowcol[static_cast<std::size_t>(2 * leaf.junction)];
  const double col = graph.node_rowcol[static_cast<std::size_t>(2 * leaf.junction) + 1];
  leaf.junction_edt = edt(static_cast<index_t>(std::floor(row + 0.5)) * graph.cols +
                          static_cast<index_t>(std::floor(col + 0.5)));
  const double radius = std::max(leaf.junction_edt, 1.0);
  double at_row = row;
  double at_col = col;
  double covered = -1;
  std::size_t first = 0;  // of the points that are not covered
  for (std::size_t i = 0; i < leaf.pixels.size(); ++i) {
    const auto r = static_cast<double>(leaf.pixels[i] / graph.cols);
    const auto c = static_cast<double>(leaf.pixels[i] % graph.cols);
    leaf.length += std::sqrt((r - at_row) * (r - at_row) + (c - at_col) * (c - at_col));
    at_row = r;
    at_col = c;
    if (covered < 0 && std::sqrt((r - row) * (r - row) + (c - col) * (c - col)) >= radius) {
      covered = leaf.length;
      first = i;
    }
  }
  if (covered < 0) covered = leaf.length;
  double sum = 0;
  for (std::size_t i = first; i < leaf.pixels.size(); ++i) sum += edt(leaf.pixels[i]);
  const double mean = sum / static_cast<double>(leaf.pixels.size() - first);
  leaf.bulge = (leaf.length - covered + edt(leaf.pixels.back())) / std::max(0.5, mean);
}

inline std::vector<Leaf> find_leaves(const SkeletonGraph& graph,
                                     std::span<const std::int32_t> squared) {
  std::vector<Leaf> leaves;
  for (index_t s = 0; s < graph.num_segments(); ++s) {
    const auto i = static_cast<std::size_t>(s);
    const auto kind = [&](std::size_t side) {
      return static_cast<NodeKind>(
          graph.node_kind[static_cast<std::size_t>(graph.segment_nodes[2 * i + side])]);
    };
    const bool forward = kind(0) == NodeKind::junction && kind(1) == NodeKind::end;
    const bool backward = kind(0) == NodeKind::end && kind(1) == NodeKind::junction;
    if (!forward && !backward) continue;
    Leaf leaf;
    leaf.segment = s;
    leaf.junction = graph.segment_nodes[2 * i + (forward ? 0 : 1)];
    leaf.pixels.assign(graph.point_pixel.begin() + graph.point_ptr[i],
                       graph.point_pixel.begin() + graph.point_ptr[i + 1]);
    if (backward) std::ranges::reverse(leaf.pixels);
    leaf.pixels.push_back(graph.segment_ends[2 * i + (forward ? 1 : 0)]);
    measure(graph, squared, leaf);
    leaves.push_back(leaf);
  }
  return leaves;
}

/// The leaves that go in one round.
inline std::vector<Leaf> doomed_leaves(const SkeletonGraph& graph,
                                       std::span<const std::int32_t> squared,
                                       const PruneOptions& options) {
  std::vector<Leaf> candidates;
  for (Leaf& leaf : find_leaves(graph, squared)) {
    const bool falls = options.method == PruneMethod::length ? leaf.length < leaf.junction_edt + 3
                                                             : leaf.bulge < options.bulge;
    if (falls) candidates.push_back(std::move(leaf));
  }
  if (options.method == PruneMethod::length) return candidates;
  std::ranges::stable_sort(candidates,
                           [](const Leaf& a, const Leaf& b) { return a.bulge > b.bulge; });
  std::vector<index_t> stay(graph.node_degree.begin(), graph.node_degree.end());
  for (const Leaf& leaf : candidates) --stay[static_cast<std::size_t>(leaf.junction)];
  std::vector<Leaf> out;
  for (Leaf& leaf : candidates) {
    index_t& ends = stay[static_cast<std::size_t>(leaf.junction)];
    if (ends < 2) {
      ++ends;  // spared: it counts among those that stay
    } else {
      out.push_back(std::move(leaf));
    }
  }
  return out;
}

/// prune() by its definition.
inline SkeletonGraph prune(SkeletonGraph graph,
                           std::span<const std::int32_t> squared,
                           const PruneOptions& options) {
  if (options.method == PruneMethod::none) return graph;
  const int most = options.method == PruneMethod::length ? 2 : options.max_rounds;
  for (int round = 0; round < std::min(most, options.max_rounds); ++round) {
    const std::vector<Leaf> doomed = doomed_leaves(graph, squared, options);
    if (doomed.empty()) break;
    BitImage skeleton = graph.skeleton;
    for (const Leaf& leaf : doomed) {
      for (const std::int32_t pixel : leaf.pixels) {
        skeleton.clear(pixel / graph.cols, pixel % graph.cols);
      }
    }
    graph = trace(skeleton, graph.anchors);
  }
  return graph;
}

}  // namespace gftcore::naive
