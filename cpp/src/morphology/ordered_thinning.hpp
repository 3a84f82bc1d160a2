// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/morphology/thinning.hpp"

namespace gftcore {

/// SkeletonMethod::ordered, in place.
void thin_ordered(BitImage& image,
                  std::span<const index_t> anchors,
                  ImageView<const std::int32_t> squared_distance,
                  ThinScratch& scratch);

}  // namespace gftcore
