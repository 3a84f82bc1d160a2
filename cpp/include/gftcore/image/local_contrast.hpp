// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/image/filter_scratch.hpp"

namespace gftcore {

/// Image minus its Gaussian mean (sigma in pixels of `image`), enlarged by resize_cubic().
///
/// Positive where the image is brighter than its surroundings, 0 on a constant image up to
/// rounding, exactly 0 on zeros. `image` may be `contrast`, the memory of the unscaled difference,
/// which has the shape of the image. Same bytes on one target.
/// Throws as gaussian_mean() and resize_cubic().
void local_contrast(ImageView<const float> image,
                    double sigma,
                    index_t scale,
                    ImageView<float> contrast,
                    ImageView<float> out,
                    FilterScratch& scratch,
                    Target target = active_target());

}  // namespace gftcore
