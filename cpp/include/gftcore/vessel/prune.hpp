// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/vessel/skeleton_graph.hpp"
#include "gftcore/vessel/trace.hpp"

namespace gftcore {

enum class PruneMethod : std::uint8_t { bulge, length, none };

struct PruneOptions {
  PruneMethod method = PruneMethod::bulge;
  double bulge = 3.0;    ///< smallest bulge that stays
  int max_rounds = 100;  ///< `length` never takes more than two
};

/// Remove leaves that do not stand out from the vessel they grow from, and trace again.
///
/// A leaf is a segment from a node j of kind `junction` to one of kind `end`. Its path runs from
/// j's position over the inner pixels to the tip; its points are the path without j. EDT is the
/// square root of `squared_distance`, at j that of pixel floor(position + 0.5).
///
/// bulge: with R = max(EDT(j), 1), the covered length is the path's length up to and including the
/// first point at a distance >= R from j, or all of it; bulge = (length - covered + EDT(tip)) /
/// max(0.5, mean EDT of the points from that first point on, or of all). Leaves with a bulge below
/// the threshold are candidates. A junction spares those with the largest bulge (equal: the lower
/// segment id): two if no other segment ends there, one if one does. A self-loop ends there twice.
///
/// length: leaves shorter than EDT(j) + 3 go, none is spared.
///
/// The rest loses its inner pixels and tip; the skeleton is made minimal and traced again, until a
/// round removes nothing. With `bulge` the numbers of components, enclosed holes and closure
/// faces stay, and a second call changes nothing (if max_rounds sufficed).
/// Sums run in double from j to the tip: same bytes everywhere. O(H W / 64 + skeleton pixels), and
/// for each round the pixels around what the round before removed.
/// Throws ShapeError if `squared_distance` has not the graph's shape.
void prune(SkeletonGraph& graph,
           ImageView<const std::int32_t> squared_distance,
           const PruneOptions& options,
           TraceScratch& scratch);

/// trace(), then prune(), at the cost of tracing once. `skeleton` and `anchors` may be out's own.
void trace_pruned(const BitImage& skeleton,
                  std::span<const index_t> anchors,
                  ImageView<const std::int32_t> squared_distance,
                  const PruneOptions& options,
                  SkeletonGraph& out,
                  TraceScratch& scratch);

}  // namespace gftcore
