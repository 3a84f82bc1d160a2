// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gftcore/common/image_view.hpp"
#include "gftcore/graph/faces.hpp"
#include "gftcore/morphology/label.hpp"
#include "gftcore/vessel/skeleton_graph.hpp"

namespace gftcore {

enum class AdjacencyMethod : std::uint8_t { planar, centerline4 };

/// Undirected edges, each once, in lexicographic order, with one attribute each.
struct Relation {
  std::vector<index_t> ends;  ///< [2, E]: all first ends, then all second ends
  std::vector<float> weight;  ///< [E]

  index_t count() const { return static_cast<index_t>(weight.size()); }
};

/// Which segments and regions touch. Regions are rows: label - 1 of the region labelling.
struct Adjacency {
  Relation vv;  ///< pairs i < j of segments that share a node; weight = lowest shared node
  Relation vi;  ///< (segment, region); weight = border length in skeleton pixels
  Relation ii;  ///< pairs a < b of regions that one segment separates; weight as for vi
};

/// planar: a segment touches the regions of its left and right face, as match_faces found them.
/// vv pairs different segments that share a node. A segment whose both faces belong to one region
/// gives one vi edge and no ii edge; a face without region gives none. The weight counts the
/// segment's points; ii adds up all separating segments. Throws ShapeError unless `faces` are the
/// graph's and region_of_face theirs.
void planar_adjacency(const SkeletonGraph& graph,
                      const Faces& faces,
                      std::span<const label_t> region_of_face,
                      Adjacency& out);

/// centerline4 (the published rule): points, node pixels, a disc of radius int(R / 1.75) + 1 at
/// each pixel of a node that is no end and where R = sqrt(squared_distance) > 1, and a frame of
/// two pixels are drawn; the 4-connected components of the rest are matched to the region that
/// owns most of their pixels (ties: lower label). A point touches the matched regions among its
/// 4-neighbours. vi weights count a segment's touching points; ii weights count points that touch
/// both. Throws ShapeError.
void centerline4_adjacency(const SkeletonGraph& graph,
                           ImageView<const std::int32_t> squared_distance,
                           const Labelling& regions,
                           Adjacency& out);

}  // namespace gftcore
