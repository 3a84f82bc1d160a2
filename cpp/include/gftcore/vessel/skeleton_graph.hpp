// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore {

enum class NodeKind : std::uint8_t {
  end = 0,       ///< one pixel with one link
  junction = 1,  ///< one or more touching pixels with three or more links
  border = 2,    ///< holds an anchor, whatever its degree
  isolated = 3,  ///< one pixel without a link
  ring = 4,      ///< first pixel of a cycle that has no other node; one self-loop
};

/// A minimal skeleton as a multigraph of V nodes and S segments with P points.
///
/// Every skeleton pixel is in exactly one node (node_pixel) or is exactly one point of one
/// segment (point_pixel). Pixels are raster indices, row * cols + col. Nodes are numbered by the
/// raster order of their first pixels. Segments are numbered in the order in which a scan meets
/// them: node pixels in raster order, and at each the links N, NE, E, SE, S, SW, W, NW.
/// Self-loops and parallel segments stay; a segment may have no points.
struct SkeletonGraph {
  index_t rows = 0;
  index_t cols = 0;
  BitImage skeleton;             // [H, W]
  std::vector<index_t> anchors;  // [B] pixels, ascending

  std::vector<double> node_rowcol;        // [V, 2] mean of the node's pixels
  std::vector<index_t> node_ptr;          // [V + 1] into node_pixel
  std::vector<std::int32_t> node_pixel;   // ascending in each node
  std::vector<std::int32_t> node_degree;  // [V] segment ends at the node; a self-loop counts 2
  std::vector<std::uint8_t> node_kind;    // [V] NodeKind

  std::vector<index_t> segment_nodes;      // [S, 2] node where the walk starts, ends
  std::vector<std::int32_t> segment_ends;  // [S, 2] node pixel where the walk leaves, arrives
  std::vector<index_t> point_ptr;          // [S + 1] into point_pixel
  std::vector<std::int32_t> point_pixel;   // [P] pixels between the ends, in walk order

  index_t num_nodes() const { return static_cast<index_t>(node_kind.size()); }
  index_t num_segments() const { return static_cast<index_t>(segment_nodes.size() / 2); }
  index_t num_points() const { return static_cast<index_t>(point_pixel.size()); }
};

}  // namespace gftcore
