// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/image/filter_scratch.hpp"

namespace gftcore {

/// Strength of bright ridges in the image enlarged by resize_cubic().
///
/// For each sigma (in pixels of `out`) the Hessian is made of separable Gaussian derivatives
/// (gaussian_taps(): order 2 down the rows, 1 and 1, 2 along the columns) times sigma^2; the
/// response is max(0, -its smallest eigenvalue). `out` is the largest response over the sigmas, so
/// never negative; 0 on a constant image up to rounding, exactly 0 on zeros. The enlarged image is
/// mirrored at its edges. float32 with errors below 1e-5 of the largest absolute value of the
/// image; same bytes on one target. Enlargement and smoothing are one filter, so the cost is
/// O(output pixels * (3 sigma / scale)). Throws as require_scalable(), ShapeError unless `out` is
/// scale times as large as `image`, and ValueError for no sigma or one out of range (see
/// gaussian.hpp).
void hessian_ridge(ImageView<const float> image,
                   index_t scale,
                   std::span<const double> sigmas_px,
                   ImageView<float> out,
                   FilterScratch& scratch,
                   Target target = active_target());

}  // namespace gftcore
