// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gftcore/common/bit_image.hpp"

namespace gftcore {

/// Memory that open_by_disc() reuses.
struct OpeningScratch {
  BitImage outside;  // what the erosion removes
  BitImage spread[3];
};

/// Open a binary image by the digital disc of squared radius 16: keep the pixels covered by some
/// disc that meets no zero *inside the image*. So the frame does not erode, an image of ones stays
/// as it is, and an image of zeros too. `out` may not be `in`. O(H*W/64).
void open_by_disc(const BitImage& in, BitImage& out, OpeningScratch& scratch);

}  // namespace gftcore
