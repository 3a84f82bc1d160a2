// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "gftcore/common/image_view.hpp"
#include "gftcore/vessel/skeleton_graph.hpp"

namespace gftcore {

/// Smoothed centrelines of all segments and what follows from them.
///
/// The polyline of a segment is its first node's position, its points, its second node's position,
/// filtered once by [1 4 6 4 1] / 16 with fixed end points that repeat beyond the ends. The
/// self-loop of a `ring` node is filtered cyclically instead, its node included, and closed.
struct Centrelines {
  std::vector<float> point_rowcol;     // [P, 2] smoothed
  std::vector<float> point_radius_px;  // [P] largest EDT in the 3 x 3 around the raw pixel - 1/4
  std::vector<double> length_px;       // [S] of the polyline
  std::vector<double> distance_px;     // [S] between the two node positions
  std::vector<double> arc_midpoint;    // [S, 2] half the length along the polyline
  std::vector<double> chord_midpoint;  // [S, 2] between the two node positions
  std::vector<double> radius_px;       // [S, 4] mean, population sd, min, max; NaN without points
};

/// EDT is the square root of `squared_distance`; the 3 x 3 neighbourhoods are clipped to the image.
/// Sums run in double in walk order: same bytes everywhere. O(P + S). Throws ShapeError.
void centrelines(const SkeletonGraph& graph,
                 ImageView<const std::int32_t> squared_distance,
                 Centrelines& out);

/// For each node the largest EDT in the 3 x 3 around any of its pixels - 1/4. Throws ShapeError.
void node_radius_px(const SkeletonGraph& graph,
                    ImageView<const std::int32_t> squared_distance,
                    std::vector<float>& out);

}  // namespace gftcore
