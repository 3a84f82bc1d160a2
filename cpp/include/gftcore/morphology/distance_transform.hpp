// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/scratch_memory.hpp"

namespace gftcore {

/// What lies outside the image: nothing, or background.
enum class Frame { none, background };

/// The squared distance where there is no background at all.
inline constexpr std::int32_t kNoBackground = std::numeric_limits<std::int32_t>::max();

/// Memory that squared_distance reuses between calls, about 2 bytes a pixel; its content means
/// nothing to the caller.
struct DistanceScratch {
  ScratchMemory vertical;  // the 2 bytes a pixel
  ScratchMemory row;
  ScratchMemory far_row;
  ScratchMemory envelope;
};

/// Exact squared distance (px^2) from the centre of each vessel pixel to the nearest centre of a
/// background pixel.
///
/// Background gives 0. Frame::background also counts every pixel outside the image as background,
/// so that pixel (0, 0) gives at most 1; Frame::none counts none of them, and an image without
/// background then gives kNoBackground everywhere. An empty image is allowed. Same integers for
/// every SIMD target. O(H*W) whatever the image shows, fastest where distances stay below 128 px.
/// Throws ShapeError unless the shapes agree, or for a side longer than kMaxSide.
void squared_distance(const BitImage& vessels,
                      Frame frame,
                      ImageView<std::int32_t> out,
                      DistanceScratch& scratch,
                      Target target = active_target());

}  // namespace gftcore
