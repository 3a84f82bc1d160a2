// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore::vessel {

/// What minimal_pass does to a skeleton that was minimal before the pixels `removed` (raster
/// indices) were cleared, at the cost of looking at their neighbourhoods only. `anchors` ascend.
/// Appends the pixels it clears to `removed`.
void minimal_pass_near(std::vector<std::int32_t>& removed,
                       std::span<const index_t> anchors,
                       BitImage& skeleton);

}  // namespace gftcore::vessel
