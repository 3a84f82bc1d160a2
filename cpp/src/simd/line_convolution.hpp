// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace gftcore::simd {

inline constexpr std::ptrdiff_t kMaxLineReach = 64;

/// Rows of scratch memory are a multiple of this many floats, a multiple of the widest load.
inline constexpr std::ptrdiff_t kLineWidth = 64;

/// Floats before and behind a row of scratch memory, at least the reach and the step.
inline constexpr std::ptrdiff_t kLineMargin = 64;

/// Lines along the two axes, and three pairs of lines that lean the same way to either side.
inline constexpr int kLinePairs = 3;
inline constexpr int kLineDirections = 2 + 2 * kLinePairs;

/// Lines whose next sample is `down` rows and `right` columns further, to the right or the left.
/// With the Hessian, s = rr_weight * rr + cc_weight * cc + (right: +, left: -) rc_weight * rc is
/// the strength of a bright line at one pixel.
struct LinePair {
  std::ptrdiff_t down;
  std::ptrdiff_t right;
  float rr_weight;
  float cc_weight;
  float rc_weight;
};

/// out = image + the largest, over the directions, of s(x - sample) + 2 s(x) + s(x + sample).
///
/// The Hessian is that of p: the image, or slope * image + offset clipped to [0, 1]. Taps of the
/// Gaussian and its derivatives are given for 0 .. reach; those of `slope_taps` turn their sign on
/// the other side. Image and s are mirrored at the edges (d c b a | a b c d).
struct LineJob {
  const float* image;  // [rows, cols]
  std::ptrdiff_t rows;
  std::ptrdiff_t cols;
  bool clip;
  float slope;
  float offset;
  std::ptrdiff_t reach;
  const float* smooth_taps;
  const float* slope_taps;
  const float* curve_taps;
  std::ptrdiff_t step;  // to the next sample of a line along an axis; no pair goes further
  float axis_weight;    // of rr for lines along rows, of cc for lines along columns
  LinePair pairs[kLinePairs];
  std::ptrdiff_t width;  // cols, rounded up to a multiple of kLineWidth
  // 64-byte aligned, [.., margin + width + margin]:
  float* line;       // one row
  float* across;     // [2 * reach + 1, 3] rows
  float* strengths;  // [2 * step + 1, kLineDirections] rows
  float* out;        // [rows, cols], not the image
};

void add_lines_scalar(const LineJob& job);
void add_lines_avx2(const LineJob& job);
void add_lines_avx512(const LineJob& job);

}  // namespace gftcore::simd
