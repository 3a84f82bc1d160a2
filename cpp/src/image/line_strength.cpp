// SPDX-License-Identifier: Apache-2.0
#include "gftcore/image/line_strength.hpp"

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "../simd/line_convolution.hpp"
#include "gftcore/common/checks.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/image/gaussian.hpp"
#include "polyphase_filter.hpp"

namespace gftcore {
namespace {

void require_valid(const LineOptions& options) {
  std::ostringstream message;
  if (!(options.sigma_px >= kMinSigma && options.sigma_px <= kMaxLineSigma)) {
    message << "sigma_px must lie in " << kMinSigma << ".." << kMaxLineSigma << ", got "
            << options.sigma_px;
  } else if (options.step_px < 1 || options.step_px > kMaxLineStep) {
    message << "step_px must lie in 1.." << kMaxLineStep << ", got " << options.step_px;
  } else if (!(options.gain >= 0)) {
    message << "gain must be at least 0, got " << options.gain;
  } else {
    return;
  }
  throw ValueError(message.str());
}

/// Taps of 0 .. reach, times sigma^order, so that a second derivative carries sigma^2.
std::vector<float> half_taps(double sigma, index_t reach, int order) {
  const std::vector<double> taps = gaussian_taps(sigma, order, reach);
  double gain = 1;
  for (int k = 0; k < order; ++k) gain *= sigma;
  std::vector<float> out;
  for (std::size_t t = taps.size() / 2; t < taps.size(); ++t) {
    out.push_back(static_cast<float>(gain * taps[t]));
  }
  return out;
}

/// A line's normal is (right, -down) / length; the strength is minus the derivative along it.
simd::LinePair pair(index_t down, index_t right, double weight) {
  const auto r = static_cast<double>(right);
  const auto d = static_cast<double>(down);
  const double scale = weight / (r * r + d * d);
  return {down,
          right,
          static_cast<float>(scale * r * r),
          static_cast<float>(scale * d * d),
          static_cast<float>(-2 * scale * r * d)};
}

void run(const simd::LineJob& job, Target target) {
#if defined(__x86_64__)
  if (target == Target::avx512) return simd::add_lines_avx512(job);
  if (target == Target::avx2) return simd::add_lines_avx2(job);
#endif
  static_cast<void>(target);
  simd::add_lines_scalar(job);
}

}  // namespace

void add_line_strength(ImageView<const float> image,
                       const LineOptions& options,
                       ImageView<float> out,
                       FilterScratch& scratch,
                       Target target) {
  require_same_shape(image, "image", out, "out");
  require_valid(options);
  if (image.size() == 0) return;
  const auto reach = static_cast<index_t>(std::ceil(kLineReach * options.sigma_px));
  static_assert(kLineReach * kMaxLineSigma <= simd::kMaxLineReach);
  static_assert(simd::kMaxLineReach <= simd::kLineMargin && kMaxLineStep <= simd::kLineMargin);
  const std::vector<float> smooth = half_taps(options.sigma_px, reach, 0);
  const std::vector<float> slope = half_taps(options.sigma_px, reach, 1);
  const std::vector<float> curve = half_taps(options.sigma_px, reach, 2);

  const index_t step = options.step_px;
  const index_t half = (step + 1) / 2;
  const index_t unit = simd::kLineWidth;
  const index_t width = (image.cols() + unit - 1) / unit * unit;
  const index_t row = width + 2 * simd::kLineMargin;
  const index_t across = (2 * reach + 1) * 3;
  const index_t strengths = (2 * step + 1) * simd::kLineDirections;
  scratch.lines.assign(static_cast<std::size_t>((1 + across + strengths) * row + kAlignedFloats),
                       0);
  float* memory = aligned(scratch.lines.data());
  const double weight = -options.gain / 4;  // 4: the sum of the weights 1, 2, 1
  run({.image = image.data(),
       .rows = image.rows(),
       .cols = image.cols(),
       .clip = options.clip,
       .slope = options.slope,
       .offset = options.offset,
       .reach = reach,
       .smooth_taps = smooth.data(),
       .slope_taps = slope.data(),
       .curve_taps = curve.data(),
       .step = step,
       .axis_weight = static_cast<float>(weight),
       .pairs = {pair(half, step, weight), pair(step, step, weight), pair(step, half, weight)},
       .width = width,
       .line = memory,
       .across = memory + row,
       .strengths = memory + (1 + across) * row,
       .out = out.data()},
      target);
}

}  // namespace gftcore
