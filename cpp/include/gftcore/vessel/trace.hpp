// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/vessel/skeleton_graph.hpp"

namespace gftcore {

/// Memory that tracing and pruning reuse from call to call; its content means nothing between
/// calls. One per thread.
struct TraceScratch {
  struct NodePixel {
    std::int32_t row;
    std::int32_t col;
    std::uint8_t links;  // bit d: linked to the neighbour in direction d
    std::uint8_t used;   // links whose segment is known
    bool anchor;
    bool junction;
  };

  BitImage nodes;                       // pixels that belong to a node
  BitImage junctions;                   // pixels with three or more links
  std::vector<std::int32_t> rank_base;  // [rows * stride] node pixels before each word
  std::vector<NodePixel> node_pixels;   // raster order; position = rank
  std::vector<std::int32_t> root;       // [ranks] union-find, later the lowest rank of the node
  std::vector<std::int32_t> euler;      // [ranks] summed at the roots
  std::vector<std::int32_t> node_of;    // [ranks]
  std::vector<index_t> forced;          // pixels that are nodes although they have two links
  BitImage unvisited;
};

/// The graph of a skeleton.
///
/// The skeleton is first made minimal (minimal_pass), so any set of pixels is a valid input.
/// Two of its pixels are linked if they are 4-adjacent, or diagonal with both shared 4-neighbours
/// off. Nodes are the anchors and the pixels whose number of links is not two; touching pixels
/// with three or more links form one node. If such a cluster encloses a hole, only those of its
/// 2 x 2 blocks that share pixels are one node each, and every other pixel is a node of its own.
/// A cycle without a node gets its first pixel in raster order as a node of kind `ring`.
/// Segments are the maximal chains of links between nodes; a link inside a node is none.
///
/// With the closure's faces F, components C, anchors B and components that hold an anchor C_b:
/// V - S + F == 1 + C + B - C_b, and S - V + C is the number of enclosed holes. Both hold for the
/// anchors of border_anchors(); others may keep a 2 x 2 block, whose links go round no hole.
///
/// `anchors` are ascending raster indices; those off the skeleton are dropped. An empty image
/// gives an empty graph. O(H W / 64 + skeleton pixels). Throws ShapeError for a side above
/// kMaxSide, ValueError for anchors outside the image or out of order.
void trace(const BitImage& skeleton,
           std::span<const index_t> anchors,
           SkeletonGraph& out,
           TraceScratch& scratch);

}  // namespace gftcore
