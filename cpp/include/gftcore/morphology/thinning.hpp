// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/common/scratch_memory.hpp"

namespace gftcore {

enum class SkeletonMethod : std::uint8_t {
  fast,            ///< Guo-Hall with anchors, then minimal_pass
  ordered,         ///< one pixel at a time, nearest to the background first
  zhang_skimage,   ///< the pixels of scikit-image 0.26 skeletonize(method="zhang")
  zhang_opencv,    ///< the pixels of OpenCV's THINNING_ZHANGSUEN
  guohall_opencv,  ///< the pixels of OpenCV's THINNING_GUOHALL
};

/// True for the methods that reproduce another library pixel by pixel.
constexpr bool is_oracle(SkeletonMethod method) {
  return method != SkeletonMethod::fast && method != SkeletonMethod::ordered;
}

/// Memory that thin() reuses between calls; its content means nothing to the caller.
struct ThinScratch {
  BitImage frozen;
  BitImage other;                     // the second image of a parallel pass
  std::vector<std::uint8_t> active;   // one bit a word, block column by block column
  std::vector<std::uint8_t> changed;  // the last two passes
  std::vector<std::uint8_t> recent;   // either of them, and the rows around
  ScratchMemory order;  // of ordered thinning: its pixels, twice where vessels are wide
};

/// Thin a mask to lines one pixel wide; outside the image is background.
///
/// fast: parallel passes of Guo and Hall (1989) that never delete an anchor, then minimal_pass.
/// ordered: pixels sorted by (squared distance, raster index); sweeps in that order delete each
/// pixel that minimal_pass would, until a sweep deletes nothing. Needs `squared_distance`.
/// Both keep components, enclosed holes and, with the anchors of border_anchors, the faces of the
/// closure; no pixel of the result is redundant.
/// The oracle methods ignore anchors and promise only equality with their library: 2 x 2 squares
/// and borders are as that library leaves them.
///
/// `anchors` are ascending raster indices. An image without pixels or without ones stays as it is.
/// The same pixels for every SIMD target. Passes visit only blocks near recent changes.
/// Throws ShapeError if `ordered` gets a distance of another shape.
void thin(const BitImage& mask,
          SkeletonMethod method,
          std::span<const index_t> anchors,
          ImageView<const std::int32_t> squared_distance,
          BitImage& out,
          ThinScratch& scratch,
          Target target = active_target());

}  // namespace gftcore
