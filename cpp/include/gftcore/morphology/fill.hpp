// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/morphology/label.hpp"

namespace gftcore {

/// Memory that fill_small reuses between calls; its content means nothing to the caller.
struct FillScratch {
  BitImage background;
  Labelling holes;
  std::vector<index_t> area_px;
};

/// Set to one every 4-connected component of zeros with fewer than `area_px` pixels, also one
/// that touches the image frame. A component that holds a one of `excluded` stays as it is.
///
/// With area_px <= 1 nothing changes; an image of zeros alone is one component. `excluded` may be
/// null. O(H*W/64 + runs). Throws ShapeError unless the shapes agree, or for a side longer than
/// kMaxSide.
void fill_small(BitImage& mask, index_t area_px, const BitImage* excluded, FillScratch& scratch);

}  // namespace gftcore
