// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "gftcore/morphology/nearest_point.hpp"

namespace gftcore {

/// Decide the pixels of scratch.open_runs that hold simd::kNearestUnknown, from the sites of
/// their own component alone. Uses site_ptr, sites and component_of_point as
/// nearest_point left them; `keys` is free for use. Every component of an open run has a site.
void finish_open_runs(const Labelling& components,
                      std::span<const std::int32_t> point_pixel,
                      ImageView<std::int32_t> out,
                      NearestScratch& scratch);

}  // namespace gftcore
