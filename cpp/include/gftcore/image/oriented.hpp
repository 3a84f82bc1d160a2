// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/image/filter_scratch.hpp"

namespace gftcore {

/// Side of the blocks that stand for the surroundings of a pixel, and the least sigma, in pixels.
inline constexpr index_t kContrastBlock = 4;

/// Throws ValueError unless kContrastBlock <= sigma <= kMaxSigma; `name` names the argument.
void require_broad_sigma(double sigma, const char* name);

/// Contrast to the surroundings, relative to the contrasts found there.
///
/// Let M(x) be the means of x over 4 x 4 blocks (a block that the image does not fill is completed
/// by its mirror image), averaged by a Gaussian of sigma / 4 blocks. With d = image - M(image)
/// enlarged, and w the mean of all block means of d^2, the result is d times the enlarged
/// 1 / sqrt((max(0, M(d^2)) + w) / 2 + 1e-6). Enlarging is resize_cubic(). The spread is local, so
/// that dim regions count as much as bright ones, but half of it is the whole image's, so that
/// noise in a region without vessels stays small. Meant for images in [0, 1]; zeros give zeros.
/// `out` may be `image`. Same bytes on one target; O(H W). Throws ShapeError unless the shapes
/// agree, and as require_broad_sigma().
void relative_contrast(ImageView<const float> image,
                       double sigma,
                       ImageView<float> out,
                       FilterScratch& scratch,
                       Target target = active_target());

/// Factor by which oriented_lines() enlarges for a mask `scale` times as large: 2 if it is even,
/// since half of the mask's resolution holds all that a pixel knows; else the scale itself.
index_t oriented_scale(index_t scale);

/// Contrast and line strength of an image in [0, 1], enlarged by f = oriented_scale(scale).
///
/// With contrast = relative_contrast(), enlarged: a = contrast with the strength of its lines, b =
/// a with the strength of the lines of p, both by add_line_strength() (sigma 0.625 f, step f, gain
/// 3), where p is a mapped from 0.25..0.75 to 0..1 and clipped. Returns b, which lies in the
/// scratch and is good until its next use. Clipping gives a thin vessel and a bright one the same
/// say: the second pass sees where lines go on, not how bright they are. `image` may be `contrast`,
/// the memory of the unscaled contrast. Zeros give zeros. Same bytes on one target; O(f^2 H W).
/// Throws as relative_contrast() and require_scalable().
ImageView<const float> oriented_lines(ImageView<const float> image,
                                      double background_sigma,
                                      index_t scale,
                                      ImageView<float> contrast,
                                      FilterScratch& scratch,
                                      Target target = active_target());

}  // namespace gftcore
