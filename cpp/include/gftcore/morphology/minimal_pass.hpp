// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore {

/// Remove what a thin set does not need, in place.
///
/// Sweeps in raster order, until one removes nothing, delete each pixel that is no anchor, has two
/// or more neighbours, and is simple (Yokoi et al., 1975): components and enclosed holes stay, and
/// so do line ends. `anchors` are ascending raster indices. The same pixels everywhere.
/// O(H * W / 64 + ones) for a sweep; later sweeps look only near earlier removals.
void minimal_pass(BitImage& skeleton, std::span<const index_t> anchors);

}  // namespace gftcore
