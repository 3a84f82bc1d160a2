// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore {

/// Memory that count_boxes() reuses.
struct BoxScratch {
  std::vector<BitImage> levels;  // which boxes of one side are occupied, a pixel a box
  std::vector<std::uint64_t> row;
};

/// For each side, in px: the number of boxes of side x side pixels that hold at least one 1.
///
/// Boxes are aligned at (0, 0), so a side must divide both sides of the image. Sides ascend
/// strictly. The same counts on every machine. O(H*W/64 + boxes) per side whose boxes are not
/// made of smaller boxes asked for, and of those boxes otherwise.
///
/// Throws ValueError for a side that is not positive, does not divide the image, or does not
/// ascend; ShapeError for an image without pixels or with a side above kMaxSide.
std::vector<index_t> count_boxes(const BitImage& image,
                                 std::span<const index_t> sides,
                                 BoxScratch& scratch);

}  // namespace gftcore
