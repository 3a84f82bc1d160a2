// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/image/filter_scratch.hpp"

namespace gftcore {

/// Longest step and largest sigma of add_line_strength(), in pixels.
inline constexpr index_t kMaxLineStep = 8;
inline constexpr double kMaxLineSigma = 24.0;

/// Half the length of its taps: ceil(kLineReach * sigma). Short, since the next pixels of a line
/// are looked at anyway, and the taps are exact for polynomials at any length.
inline constexpr double kLineReach = 2.4;

/// Lines are looked for in p: the image or, if `clip`, slope * image + offset clipped to [0, 1].
struct LineOptions {
  double sigma_px = 1.25;
  index_t step_px = 2;
  double gain = 1.0;
  bool clip = false;
  float slope = 1.0F;
  float offset = 0.0F;
};

/// out = image + gain times the strength of bright lines in p.
///
/// For each of eight directions the second derivative of p across it, times -sigma^2 (derivative
/// taps by gaussian_taps()), is averaged over three samples of a line with weights 1/4, 1/2, 1/4;
/// the strength is the largest of the eight averages. It is negative in dark spots, and
/// 0 on a constant p up to rounding. With h = (step_px + 1) / 2 rounded down, the next sample is
/// (0, step_px), (h, step_px), (step_px, step_px) or (step_px, h) pixels down and right, or a
/// quarter turn of these. Both p and the derivatives are mirrored at the edges (d c b a | a b c d).
/// Same bytes on one target; O(H W sigma). Throws ShapeError unless the shapes agree and ValueError
/// for a sigma outside kMinSigma..kMaxLineSigma, a step outside 1..kMaxLineStep, or a gain that is
/// not at least 0. `out` must not be `image`.
void add_line_strength(ImageView<const float> image,
                       const LineOptions& options,
                       ImageView<float> out,
                       FilterScratch& scratch,
                       Target target = active_target());

}  // namespace gftcore
