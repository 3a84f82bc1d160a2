// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore {

/// Pixels where vessels leave the image: the middle one of each run of ones on the frame.
///
/// The frame is walked clockwise from (0, 0); of a maximal cyclic run of n ones, pixel (n - 1) / 2
/// counted from its start is the anchor. None if the frame is all ones or all zeros, or if the
/// image has fewer than 3 rows or columns. Ascending raster indices. O(H + W).
std::vector<index_t> border_anchors(const BitImage& mask);

}  // namespace gftcore
