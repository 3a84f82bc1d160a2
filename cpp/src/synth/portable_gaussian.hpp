// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gftcore/common/image_view.hpp"

namespace gftcore {

/// Gaussian mean of every pixel, in place, with the same bytes on every machine.
///
/// Along rows, then along columns, with taps e^(-t^2 / (2 sigma^2)) for |t| <= ceil(4 sigma),
/// scaled to sum 1; the image is mirrored at its edges (d c b a | a b c d | d c b a) as often as
/// the taps need. Each sum is w0 a0 + w1 (a-1 + a1) + w2 (a-2 + a2) + ..., in this order, in
/// double. `scratch` has the shape of `image`; sigma is positive. O(H W sigma).
void portable_gaussian(ImageView<double> image, double sigma, ImageView<double> scratch);

}  // namespace gftcore
