// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/image/filter_scratch.hpp"

namespace gftcore {

/// Linear map of the image's range to [0, 1]; an image of one value becomes zeros. `out` may be
/// `image`. Throws ValueError for a value that is not finite, naming the first such pixel, and
/// ShapeError unless the shapes agree.
void min_max(ImageView<const float> image, ImageView<float> out);

/// (image - mean) / (sd + epsilon) with the mean and standard deviation of a Gaussian window of
/// `sigma` pixels, mirrored at the edges: variance = max(0, mean of squares - squared mean).
/// Meant for images in [0, 1]. `out` may be `image`. Same bytes on one target; O(H W sigma).
/// Throws as gaussian_mean().
void local_normalise(ImageView<const float> image,
                     double sigma,
                     float epsilon,
                     ImageView<float> out,
                     FilterScratch& scratch,
                     Target target = active_target());

}  // namespace gftcore
