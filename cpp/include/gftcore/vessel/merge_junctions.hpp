// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "gftcore/common/image_view.hpp"
#include "gftcore/vessel/skeleton_graph.hpp"

namespace gftcore {

/// Squared distance (px^2) to the background up to which a junction may merge: a vessel that is
/// less than 3 px wide there.
inline constexpr std::int32_t kNarrow = 2;

/// Merge pairs of close junctions that a narrow place of the mask joins.
///
/// Where two vessels cross or touch, thinning leaves two junctions with a bridge of a pixel or two
/// between them. A segment is a bridge if it joins two nodes of kind `junction`, is the only one
/// between them, its raw length (position, pixels, position) is below `limit_px`, and
/// `squared_distance` at both positions, rounded by floor(x + 0.5), is at most kNarrow. Bridges
/// are taken from the shortest to the longest (equal: the lower segment id) unless one of the
/// nodes has merged already, so a node takes part in one merge at most and no self-loop arises.
///
/// The merged node owns the pixels of both and those of the bridge; its position is their mean,
/// its degree the sum less two. Nodes keep the raster order of their first pixels, segments their
/// order and walk. Skeleton, components, enclosed holes, faces and the identities of trace() stay;
/// tracing again would undo the merges. `limit_px` <= 0 merges nothing.
/// Sums run in double along the walk: same bytes everywhere. O(V + S), plus sorting the bridges.
/// Throws ShapeError if `squared_distance` has not the graph's shape.
void merge_junctions(ImageView<const std::int32_t> squared_distance,
                     double limit_px,
                     SkeletonGraph& graph);

}  // namespace gftcore
