// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/intensity.hpp"
#include "gftcore/common/scratch_memory.hpp"
#include "gftcore/vessel/centreline.hpp"
#include "gftcore/vessel/skeleton_graph.hpp"

namespace gftcore {

enum class FeatureMode : std::uint8_t {
  edt,          ///< surface = contour pixels; distance = to the pixel's centre + 1/2
  voreen_slab,  ///< surface = all pixels, as in a volume of one slice; distance = to the centre
  centreline,   ///< no surface columns
};

/// What the mask pixels nearest to a segment's points say about it. Columns of `radii`: mean and
/// population sd, over the points, of the smallest, mean and largest distance to the point's
/// surface pixels, then of the ratio smallest / largest (1 if the largest is 0). Points without
/// surface pixels are skipped.
struct SurfaceFeatures {
  std::vector<double> volume_px;  // [S] assigned pixels
  std::vector<double> radii;      // [S, 8] NaN if no point has a surface pixel
};

/// Memory that surface_features reuses; its content means nothing to the caller.
struct SurfaceScratch {
  struct Accumulator {
    double sum;
    std::int32_t smallest;  // squared
    std::int32_t largest;   // squared
    std::int32_t surface_pixels;
    std::int16_t row;
    std::int16_t col;
  };
  std::vector<Accumulator> points;
  ScratchMemory pixels_of_point;             // [points, 2] to be added up
  std::vector<std::int32_t> cols;            // of one row's pixels
  std::vector<std::array<double, 4>> radii;  // of one segment's points
};

/// `point_of_pixel` holds the nearest point (index into graph.point_pixel) of each mask pixel, or
/// -1. A contour pixel is a mask pixel with a 4-neighbour inside the image that is off. Segments
/// without points have volume 0 and NaN radii; with voreen_slab -1 everywhere. Distances are summed
/// in raster order, then along the segment: same bytes everywhere. O(H W / 64 + mask pixels).
/// Throws ShapeError, and ValueError for the mode `centreline`.
void surface_features(const SkeletonGraph& graph,
                      const BitImage& mask,
                      ImageView<const std::int32_t> point_of_pixel,
                      FeatureMode mode,
                      SurfaceFeatures& out,
                      SurfaceScratch& scratch);

/// Mean, population sd and the linearly interpolated quartiles q25, q75 of the raw image at each
/// segment's points, [S, 4]; NaN without points. Empty if there is no image. Throws ShapeError if
/// the image neither has the graph's shape nor divides both its sides by one integer.
void segment_intensity(const SkeletonGraph& graph,
                       const IntensityView& intensity,
                       std::vector<double>& out);

/// A float64 table with a row for each segment.
struct SegmentTable {
  std::vector<std::string> columns;  // [F]
  std::vector<double> values;        // [S, F] row-major
};

/// The columns row, col, pos_compat_row, pos_compat_col, length, distance, curveness; volume,
/// avgCrossSection, minRadiusAvg, minRadiusStd, avgRadiusAvg, avgRadiusStd, maxRadiusAvg,
/// maxRadiusStd, roundnessAvg, roundnessStd (not with `centreline`); node1_degree, node2_degree,
/// num_voxels, hasNodeAtSampleBorder, radius_mean_px, radius_std_px, radius_min_px, radius_max_px;
/// intensity_mean, intensity_std, intensity_q25, intensity_q75 (with an image only).
///
/// Lengths are in px, areas in px^2. The curveness of a segment whose nodes coincide is NaN, with
/// voreen_slab +inf. avgCrossSection = volume / length; NaN without points, -1 / length with
/// voreen_slab. node1_degree <= node2_degree. `surface` is ignored with `centreline`. `more` names
/// further columns, at the end, whose values the caller writes. Throws as segment_intensity does.
void segment_table(const SkeletonGraph& graph,
                   const Centrelines& lines,
                   FeatureMode mode,
                   const SurfaceFeatures& surface,
                   const IntensityView& intensity,
                   SegmentTable& out,
                   std::span<const char* const> more = {});

}  // namespace gftcore
