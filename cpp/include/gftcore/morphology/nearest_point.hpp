// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/scratch_memory.hpp"
#include "gftcore/morphology/label.hpp"

namespace gftcore {

/// Memory that nearest_point reuses between calls; its content means nothing to the caller.
struct NearestScratch {
  // The points on vessels by row, ids ascending in each.
  std::vector<std::int64_t> site_ptr;  // [rows + 2] into the next
  ScratchMemory sites;  // column and tag of each: 2 id + 1 if not of the main component
  std::vector<label_t> component_of_point;  // 0: the point is no site
  std::vector<index_t> area_px;             // [components + 1] in some of the rows
  std::vector<std::uint8_t> has_site;       // [components + 1]
  BitImage foreign;                         // pixels of all components but the main one
  BitImage doubtful;   // pixels nearest to a site of those, or without a known one
  ScratchMemory keys;  // of a band of rows, or the box of a component searched on its own
  std::vector<std::int32_t> open_runs;  // runs with pixels still to be decided
  std::vector<index_t> open_ptr;        // [components + 3] into sorted_runs
  std::vector<std::int32_t> sorted_runs;
  std::vector<index_t> point_ptr;  // [components + 3] into sorted_points
  std::vector<std::int32_t> sorted_points;
  std::vector<index_t> row_ptr;  // of one component
  ScratchMemory envelope;
};

/// For each vessel pixel the id of the nearest point in the pixel's own component: the smallest
/// (squared distance between pixel centres, id).
///
/// `components` are the 8-connected labelled runs of `vessels`. `point_pixel[id]`
/// is a raster index; a point on a background pixel owns nothing, and of several points on one
/// pixel the lowest id counts. -1 on background and in components without points. Same integers
/// for every SIMD target.
///
/// O(H*W) while the points of a component lie within some 60 px of its pixels and other components
/// are no nearer; pixels for which this fails cost more, at most the area of the bounding box of
/// each component that has such pixels. Throws ShapeError unless the shapes agree or for a side
/// longer than kMaxSide, and ValueError for a point outside the image.
void nearest_point(const BitImage& vessels,
                   const Labelling& components,
                   std::span<const std::int32_t> point_pixel,
                   ImageView<std::int32_t> out,
                   NearestScratch& scratch,
                   Target target = active_target());

}  // namespace gftcore
