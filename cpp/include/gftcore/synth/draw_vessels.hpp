// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore {

/// Half-width that is drawn, per radius: that of the published masks.
inline constexpr double kDrawnHalfWidth = 0.9028;

/// A straight vessel in the plane, in fields of view.
struct PlaneVessel {
  double x0, y0;  // one end: row and column are coordinate * side - 1/2
  double x1, y1;  // the other
  double radius;
};

/// Draws vessels with round ends into square images of the field of view.
///
/// With the half-width h = kDrawnHalfWidth * radius * side and a pixel centre's distance d to the
/// nearest point of the vessel: `mask` is 1 where d <= h of any vessel, else 0; `grey` is the
/// largest clamp(h + 1/2 - d, 0, 1). Either image may be empty (no rows); others are square and of
/// one side. Vessels may leave the field and may have no length. With p, a, b the pixel and the
/// ends in pixels (row, col): t = clamp((p - a).(b - a) / |b - a|^2, 0, 1), d^2 = |p - (a + t (b -
/// a))|^2, all in double and in this order, so that the same bytes come out on every machine;
/// `grey` is rounded once. The order of the vessels does not matter. O(pixels near vessels),
/// without scratch memory. Throws ShapeError for other shapes or sides above kMaxSide, ValueError
/// for coordinates that are not finite or beyond +-1e6, or radii that are not positive or above
/// 1e6.
void draw_vessels(std::span<const PlaneVessel> vessels,
                  ImageView<std::uint8_t> mask,
                  ImageView<float> grey);

/// Means of blocks: out(r, c) is the mean of `block` x `block` pixels, summed row by row in double.
/// Throws ShapeError unless `image` is exactly `block` times as large.
void block_means(ImageView<const float> image, index_t block, ImageView<float> out);

}  // namespace gftcore
