// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "gftcore/vessel/skeleton_graph.hpp"
#include "grid.hpp"
#include "thinning.hpp"

namespace gftcore::naive {

/// Bit k: linked to neighbour k, which is on, and on a diagonal neither pixel beside it is.
inline unsigned links_of(const Mask& skeleton, index_t r, index_t c) {
  const auto on = [&](int k) {
    return skeleton.get(r + kRowStep[(k + 8) % 8], c + kColStep[(k + 8) % 8]) != 0;
  };
  unsigned links = 0;
  if (skeleton.get(r, c) == 0) return links;
  for (int k = 0; k < 8; ++k) {
    if (on(k) && (k % 2 == 0 || (!on(k - 1) && !on(k + 1))))
      links |= 1U << static_cast<unsigned>(k);
  }
  return links;
}

inline int count_links(unsigned links) { return std::popcount(links); }

/// Give each pixel of one cluster that encloses a hole its node: 2 x 2 blocks that share a pixel
/// are one, any other pixel is one of its own.
inline void split_cluster(const Labels& clusters, label_t cluster, Labels& node, label_t& nodes) {
  const auto in = [&](index_t r, index_t c) { return clusters.get(r, c) == cluster; };
  const auto block = [&](index_t r, index_t c) {
    return in(r, c) && in(r, c + 1) && in(r + 1, c) && in(r + 1, c + 1);
  };
  Mask corners(clusters.rows, clusters.cols);
  for (index_t r = 0; r < clusters.rows; ++r) {
    for (index_t c = 0; c < clusters.cols; ++c) corners(r, c) = block(r, c) ? 1 : 0;
  }
  label_t count = 0;
  const Labels group = components(corners, true, count);
  for (index_t r = 0; r < clusters.rows; ++r) {
    for (index_t c = 0; c < clusters.cols; ++c) {
      if (!in(r, c)) continue;
      label_t own = 0;
      for (const index_t dr : {0, 1}) {
        for (const index_t dc : {0, 1}) own = std::max(own, group.get(r - dr, c - dc));
      }
      node(r, c) = own > 0 ? nodes + own : 0;
    }
  }
  nodes += count;
  for (index_t r = 0; r < clusters.rows; ++r) {
    for (index_t c = 0; c < clusters.cols; ++c) {
      if (in(r, c) && node(r, c) == 0) node(r, c) = ++nodes;
    }
  }
}

/// Node of each pixel, 0 off nodes, in no particular order.
inline Labels node_labels(const Mask& skeleton, std::span<const index_t> anchors) {
  const index_t rows = skeleton.rows;
  const index_t cols = skeleton.cols;
  Mask junction(rows, cols);
  for (index_t r = 0; r < rows; ++r) {
    for (index_t c = 0; c < cols; ++c) {
      junction(r, c) = count_links(links_of(skeleton, r, c)) >= 3 ? 1 : 0;
    }
  }
  label_t count = 0;
  const Labels clusters = components(junction, true, count);
  const std::vector<index_t> size = areas(clusters, count);
  Labels node = clusters;
  label_t nodes = count;
  for (label_t cluster = 1; cluster <= count; ++cluster) {
    if (size[static_cast<std::size_t>(cluster)] < 4) continue;  // too few to enclose anything
    Mask alone(rows, cols);
    for (std::size_t i = 0; i < alone.values.size(); ++i) {
      alone.values[i] = clusters.values[i] == cluster ? 1 : 0;
    }
    if (count_holes(alone) > 0) split_cluster(clusters, cluster, node, nodes);
  }
  for (index_t r = 0; r < rows; ++r) {
    for (index_t c = 0; c < cols; ++c) {
      if (skeleton.get(r, c) == 0 || junction.get(r, c) != 0) continue;
      const bool anchor = std::ranges::find(anchors, r * cols + c) != anchors.end();
      if (anchor || count_links(links_of(skeleton, r, c)) != 2) node(r, c) = ++nodes;
    }
  }
  // Cycles without a node.
  label_t pieces = 0;
  const Labels component = components(skeleton, true, pieces);
  std::vector<std::uint8_t> has_node(static_cast<std::size_t>(pieces) + 1, 0);
  for (std::size_t i = 0; i < node.values.size(); ++i) {
    if (node.values[i] != 0) has_node[static_cast<std::size_t>(component.values[i])] = 1;
  }
  for (std::size_t i = 0; i < node.values.size(); ++i) {
    const auto own = static_cast<std::size_t>(component.values[i]);
    if (own == 0 || has_node[own] != 0) continue;
    node.values[i] = ++nodes;
    has_node[own] = 1;
  }
  // Numbered by the raster order of their first pixels.
  std::vector<label_t> number(static_cast<std::size_t>(nodes) + 1, 0);
  label_t next = 0;
  for (label_t& value : node.values) {
    if (value == 0) continue;
    label_t& own = number[static_cast<std::size_t>(value)];
    if (own == 0) own = ++next;
    value = own;
  }
  return node;
}

inline NodeKind kind_of(const Mask& skeleton, bool anchor, index_t r, index_t c) {
  if (anchor) return NodeKind::border;
  switch (count_links(links_of(skeleton, r, c))) {
    case 0:
      return NodeKind::isolated;
    case 1:
      return NodeKind::end;
    case 2:
      return NodeKind::ring;
    default:
      return NodeKind::junction;
  }
}

inline void describe_nodes(const Mask& skeleton, const Labels& node, SkeletonGraph& graph) {
  const label_t count = node.values.empty() ? 0 : *std::ranges::max_element(node.values);
  graph.node_ptr.assign(1, 0);
  graph.node_degree.assign(static_cast<std::size_t>(count), 0);
  for (label_t v = 1; v <= count; ++v) {
    double row = 0;
    double col = 0;
    double size = 0;
    auto kind = NodeKind::isolated;
    for (index_t i = 0; i < std::ssize(node.values); ++i) {
      if (node.values[static_cast<std::size_t>(i)] != v) continue;
      const bool anchor = std::ranges::find(graph.anchors, i) != graph.anchors.end();
      const NodeKind own = kind_of(skeleton, anchor, i / node.cols, i % node.cols);
      if (size == 0 || own == NodeKind::border) kind = own;
      row += static_cast<double>(i / node.cols);
      col += static_cast<double>(i % node.cols);
      size += 1;
      graph.node_pixel.push_back(static_cast<std::int32_t>(i));
    }
    graph.node_rowcol.push_back(row / size);
    graph.node_rowcol.push_back(col / size);
    graph.node_kind.push_back(static_cast<std::uint8_t>(kind));
    graph.node_ptr.push_back(static_cast<index_t>(graph.node_pixel.size()));
  }
}

/// Follow each link that leaves a node and was not yet followed.
inline void walk_segments(const Mask& skeleton, const Labels& node, SkeletonGraph& graph) {
  Grid<unsigned> left(skeleton.rows, skeleton.cols);
  for (index_t r = 0; r < left.rows; ++r) {
    for (index_t c = 0; c < left.cols; ++c) left(r, c) = links_of(skeleton, r, c);
  }
  const auto use = [&](index_t r, index_t c, int k) {
    left(r, c) &= ~(1U << static_cast<unsigned>(k));
  };
  graph.point_ptr.assign(1, 0);
  for (index_t start = 0; start < std::ssize(node.values); ++start) {
    const index_t row = start / node.cols;
    const index_t col = start % node.cols;
    for (int k = 0; k < 8; ++k) {
      if (node.get(row, col) == 0 || (left(row, col) >> static_cast<unsigned>(k) & 1U) == 0)
        continue;
      index_t r = row + kRowStep[k];
      index_t c = col + kColStep[k];
      if (node.get(r, c) == node.get(row, col)) continue;
      use(row, col, k);
      use(r, c, (k + 4) % 8);
      while (node.get(r, c) == 0) {
        graph.point_pixel.push_back(static_cast<std::int32_t>(r * node.cols + c));
        const int next = std::countr_zero(left(r, c));
        use(r, c, next);
        r += kRowStep[next];
        c += kColStep[next];
        use(r, c, (next + 4) % 8);
      }
      graph.segment_nodes.push_back(node.get(row, col) - 1);
      graph.segment_nodes.push_back(node.get(r, c) - 1);
      graph.segment_ends.push_back(static_cast<std::int32_t>(start));
      graph.segment_ends.push_back(static_cast<std::int32_t>(r * node.cols + c));
      graph.point_ptr.push_back(static_cast<index_t>(graph.point_pixel.size()));
    }
  }
  for (const index_t v : graph.segment_nodes) ++graph.node_degree[static_cast<std::size_t>(v)];
}

/// trace() by its definition.
inline SkeletonGraph trace(const BitImage& skeleton, std::span<const index_t> anchors) {
  SkeletonGraph graph;
  graph.rows = skeleton.rows();
  graph.cols = skeleton.cols();
  for (const index_t anchor : anchors) {
    if (skeleton.test(anchor / graph.cols, anchor % graph.cols)) graph.anchors.push_back(anchor);
  }
  graph.skeleton = minimal(skeleton, graph.anchors);
  const Mask mask = mask_of(graph.skeleton);
  const Labels node = node_labels(mask, graph.anchors);
  describe_nodes(mask, node, graph);
  walk_segments(mask, node, graph);
  return graph;
}

}  // namespace gftcore::naive
