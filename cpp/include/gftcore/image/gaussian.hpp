// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/image/filter_scratch.hpp"

namespace gftcore {

/// Standard deviations the Gaussian filters accept, in pixels of the image they filter.
inline constexpr double kMinSigma = 0.1;
inline constexpr double kMaxSigma = 256.0;

/// Half the length of a Gaussian's taps: ceil(4 sigma). Throws ValueError for a sigma outside
/// kMinSigma..kMaxSigma; `name` names the argument.
index_t gaussian_reach(double sigma, const char* name = "sigma");

/// Correlation taps t = -reach .. reach of a Gaussian (order 0) or its derivative (1, 2).
///
/// With w the samples of exp(-t^2 / (2 sigma^2)) scaled to sum 1, and m2, m4 their second and
/// fourth moments: order 0 is w; order 1 is t w / m2; order 2 is (t^2 - m2) w * 2 / (m4 - m2^2).
/// So truncation and sampling leave polynomials exact: order 0 keeps constants, order 1 gives 0 on
/// a constant and 1 on x, order 2 gives 0 on a constant and on x, and 1 on x^2 / 2. As sigma
/// falls they become the central differences. Throws ValueError for other orders and sigmas.
std::vector<double> gaussian_taps(double sigma, int order);

/// The same for another reach, at least 1.
std::vector<double> gaussian_taps(double sigma, int order, index_t reach);

/// Gaussian mean of every pixel, the image mirrored at its edges (d c b a | a b c d | d c b a) as
/// often as the taps need. `out` may be `image`. Same bytes on one target; O(H W sigma).
/// Throws ShapeError unless the shapes agree, ValueError for a sigma out of range.
void gaussian_mean(ImageView<const float> image,
                   double sigma,
                   ImageView<float> out,
                   FilterScratch& scratch,
                   Target target = active_target());

}  // namespace gftcore
